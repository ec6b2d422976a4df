"""What a step prints goes to its log; errors meant for the user also reach the terminal, in one line."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.jobs.log import logger, step_log

LIBRARY = Path(__file__).parents[3] / "workflow" / "lib"


def run_step(tmp_path: Path, body: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a script whose step is ``body``; its result and its log."""
    log = tmp_path / "logs" / "step.log"
    lines = ["import sys, logging", "from noisebound.core.errors import *", "from noisebound.jobs.log import step_log"]
    code = "\n".join([*lines, f"with step_log({str(log)!r}) as log:", *(f"    {line}" for line in body.split("\n"))])
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    return done, log.read_text()


def test_an_input_error_ends_the_script_with_status_1_and_one_line(tmp_path: Path) -> None:
    raised = "InputError('torn', file='a.tif', key='noisy', value=3, remedy='copy it again')"
    done, log = run_step(tmp_path, f"print('reading')\nraise {raised}")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "noisebound: file 'a.tif', key 'noisy', value 3: torn. Remedy: copy it again.\n"
    assert "reading" in log and "ERROR file 'a.tif', key 'noisy', value 3: torn." in log
    assert "Traceback" not in log + done.stderr


def test_an_error_of_several_lines_still_is_one_line_on_the_terminal(tmp_path: Path) -> None:
    done, log = run_step(tmp_path, "raise LeakageError('first\\n  second', remedy='third\\nfourth')")
    assert done.returncode == 1
    assert done.stderr == "noisebound: first second. Remedy: third fourth.\n"
    assert "first\n  second" in log


def test_an_unexpected_error_keeps_its_traceback(tmp_path: Path) -> None:
    done, log = run_step(tmp_path, "1 / 0")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr and "Traceback" in done.stderr
    assert "ZeroDivisionError" in log and "Traceback" in log


def test_everything_printed_goes_to_the_log_only(tmp_path: Path) -> None:
    body = "print('one')\nprint('two', file=sys.stderr)\nlog.info('three %d', 3)\n"
    body += "logging.getLogger('noisebound').info('4')"
    done, log = run_step(tmp_path, body)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [word for word in ("one", "two", "INFO three 3", "INFO 4", "INFO done in") if word not in log] == []


def test_a_second_attempt_adds_to_the_log(tmp_path: Path) -> None:
    run_step(tmp_path, "print('first attempt')")
    assert run_step(tmp_path, "print('second attempt')")[1].count("attempt") == 2


@pytest.mark.parametrize("error", [None, InputError("bad", remedy="good"), OSError("disk")])
def test_streams_and_handlers_are_given_back(tmp_path: Path, error: Exception | None) -> None:
    before = sys.stdout, sys.stderr, list(logger.handlers)
    try:
        with step_log(tmp_path / "a.log"):
            assert sys.stdout is not before[0]
            if error is not None:
                raise error
    except (SystemExit, OSError):
        pass
    assert (sys.stdout, sys.stderr, list(logger.handlers)) == before
    assert logging.getLogger("noisebound") is logger
