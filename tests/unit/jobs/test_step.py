"""What every step has around its one call."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from noisebound.core.storage import atomic_path
from noisebound.jobs import step
from noisebound.jobs.output_lock import lock_path


def snakemake(folder: Path) -> SimpleNamespace:
    return SimpleNamespace(
        rule="step",
        log=[str(folder / "step.log")],
        input=[],
        output=[str(folder / "output.h5")],
        params={},
        wildcards={},
        config={"results": str(folder), "run": "run"},
    )


@pytest.mark.parametrize(
    ("error", "free"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 10**9),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 10**9),
        (RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"), 0),
    ],
    ids=["disk", "quota", "torch"],
)
def test_a_full_disk_is_called_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, free: int
) -> None:
    monkeypatch.setattr(step.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    with pytest.raises(SystemExit, match="1"), step.step(snakemake(tmp_path)):
        raise error
    message = capsys.readouterr().err
    for words in ("output.h5", "the disk is full", str(error), "Remedy: make room"):
        assert words in message and words in (tmp_path / "step.log").read_text(encoding="utf-8")


def test_other_errors_are_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), step.step(snakemake(tmp_path)):
        raise ZeroDivisionError


def fork(body: Callable[[], object]) -> int:
    """Run ``body`` in a process of its own, which ends with status 0 where it returns; the number of the process."""
    child = os.fork()
    if child:
        return child
    try:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        body()
        os._exit(0)
    finally:
        os._exit(1)


def write_and_die(folder: Path, beside: list[Path]) -> None:
    """A step that is killed while it writes all its files and its record."""
    with step.step(snakemake(folder), beside), ExitStack() as stack:
        record = next(folder.glob("run/provenance/jobs/step/*.json"))
        for path in (folder / "output.h5", *beside, record):
            stack.enter_context(atomic_path(path)).write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_next_job_removes_what_a_killed_one_left_of_the_same_outputs(tmp_path: Path) -> None:
    beside, other = [tmp_path / "member-0.checkpoint.pt"], tmp_path / ".other.h5.7.part.h5"
    assert os.waitpid(fork(lambda: write_and_die(tmp_path, beside)), 0)[1] == signal.SIGKILL
    other.write_text("of another job")
    assert len(list(tmp_path.rglob(".*.part.*"))) == 4
    claim = lock_path(tmp_path / "output.h5").with_name(f".output.h5.lock.{16 * 'a'}.0")
    claim.write_text("{}")  # of a job that died when it wanted to take over another dead one's place
    with step.step(snakemake(tmp_path), beside):
        assert list(tmp_path.rglob(".*.part.*")) == [other]
    assert {path.name for path in tmp_path.rglob(".*")} == {other.name}


def test_what_a_living_job_writes_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second job of an output waits first, and looks for leftovers once the first has ended."""
    monkeypatch.setattr("noisebound.jobs.output_lock.PAUSE", 0.05)

    def write_slowly() -> None:
        with step.step(snakemake(tmp_path)), atomic_path(tmp_path / "output.h5") as temporary:
            temporary.write_text("whole")
            time.sleep(1)
            assert temporary.exists()

    child = fork(write_slowly)
    while not list(tmp_path.glob(".output.h5.*.part.h5")):
        time.sleep(0.01)
    with step.step(snakemake(tmp_path)):
        assert (tmp_path / "output.h5").read_text() == "whole"
    assert os.waitpid(child, 0)[1] == 0
