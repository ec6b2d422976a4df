"""Dry runs one after the other without starting Python each time: Snakemake is imported once, every plan is a fork."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType

import snakemake.cli

from tests.workflow.project import Jobs, jobs_of

# What reading the workflow takes of the library.
READ = (
    *("jobs.digests", "jobs.import_path", "jobs.memory", "scans.sheet_copy", "scans.source_stamps"),
    *("settings.configuration", "settings.frames", "settings.resources"),
)


def plan(folder: Path) -> Jobs:
    """The jobs that Snakemake would run in a project.

    Raises ``AssertionError`` with Snakemake's output where it refuses to plan.
    """
    library = _library_of(folder)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        child = os.fork()
        if child == 0:
            _dry_run(folder, library, output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read()
    if status:
        raise AssertionError(f"no plan:\n{text[-3000:]}")
    return jobs_of(text)


def _of_library() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == "noisebound"]


@cache
def _library_of(folder: Path) -> dict[str, ModuleType]:
    """The project's own library, imported beside that of the tests; its modules have been parsed for their digests."""
    package = folder / "workflow" / "lib" / "noisebound"
    of_tests = {name: sys.modules.pop(name) for name in _of_library()}
    sys.path.insert(0, str(package.parent))
    try:
        modules = {name: importlib.import_module(f"noisebound.{name}") for name in READ}
        files = [path.relative_to(package).with_suffix("") for path in package.rglob("*.py")]
        modules["jobs.digests"].library_digest(*(".".join(file.parts) for file in files if file.name != "__init__"))
        return {name: sys.modules.pop(name) for name in _of_library()}
    finally:
        sys.path.remove(str(package.parent))
        sys.modules.update(of_tests)


def _dry_run(folder: Path, library: dict[str, ModuleType], output: int) -> None:
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Not those of the test runner, which keep what is written from the file.
        sys.stdout = sys.stderr = open(output, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        # Only what the project itself offers may be imported, as for a user.
        os.environ.pop("PYTHONPATH", None)
        for name in _of_library():
            del sys.modules[name]
        sys.modules.update(library)
        snakemake.cli.main(["--cores", "2", "--configfile", "config.yaml", "--dry-run"])
        code = 0
    except SystemExit as ending:
        code = int(ending.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)
