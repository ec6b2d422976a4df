"""What every step has around its one call."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from noisebound import steps


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
    monkeypatch.setattr(steps.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    with pytest.raises(SystemExit, match="1"), steps.step(snakemake(tmp_path)):
        raise error
    message = capsys.readouterr().err
    for words in ("output.h5", "the disk is full", str(error), "Remedy: make room"):
        assert words in message and words in (tmp_path / "step.log").read_text(encoding="utf-8")


def test_other_errors_are_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), steps.step(snakemake(tmp_path)):
        raise ZeroDivisionError
