"""The file that says what a scan was read from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.files.scan_sources import ScanSources


@pytest.mark.parametrize("content", ["[]", "{}", '{"format_version": 2}', '{"format_version": 1, "files": 3}'])
def test_a_file_that_holds_no_sources_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.json.*Remedy"):
        ScanSources.read(tmp_path / "a.json")


def sources(folder: Path, *names: str) -> ScanSources:
    """Of these files, what an ingest would say."""
    files = []
    for name in names:
        (folder / name).write_text(name)
        status = (folder / name).stat()
        entry = {"path": str(folder / name), "size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": name}
        files.append(entry)
    arrays = ({"part": "noisy", "frame": 0, "channel": "Mg", "sha256": "0"},)
    boxes = ({"sha256": "a.tif", "array": "", "lower": [0], "upper": [3]},)
    return ScanSources(("1 2",), tuple(names), tuple(files), 3, arrays, boxes)


def test_it_survives_its_file(tmp_path: Path) -> None:
    written = sources(tmp_path, "a.tif", "µ b.tif")
    written.write(tmp_path / "a.json")
    assert ScanSources.read(tmp_path / "a.json") == written


def test_it_is_current_while_files_and_names_stay(tmp_path: Path) -> None:
    found = sources(tmp_path, "a.tif", "b.tif")
    assert found.is_current(["a.tif", "b.tif"])
    assert not found.is_current(["b.tif", "a.tif"]) and not found.is_current(["a.tif"])
    os.utime(tmp_path / "b.tif", ns=(5, 5))
    assert not found.is_current(["a.tif", "b.tif"])


@pytest.mark.parametrize("change", ["longer", "gone"])
def test_it_is_not_current_where_a_file_is_another_or_none(tmp_path: Path, change: str) -> None:
    found = sources(tmp_path, "a.tif")
    before = (tmp_path / "a.tif").stat().st_mtime_ns
    if change == "gone":
        (tmp_path / "a.tif").unlink()
    else:
        (tmp_path / "a.tif").write_text("more of it")
        os.utime(tmp_path / "a.tif", ns=(before, before))
    assert not found.is_current(["a.tif"])
