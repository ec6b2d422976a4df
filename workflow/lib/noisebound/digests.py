"""Which code and which data a step depends on, as short strings that Snakemake can compare between runs.

Snakemake sees neither an edit of an imported module nor a data file that was replaced by an older one. A rule that
carries these strings in its ``params`` is run again in both cases. Nothing is imported to find out: the modules are
parsed, so that reading the workflow stays fast.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from .errors import InputError

PACKAGE = Path(__file__).resolve().parent


def library_modules(*rooms: str, package: Path = PACKAGE) -> tuple[Path, ...]:
    """Files of the named modules of the package and of all modules of the package that they import, sorted.

    ``rooms`` are module names without the package, for example ``"training"``. Imports inside functions count. The
    package's ``__init__`` counts only where a module imports a name from it. Raises ``InputError`` for no rooms and
    for a room without a file.
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
def library_digest(*rooms: str, extra: Sequence[Path] = (), package: Path = PACKAGE) -> str:
    """SHA-256 over names and contents of :func:`library_modules` and of the ``extra`` files (a tuple of paths).

    A folder among ``extra`` stands for all files below it. Raises ``InputError`` where a file is missing or a folder
    holds none, because a digest of nothing would never change.
    """
    digest = hashlib.sha256()
    for path in library_modules(*rooms, package=package):
        digest.update(_framed(path.name, path))
    for entry in extra:
        files = sorted(p for p in entry.rglob("*") if p.is_file()) if entry.is_dir() else [entry]
        if not files or not files[0].exists():
            raise InputError("no file to compute a digest of", file=entry, remedy="restore it from the project")
        for path in files:
            digest.update(_framed(path.relative_to(entry).as_posix() if entry.is_dir() else path.name, path))
    return digest.hexdigest()


def file_stamp(path: str | Path) -> str:
    """Size in bytes and modification time in nanoseconds of a file: cheap, and different for an older replacement."""
    status = Path(path).stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _framed(name: str, path: Path) -> bytes:
    """Content after its name and length, so that moving bytes from one file to the next changes the digest."""
    content = path.read_bytes()
    return f"{name} {len(content)}\n".encode() + content


def _module_file(package: Path, room: str) -> Path:
    path = package / f"{room.replace('.', '/')}.py"
    if not path.exists():
        raise InputError(
            "the library has no such module",
            file=path,
            key="rooms",
            value=room,
            remedy=f"use one of {', '.join(sorted(p.stem for p in package.glob('*.py')))}",
        )
    return path


def _imports(path: Path, package: Path) -> Iterator[Path]:
    """Files of the modules of the package that one file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.ImportFrom):
            if node.level == 1:
                module = node.module or ""
            elif node.level == 0 and node.module and node.module.split(".")[0] == package.name:
                module = node.module.partition(".")[2]
            else:
                continue
            if module:
                yield _module_file(package, module)
                continue
            for alias in node.names:
                # ``from . import name``: a module of that name, or a name that __init__ defines.
                inside = package / f"{alias.name}.py"
                yield inside if inside.exists() else package / "__init__.py"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top, _, module = alias.name.partition(".")
                if top == package.name:
                    yield _module_file(package, module) if module else package / "__init__.py"
