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


class Results:
    """Scans and members of a run, and what Snakemake remembers of them."""

    def __init__(self, folder: Path, ingest: str, training: str) -> None:
        self.params: dict[str, list[str]] = {}
        self.scans = [self.add(folder / f"{scan}.h5", ingest) for scan in "ab"]
        self.members = [self.add(folder / f"member-{number}.pt", training) for number in (0, 1)]

    def add(self, path: Path, code: str) -> str:
        path.touch()
        self.params[str(path)] = sorted([repr(code), repr({"steps": 3}), "3"])
        return str(path)

    def only_reading_changed(self) -> bool:
        return only_reading_changed(self.params.get, self.scans, self.members, ingest=NOW, training=TRAINED)


@pytest.mark.parametrize(
    ("ingest", "training", "expected"),
    [(OLD, TRAINED, True), (NOW, TRAINED, False), (OLD, TRAINED_BEFORE, False), (NOW, TRAINED_BEFORE, False)],
)
def test_scans_come_first_where_reading_alone_has_changed(
    tmp_path: Path, ingest: str, training: str, expected: bool
) -> None:
    assert Results(tmp_path, ingest, training).only_reading_changed() is expected


def test_one_scan_read_by_older_code_is_enough(tmp_path: Path) -> None:
    results = Results(tmp_path, NOW, TRAINED)
    results.scans.append(results.add(tmp_path / "c.h5", OLD))
    assert results.only_reading_changed()
    Path(results.scans[-1]).unlink()
    assert not results.only_reading_changed(), "a scan that is not there is ingested in any case"


def test_networks_that_would_be_trained_in_any_case_are_planned_at_once(tmp_path: Path) -> None:
    results = Results(tmp_path, OLD, TRAINED)
    del results.params[results.members[0]]
    assert not results.only_reading_changed(), "nobody knows what the member was trained with"
    results = Results(tmp_path, OLD, TRAINED)
    Path(results.members[0]).unlink()
    assert not results.only_reading_changed()


def test_a_scan_of_which_snakemake_remembers_nothing_says_nothing(tmp_path: Path) -> None:
    results = Results(tmp_path, NOW, TRAINED)
    results.params.pop(results.scans[0])
    assert not results.only_reading_changed()


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
