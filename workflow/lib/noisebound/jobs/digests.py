"""Which code a step depends on, as a short text that Snakemake can compare between runs.

Snakemake does not see that an imported module was edited. So a rule has :func:`library_digest` among its ``params``,
and its jobs run again when the digest changes. Comments, docstrings and layout do not enter the digest: editing them
does not make any job run again. Modules are parsed, not imported, so that reading the workflow stays fast.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from ..core.errors import InputError

PACKAGE = Path(__file__).resolve().parent.parent


def library_modules(*rooms: str, package: Path = PACKAGE) -> tuple[Path, ...]:
    """Find the files of some modules and of all modules of the package that they import.

    Parameters
    ----------
    rooms
        Modules without the name of the package, for example ``"training"`` or ``"networks.engine"``.
    package
        Folder of the package.

    Returns
    -------
    tuple of Path
        The files, sorted. Imports inside functions count. The ``__init__`` of a package counts only if a name is
        imported from it.

    Raises
    ------
    InputError
        If no module is named, or a module or one of its imports from the package does not exist.
    """
    if not rooms:
        raise InputError(
            "no module of the library was named", key="rooms", remedy="name the modules that the step uses"
        )
    found: set[Path] = set()
    waiting = [_module_file(package, room) for room in rooms]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imports(path, package))
    return tuple(sorted(found))


@cache
def library_digest(*rooms: str, extra: Sequence[Path] = (), script: Path | None = None, package: Path = PACKAGE) -> str:
    """Compute the digest of the code that a step runs.

    Parameters
    ----------
    rooms
        Modules of the library that the step's script imports. The modules that they import count too.
    extra
        Further files of the step, such as page templates. A folder stands for all files below it.
    script
        The script of the step. Snakemake compares scripts by their time of change, which differs in every clone.
    package
        Folder of the library.

    Returns
    -------
    str
        ``"<rooms> <folders>: <SHA-256>"``, from which :func:`check_code` can compute the digest again. If there are
        files outside of the package, their SHA-256 follows.

    Raises
    ------
    InputError
        If a file is missing or a folder holds none, since a digest of nothing would never change.
    """
    inside = [entry for entry in extra if entry.is_relative_to(package)]
    outside = [entry for entry in extra if not entry.is_relative_to(package)]
    if script is not None:
        outside.append(script)
    folders = [f"{entry.relative_to(package).as_posix()}/" for entry in inside]
    digests = [_digest([*_modules_in_parts(rooms, package), *_files_in_parts(inside)])]
    if outside:
        digests.append(_digest(_files_in_parts(outside)))
    return f"{' '.join([*rooms, *folders])}: {' '.join(digests)}"


def check_code(code: str, package: Path = PACKAGE) -> None:
    """Check that this process imports the code that the workflow computed a digest of.

    Parameters
    ----------
    code
        The text of :func:`library_digest`, as the workflow computed it.
    package
        Folder of the library that this process imports.

    Raises
    ------
    InputError
        If ``package`` holds other code.
    """
    names, _, digests = code.partition(": ")
    rooms = [name for name in names.split() if not name.endswith("/")]
    folders = [package / name for name in names.split() if name.endswith("/")]
    try:
        here = _digest([*_modules_in_parts(rooms, package), *_files_in_parts(folders)])
    except InputError as error:
        here = str(error)
    if here != digests.split()[0]:
        raise InputError(
            "this step imported another noisebound than that of the workflow, or the workflow's files were changed "
            "while it started",
            file=package,
            key="code",
            value=code,
            remedy="start the same command again; if that does not help, remove the other noisebound from PYTHONPATH, "
            "from the environment or from the image of this step",
        )


def _modules_in_parts(rooms: Iterable[str], package: Path) -> Iterator[tuple[str, bytes]]:
    for path in library_modules(*rooms, package=package):
        yield path.relative_to(package).as_posix(), meaning(path.read_bytes())


def _files_in_parts(entries: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file; of a Python file, what it means."""
    for entry in entries:
        # Editors leave hidden files and copies beside those that they edit.
        files = [p for p in sorted(entry.rglob("*")) if p.is_file() and p.name[0] not in ".#" and p.name[-1] != "~"]
        files = files if entry.is_dir() else [entry]
        if not files or not files[0].exists():
            raise InputError("no file to compute a digest of", file=entry, remedy="restore it from the project")
        for path in files:
            name = path.relative_to(entry).as_posix() if entry.is_dir() else path.name
            yield name, meaning(path.read_bytes()) if path.suffix == ".py" else path.read_bytes()


def _digest(parts: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, content in parts:
        # Name and length are digested too, so that moving bytes from one file to the next changes the digest.
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@cache
def _parse(source: bytes) -> ast.Module:
    return ast.parse(source)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements, at any depth; expressions, which hold no import, are passed over."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting.extend(getattr(node, field, ()))


@cache
def meaning(source: bytes) -> bytes:
    """Reduce Python source to what it does: its syntax tree as text, without docstrings and comments.

    The text is the same under every version of Python that the library supports, because a step in a container may run
    under another version than the workflow.

    Parameters
    ----------
    source
        Python source.

    Returns
    -------
    bytes
        The text in UTF-8.

    Raises
    ------
    SyntaxError
        If the source is not Python.
    """
    words: list[str] = []
    _describe(_parse(source), words)
    return "\n".join(words).encode("utf-8", "surrogatepass")


def _describe(node: object, words: list[str]) -> None:
    if isinstance(node, ast.AST):
        words.append(type(node).__name__)
        for field in node._fields:
            value = getattr(node, field, None)
            # Versions of Python differ in which empty fields and empty parts of f-strings their nodes have.
            if isinstance(node, ast.JoinedStr):
                value = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
            if value == [] or (value is None and not (isinstance(node, ast.Constant) and field == "value")):
                continue
            if field == "body" and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                value = node.body[1:] if _is_docstring(node.body[0]) else node.body
            words.append(f".{field}")
            _describe(value, words)
        words.append(")")
    elif isinstance(node, list):
        words.append(f"[{len(node)}")
        for entry in node:
            _describe(entry, words)
    elif isinstance(node, str):
        words.append(f"'{len(node)} {node}")
    else:
        words.append(repr(node))


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _module_file(package: Path, module: str) -> Path:
    """File of a module of the package, or of a package in it; ``module`` has dots and lacks the package's name."""
    path = package / f"{module.replace('.', '/')}.py"
    inside = package / module.replace(".", "/") / "__init__.py"
    if path.exists() or inside.exists():
        return path if path.exists() else inside
    known = sorted(p.relative_to(package).with_suffix("").as_posix().replace("/", ".") for p in package.rglob("*.py"))
    raise InputError(
        "the library has no such module",
        file=path,
        key="rooms",
        value=module,
        remedy=f"use one of {', '.join(known)}",
    )


def _imports(path: Path, package: Path) -> Iterator[Path]:
    """Files of the modules of the package that one file imports, anywhere in it, at every level of packages."""
    here = path.relative_to(package).parent.parts
    for module, names in _import_statements(path.read_bytes(), here, package.name):
        if not names:
            yield _module_file(package, module) if module else package / "__init__.py"
            continue
        for name in names:
            # ``from .room import name``: a module of that name, or a name that ``room`` defines.
            below = ".".join(part for part in (module, name) if part)
            place = package / below.replace(".", "/")
            if place.with_name(f"{place.name}.py").exists() or (place / "__init__.py").exists():
                yield _module_file(package, below)
            else:
                yield _module_file(package, module) if module else package / "__init__.py"


@cache
def _import_statements(source: bytes, here: tuple[str, ...], package: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a file in the folder ``here`` of the package imports from it: module, and the names taken from it."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for node in _statements(_parse(source)):
        if isinstance(node, ast.ImportFrom):
            if node.level > len(here) + 1:
                raise InputError(
                    f"an import {node.level} levels up leaves the package",
                    key="import",
                    value=node.module,
                    remedy="import from the package alone",
                )
            if node.level:
                above = here[: len(here) - (node.level - 1)]
                module = ".".join([*above, *([node.module] if node.module else [])])
            elif node.module and node.module.split(".")[0] == package:
                module = node.module.partition(".")[2]
            else:
                continue
            found.append((module, tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top, _, module = alias.name.partition(".")
                if top == package:
                    found.append((module, ()))
    return tuple(found)
