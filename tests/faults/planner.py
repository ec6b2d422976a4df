"""Dry runs one after the other without starting Python each time: Snakemake is imported once, every plan is a fork."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

import snakemake.cli

from tests.workflow.project import Jobs, jobs_of


def plan(folder: Path) -> Jobs:
    """The jobs that Snakemake would run in a project.

    Raises ``AssertionError`` with Snakemake's output where it refuses to plan.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        child = os.fork()
        if child == 0:
            _dry_run(folder, output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read()
    if status:
        raise AssertionError(f"no plan:\n{text[-3000:]}")
    return jobs_of(text)


def _dry_run(folder: Path, output: int) -> None:
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Not those of the test runner, which keep what is written from the file.
        sys.stdout = sys.stderr = open(output, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        # Only what the project itself offers may be imported, as for a user.
        os.environ.pop("PYTHONPATH", None)
        for module in [name for name in sys.modules if name.partition(".")[0] == "noisebound"]:
            del sys.modules[module]
        snakemake.cli.main(["--cores", "2", "--configfile", "config.yaml", "--dry-run"])
        code = 0
    except SystemExit as ending:
        code = int(ending.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)
