"""A frame that a scan does not have is refused before anything runs, with as little reading as can be."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError
from noisebound.scans.sheet_row import SheetRow
from noisebound.settings import frames
from noisebound.settings.frames import check_frame


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def image(path: Path, count: int) -> str:
    tifffile.imwrite(path, np.zeros((count, 6, 7), "uint16"), metadata={"axes": "TYX"}, photometric="minisblack")
    return path.name


def settings(frame: int, simulated: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "run": "r",
        "results": "out",
        "ensemble": {"frame": frame},
        "simulation": {"scans": [{"scan": scan} for scan in simulated]},
    }


def stored(work: Path, scan: str, content: Any) -> None:
    path = work / "out" / "r" / "scans" / f"{scan}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def test_files_are_counted_together(work: Path) -> None:
    rows = {"a": SheetRow("a", "train", (image(work / "1.tif", 3), image(work / "2.tif", 2)))}
    check_frame(rows, settings(4), "run.yaml")
    with pytest.raises(InputError) as raised:
        check_frame(rows, settings(5), "run.yaml")
    for word in (
        "run.yaml",
        "'ensemble.frame'",
        "value 5",
        "'a'",
        "5 frames, numbered from 0",
        "Remedy: give 4 or less",
    ):
        assert word in str(raised.value)


def test_every_scan_counts(work: Path) -> None:
    rows = {
        name: SheetRow(name, "apply", (image(work / f"{name}.tif", count),)) for name, count in (("a", 5), ("b", 2))
    }
    check_frame(rows, settings(1), "run.yaml")
    with pytest.raises(InputError, match="'b' has 2 frames"):
        check_frame(rows, settings(2), "run.yaml")


def test_what_the_ingest_found_is_believed_without_reading(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"a": SheetRow("a", "apply", (image(work / "a.tif", 3),))}
    stored(work, "a", {"frames": 3})
    with monkeypatch.context() as patched:
        patched.setattr(frames, "_measured", lambda row: pytest.fail("the files were read"))
        check_frame(rows, settings(2), "run.yaml")
        check_frame(rows, settings(0), "run.yaml")
    with pytest.raises(InputError, match="3 frames"):
        check_frame(rows, settings(3), "run.yaml")


def test_a_file_that_has_more_frames_than_at_the_ingest_is_read_again(work: Path) -> None:
    rows = {"a": SheetRow("a", "apply", (image(work / "a.tif", 9),))}
    stored(work, "a", {"frames": 3})
    check_frame(rows, settings(5), "run.yaml")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"frames": "three"}', '{"frames": null}'])
def test_a_torn_note_of_the_ingest_is_no_note(work: Path, content: str) -> None:
    rows = {"a": SheetRow("a", "apply", (image(work / "a.tif", 2),))}
    stored(work, "a", content)
    check_frame(rows, settings(1), "run.yaml")
    with pytest.raises(InputError, match="2 frames"):
        check_frame(rows, settings(2), "run.yaml")


def test_a_simulated_scan_has_one_frame() -> None:
    rows = {"a": SheetRow("a", "train", ("out/r/simulated/a.h5:/noisy",))}
    check_frame(rows, settings(0, ("a",)), "run.yaml")
    with pytest.raises(InputError, match=r"1 frame, numbered from 0.*Remedy: give 0"):
        check_frame(rows, settings(1, ("a",)), "run.yaml")


def test_files_that_cannot_be_read_are_left_to_the_ingest(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "torn.tif").write_bytes(b"II*\0")
    check_frame({"a": SheetRow("a", "apply", ("torn.tif",))}, settings(7), "run.yaml")
    # As in an environment that holds Snakemake alone.
    rows = {"a": SheetRow("a", "apply", (image(work / "a.tif", 2),))}
    monkeypatch.setitem(sys.modules, "noisebound.scans.readers", None)
    check_frame(rows, settings(7), "run.yaml")
