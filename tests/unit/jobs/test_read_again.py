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
    is_second_part,
    keep_times,
    only_reading_changed,
    same_command,
)

NOW, OLD = "scans.ingest_scan: 12 34", "scans.ingest_scan: 56 34"
TRAINED, TRAINED_BEFORE = "training.train_member: 78 90", "training.train_member: 11 90"


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


def test_a_scan_whose_ingest_failed_is_read_first_too(tmp_path: Path) -> None:
    results = Results(tmp_path, NOW, TRAINED)
    Path(results.scans[0]).unlink()
    results.params[results.scans[0]] = []
    assert results.only_reading_changed()


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


def ingested(folder: Path, scan: str, content: bytes, time: int, since: int | None, end: str = "2") -> Path:
    """A file of a scan with this time (s) and the record of its ingest."""
    path = folder / f"{scan}.h5"
    path.write_bytes(content)
    os.utime(path, ns=(time * 10**9, time * 10**9))
    output: dict[str, Any] = {"path": str(path), "sha256": sha256_file(path), "bytes": len(content)}
    if since is not None:
        output["unchanged_since_ns"] = since * 10**9
    record = {"wildcards": {"scan": scan}, "state": "finished", "end": end, "outputs": [output]}
    file = folder / "jobs" / "ingest_scan" / f"{scan}.{random.Random(scan + end).getrandbits(40):012x}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record), encoding="utf-8")
    return path


def time_of(path: Path) -> int:
    return path.stat().st_mtime_ns // 10**9


def test_files_that_hold_the_same_keep_their_time_and_others_do_not(tmp_path: Path) -> None:
    alike = ingested(tmp_path, "a", b"pixels", 2000, since=1000)
    other = ingested(tmp_path, "b", b"pixels", 2000, since=None)
    assert keep_times(tmp_path / "jobs", ["a", "b"]) == {"a"}
    assert (time_of(alike), time_of(other)) == (1000, 2000)
    assert keep_times(tmp_path / "jobs", ["a", "b"]) == {"a"}, "and again"
    assert keep_times(tmp_path / "jobs", ["b"]) == set()


def test_a_file_that_somebody_put_there_since_keeps_its_own_time(tmp_path: Path) -> None:
    path = ingested(tmp_path, "a", b"pixels", 2000, since=1000)
    path.write_bytes(b"PIXELS")
    os.utime(path, ns=(3000 * 10**9, 3000 * 10**9))
    assert keep_times(tmp_path / "jobs", ["a"]) == set() and time_of(path) == 3000


def test_only_the_last_ingest_counts_and_torn_records_say_nothing(tmp_path: Path) -> None:
    path = ingested(tmp_path, "a", b"pixels", 2000, since=1000, end="1")
    ingested(tmp_path, "a", b"other pixels", 2500, since=None, end="2")
    (tmp_path / "jobs" / "ingest_scan" / "torn.json").write_text("{", encoding="utf-8")
    assert keep_times(tmp_path / "jobs", ["a"]) == set() and time_of(path) == 2500
    path.unlink()
    assert keep_times(tmp_path / "jobs", ["a"]) == set()


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (["python3", "/opt/bin/snakemake", "--cores", "2"], True),
        (["python3", "-m", "snakemake", "--cores", "2"], True),
        (["python3", "-X", "dev", "-W", "ignore", "-m", "snakemake"], True),
        (["python3", "-u", "/opt/bin/snakemake"], True),
        (["python3", "launcher.py", "snakemake", "--cores", "2"], False),
        (["python3", "-m", "launcher", "snakemake"], False),
        (["python3", "-c", "import snakemake", "snakemake"], False),
        (["python3"], False),
    ],
)
def test_only_the_command_of_snakemake_is_started_again(arguments: list[str], again: bool) -> None:
    environment: dict[str, str] = {}
    command = same_command(arguments, environment)
    assert (command is not None) is again is (VARIABLE in environment) is is_second_part(environment)
    if command is not None:
        assert command[1][1:] == arguments[1:]


def test_the_second_part_is_this_process_and_none_that_it_starts() -> None:
    """The variable may stay behind in the environment of whatever a run starts."""
    assert not is_second_part({}) and not is_second_part({VARIABLE: "1"})
