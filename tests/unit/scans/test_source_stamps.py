"""A scan is read again when, and only when, a file that it was read from holds something else."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from noisebound.scans import source_stamps
from noisebound.scans.source_stamps import VARIABLE, file_stamp, stamps_of_run, stamps_of_sources


@pytest.fixture(autouse=True)
def forget() -> None:
    source_stamps._content.cache_clear()


def ingested(folder: Path, planned: list[str], *files: Path) -> Path:
    """The sidecar that an ingest of these files leaves."""
    entries = []
    for file in files:
        status = file.stat()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        entries.append({"path": str(file), "size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": digest})
    sidecar = folder / "scan.json"
    sidecar.write_text(json.dumps({"planned": planned, "files": entries}))
    return sidecar


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file of the sheet, and one that it links to."""
    master, linked = tmp_path / "master.h5", tmp_path / "linked.h5"
    master.write_bytes(b"master")
    linked.write_bytes(b"linked")
    return master, linked


def test_stamp_tells_an_older_replacement_of_equal_size(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    file.write_bytes(b"1234")
    os.utime(file, ns=(2_000_000_000, 2_000_000_000))
    before = file_stamp(file)
    assert file_stamp(file) == before
    os.utime(file, ns=(1_000_000_000, 1_000_000_000))
    assert file_stamp(file) != before


def test_what_was_planned_stays_while_contents_stay(tmp_path: Path, files: tuple[Path, Path]) -> None:
    master, linked = files
    before = stamps_of_sources([str(master)], tmp_path / "none.json")
    sidecar = ingested(tmp_path, before, master, linked)
    assert stamps_of_sources([str(master)], sidecar) == before
    os.utime(master)
    os.utime(linked, ns=(5, 5))
    assert stamps_of_sources([str(master)], sidecar) == before


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("content", [b"MASTER", b"longer than before"])
def test_other_content_is_seen_also_behind_a_link(
    tmp_path: Path, files: tuple[Path, Path], which: int, content: bytes
) -> None:
    before = stamps_of_sources([str(files[0])], tmp_path / "none.json")
    sidecar = ingested(tmp_path, before, *files)
    files[which].write_bytes(content)
    os.utime(files[which], ns=(7, 7))
    after = stamps_of_sources([str(files[0])], sidecar)
    assert after != before
    # After another ingest nothing more is to be done.
    assert stamps_of_sources([str(files[0])], ingested(tmp_path, after, *files)) == after


def test_a_linked_file_that_is_gone_is_a_change(tmp_path: Path, files: tuple[Path, Path]) -> None:
    before = stamps_of_sources([str(files[0])], tmp_path / "none.json")
    sidecar = ingested(tmp_path, before, *files)
    files[1].unlink()
    assert stamps_of_sources([str(files[0])], sidecar) != before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"planned": [], "files": [{}]}', '{"planned": 1, "files": []}'])
def test_a_torn_sidecar_is_none(tmp_path: Path, files: tuple[Path, Path], text: str) -> None:
    sidecar = tmp_path / "scan.json"
    sidecar.write_text(text)
    assert stamps_of_sources([str(files[0])], sidecar) == [file_stamp(files[0])]


def test_a_touched_file_is_read_once(tmp_path: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every parse of the workflow asks, and files are large."""
    sidecar, memory = ingested(tmp_path, ["planned"], *files), tmp_path / "memory.json"
    os.utime(files[0], ns=(9, 9))
    assert stamps_of_sources([str(files[0])], sidecar, memory) == ["planned"]
    source_stamps._content.cache_clear()  # as in another process
    monkeypatch.setattr(source_stamps, "sha256_file", lambda path: pytest.fail(f"{path} is read again"))
    assert stamps_of_sources([str(files[0])], sidecar, memory) == ["planned"]


@pytest.mark.parametrize("text", ["", "[1]", '{"a": 1}', '{"PATH": []}', '{"PATH": "x"}', '{"PATH": [1]}'])
def test_a_torn_memory_costs_no_more_than_reading_again(tmp_path: Path, files: tuple[Path, Path], text: str) -> None:
    sidecar, memory = ingested(tmp_path, ["planned"], *files), tmp_path / "memory.json"
    memory.write_text(text.replace("PATH", os.path.realpath(files[0])))
    os.utime(files[0], ns=(9, 9))
    assert stamps_of_sources([str(files[0])], sidecar, memory) == ["planned"]


def test_jobs_see_the_stamps_that_were_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the sidecar is gone by then, as it is where a scan is ingested again."""
    monkeypatch.setenv(VARIABLE, "left over from another run")
    planned = stamps_of_run(lambda: {"a": ["planned"]}, tmp_path, started_by_user=True)
    assert planned == {"a": ["planned"]}
    assert stamps_of_run(lambda: {"a": ["other"]}, tmp_path, started_by_user=False) == planned
    monkeypatch.delenv(VARIABLE)
    assert stamps_of_run(lambda: {"a": ["other"]}, tmp_path, started_by_user=False) == {"a": ["other"]}


def test_another_file_in_the_sheet_is_another_stamp(tmp_path: Path, files: tuple[Path, Path]) -> None:
    before = stamps_of_sources([str(files[0])], tmp_path / "none.json")
    sidecar = ingested(tmp_path, before, files[0])
    assert stamps_of_sources([str(files[1])], sidecar) != before
