"""When scans are read again before all else, and what stays as old as it was."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from noisebound.core.storage import sha256_file
from noisebound.jobs.read_again import (
    VARIABLE,
    keep_times,
    only_reading_changed,
    same_command,
    written_by_ingest,
)

NOW, OLD = "scans.ingest_scan: 12 34", "scans.ingest_scan: 56 34"
TRAINED, TRAINED_BEFORE = "training.train_member: 78 90", "training.train_member: 11 90"


def record(folder: Path, rule: str, wildcards: dict[str, str], code: str, end: str = "2", **more: Any) -> None:
    path = folder / rule / f"{'-'.join(wildcards.values())}.{random.Random(end + code).getrandbits(40):012x}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"wildcards": wildcards, "state": "finished", "end": end, "params": [repr(code), "3"], "outputs": []}
    path.write_text(json.dumps(content | more), encoding="utf-8")


def finished_run(folder: Path, ingest: str, training: str) -> None:
    for scan in ("a", "b"):
        record(folder, "ingest_scan", {"scan": scan}, ingest)
    for member in ("0", "1"):
        record(folder, "train_member", {"member": member}, training)


@pytest.mark.parametrize(
    ("ingest", "training", "expected"),
    [(OLD, TRAINED, True), (NOW, TRAINED, False), (OLD, TRAINED_BEFORE, False), (NOW, TRAINED_BEFORE, False)],
)
def test_scans_come_first_where_reading_alone_has_changed(
    tmp_path: Path, ingest: str, training: str, expected: bool
) -> None:
    finished_run(tmp_path, ingest, training)
    assert only_reading_changed(tmp_path, ["a", "b"], NOW, TRAINED) is expected


def test_a_run_without_records_is_planned_as_a_whole(tmp_path: Path) -> None:
    assert not only_reading_changed(tmp_path, ["a"], NOW, TRAINED)
    record(tmp_path, "ingest_scan", {"scan": "a"}, OLD)
    assert not only_reading_changed(tmp_path, ["a"], NOW, TRAINED), "nobody knows what the members were trained with"
    (tmp_path / "train_member").mkdir()
    (tmp_path / "train_member" / "0.0123456789ab.json").write_text("{torn", encoding="utf-8")
    assert not only_reading_changed(tmp_path, ["a"], NOW, TRAINED)


def test_one_scan_read_by_older_code_is_enough(tmp_path: Path) -> None:
    finished_run(tmp_path, NOW, TRAINED)
    record(tmp_path, "ingest_scan", {"scan": "c"}, OLD)
    assert only_reading_changed(tmp_path, ["a", "b", "c"], NOW, TRAINED)
    assert not only_reading_changed(tmp_path, ["a", "b"], NOW, TRAINED), "a scan that left the sheet says nothing"


def test_the_last_finished_job_counts(tmp_path: Path) -> None:
    finished_run(tmp_path, NOW, TRAINED)
    record(tmp_path, "ingest_scan", {"scan": "a"}, OLD, end="1")
    record(tmp_path, "ingest_scan", {"scan": "a"}, OLD, end="3", state="failed")
    assert not only_reading_changed(tmp_path, ["a", "b"], NOW, TRAINED)
    record(tmp_path, "ingest_scan", {"scan": "a"}, OLD, end="3")
    assert only_reading_changed(tmp_path, ["a", "b"], NOW, TRAINED)


def test_equal_files_stay_as_old_as_they_were(tmp_path: Path) -> None:
    files = {scan: tmp_path / f"{scan}.h5" for scan in ("a", "b", "gone")}

    def write(scan: str, content: bytes, time: int, end: str) -> None:
        files[scan].write_bytes(content)
        os.utime(files[scan], ns=(time, time))
        outputs = [{"path": str(files[scan]), "sha256": sha256_file(files[scan])}]
        record(tmp_path / "jobs", "ingest_scan", {"scan": scan}, OLD, end=end, outputs=outputs)

    for scan in files:
        write(scan, b"pixels", 10**18, "1")
    before = written_by_ingest(tmp_path / "jobs", ["a", "b", "gone"])
    assert set(before) == {"a", "b", "gone"}
    write("a", b"pixels", 2 * 10**18, "2")
    write("b", b"other pixels", 2 * 10**18, "2")
    files["gone"].unlink()
    after = written_by_ingest(tmp_path / "jobs", ["a", "b", "gone"])
    assert keep_times(before, after) == ["b"]
    assert [files[scan].stat().st_mtime_ns for scan in ("a", "b")] == [10**18, 2 * 10**18]


def test_a_scan_that_is_new_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "new.h5"
    file.write_bytes(b"pixels")
    outputs = [{"path": str(file), "sha256": sha256_file(file)}]
    record(tmp_path / "jobs", "ingest_scan", {"scan": "new"}, NOW, outputs=outputs)
    assert keep_times({}, written_by_ingest(tmp_path / "jobs", ["new"])) == ["new"]
    assert written_by_ingest(tmp_path / "jobs", ["other"]) == {}


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (["python3", "/opt/bin/snakemake", "--cores", "2"], True),
        (["python3", "-m", "snakemake", "--cores", "2"], True),
        (["python3", "-X", "dev", "-m", "snakemake"], True),
        (["python3", "notebook.py", "--cores", "2"], False),
        (["python3"], False),
    ],
)
def test_only_the_command_of_snakemake_is_started_again(arguments: list[str], again: bool) -> None:
    environment: dict[str, str] = {}
    command = same_command(arguments, environment)
    assert (command is not None) is again
    if command is not None:
        assert command[1][1:] == arguments[1:]
    assert environment == {VARIABLE: "1"}, "the second part never starts a third"
