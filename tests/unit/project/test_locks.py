"""What `make demo` installs is named with version and digest, and no further index is ever searched for all of it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.software import ROOT, pins

FILES = ("build", "locked", "torch", "cuda")


def entries(name: str) -> dict[str, tuple[str, list[str]]]:
    """Package to version and digests, as a file of ``requirements/`` pins them."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    found = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        match = re.match(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", block)
        assert match is not None, block
        digests = re.findall(r"--hash=sha256:([0-9a-f]{64})(?![0-9a-f])", block)
        assert block.count("--hash") == len(digests)
        found[canonicalize_name(match[1])] = (match[2], digests)
    return found


LOCKED = {package: entry for name in FILES for package, entry in entries(name).items()}


def needed(package: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Names of the package and of all that it requires here, as the installed distributions say."""
    found: set[str] = set()
    waiting = [(canonicalize_name(package), extras)]
    seen = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        found.add(name)
        try:
            texts = requires(name) or []
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, texts):
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *wanted)):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def test_everything_that_a_run_needs_is_pinned_with_a_digest() -> None:
    lines = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").splitlines()
    direct = [Requirement(line) for line in lines if line and not line.startswith("#")]
    closure = set().union(*(needed(entry.name, frozenset(entry.extras)) for entry in direct))
    assert len(closure) > 60
    assert not {name for name in closure if not LOCKED.get(name, ("", []))[1]}


def test_versions_are_those_of_the_constraints() -> None:
    for name, version in (pins("run.txt") | pins("constraints.txt")).items():
        if canonicalize_name(name) in LOCKED:
            assert LOCKED[canonicalize_name(name)][0] == version, name
    assert set(map(canonicalize_name, pins("run.txt"))) <= set(LOCKED)


def test_pytorch_and_what_only_its_cuda_build_needs_stand_apart() -> None:
    assert set(entries("torch")) == {"torch"} and set(entries("build")) == {"setuptools"}
    assert all(re.fullmatch(r"(nvidia|cuda)-.*|triton", name) for name in entries("cuda"))
    assert not set(entries("locked")) & (set(entries("cuda")) | {"torch", "setuptools"})


def commands(*settings: str) -> list[list[str]]:
    """The commands of pip with which make would install what a run needs."""
    program = shutil.which("make")
    assert program is not None
    command = [program, "--dry-run", "--always-make", "--no-print-directory", ".venv/.run-installed", *settings]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    parts = re.split(r"\n|\|\||;", text.replace("\\\n", " "))
    return [shlex.split(part) for part in parts if "-m pip install" in part]


@pytest.mark.parametrize("settings", [(), ("TORCH_INDEX=https://elsewhere.invalid/cpu",)])
def test_pip_is_told_to_check_every_digest(settings: tuple[str, ...]) -> None:
    found = commands(*settings)
    named = [word for words in found for word in words if word.startswith("requirements/")]
    assert list(dict.fromkeys(named)) == [f"requirements/{name}.txt" for name in FILES]
    for words in found:
        assert "--extra-index-url" not in words and "--no-deps" in words
        assert "--require-hashes" in words or words[-2:] == ["--editable", "."]


def test_the_index_of_pytorch_is_asked_for_pytorch_alone() -> None:
    index = "https://elsewhere.invalid/cpu"
    (words,) = [words for words in commands(f"TORCH_INDEX={index}") if index in words]
    assert words[words.index("--index-url") + 1] == index
    assert "--no-deps" in words and "--require-hashes" in words
    assert [word for word in words if word.startswith("requirements/")] == ["requirements/torch.txt"]


def test_pip_refuses_a_package_whose_digest_is_another(tmp_path: Path) -> None:
    """The files say so to pip, whatever an index serves."""
    wheel = tmp_path / "arcp-0.2.1-py2.py3-none-any.whl"
    wheel.write_bytes(b"not what was released")
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps", "--no-index", "--quiet"]
    listed = tmp_path / "one.txt"
    version, digests = LOCKED["arcp"]
    listed.write_text(f"arcp=={version} " + " ".join(f"--hash=sha256:{digest}" for digest in digests))
    done = subprocess.run(
        [*command, "--find-links", str(tmp_path), "--dest", str(tmp_path / "to"), "--requirement", str(listed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0 and "DO NOT MATCH THE HASHES" in done.stderr


def test_no_page_tells_users_to_add_an_index() -> None:
    pages = [ROOT / "README.md", ROOT / "Makefile", ROOT / "containers" / "build.py"]
    pages += [*(ROOT / "docs").glob("*.md"), *(ROOT / "containers").glob("*.def"), *(ROOT / "requirements").glob("*")]
    pages += [ROOT / "config" / "README.md", ROOT / "benchmarks" / "README.md"]
    assert not [page.name for page in pages if page.is_file() and "extra-index-url" in page.read_text(encoding="utf-8")]
