"""Entities of a crate: made once, with digests that are true even where a file has changed since its job."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from noisebound.provenance import crate_entities
from noisebound.provenance.crate_entities import TOUCHED, RunCrate, present
from tests.unit.provenance.small_run import SmallRun, write_small_run


@pytest.fixture
def run(tmp_path: Path) -> SmallRun:
    return write_small_run(tmp_path)


def crate_of(run: SmallRun) -> RunCrate:
    return RunCrate(run.folder / "provenance", run.records())


def test_an_entity_is_made_once(run: SmallRun) -> None:
    crate = crate_of(run)
    first = crate.context("#a", "Thing", name="first")
    assert crate.context("#a", "Thing", name="second") is first and first["name"] == "first"
    assert crate.file(str(run.table)) is crate.file(str(run.table))


def test_files_are_named_relative_to_the_crate(run: SmallRun) -> None:
    entity = crate_of(run).file(str(run.table))
    assert entity.id == "../evaluation/coverage.csv"
    assert (entity["name"], entity["encodingFormat"]) == ("coverage.csv", "text/csv")


def test_the_digest_of_the_job_is_taken_and_a_changed_file_is_read(
    run: SmallRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    crate, path = crate_of(run), str(run.table)
    read: list[str] = []
    describe = crate_entities.describe_file
    monkeypatch.setattr(crate_entities, "describe_file", lambda path: read.append(path) or describe(path))
    known = crate.properties_of(path)
    assert read == [] and known["sha256"] == hashlib.sha256(run.table.read_bytes()).hexdigest()
    time = run.table.stat().st_mtime_ns
    os.utime(path, ns=(time, time + int(TOUCHED)))
    assert crate.properties_of(path) == known and read == [], "Snakemake sets the time of outputs after a job"
    for change in (int(TOUCHED) + 1, -1):
        os.utime(path, ns=(time, time + change))
        assert crate.properties_of(path) == known and read.pop() == path
    run.table.write_text("other content\n", encoding="utf-8")
    os.utime(path, ns=(time, time))
    changed = crate.properties_of(path)
    assert read.pop() == path and changed["sha256"] == hashlib.sha256(b"other content\n").hexdigest()
    assert changed["contentSize"] == "14"


def test_sources_are_named_by_their_content(run: SmallRun) -> None:
    crate = crate_of(run)
    crate.add_sources(run.scan)
    (entity,) = crate.scans.values()
    assert list(crate.scans) == [str(run.source)], "without the dataset in it"
    digest = base64.urlsafe_b64decode(entity.id.rpartition(";")[2] + "=")
    assert digest == hashlib.sha256(run.source.read_bytes()).digest()
    crate.add_sources(run.scan)
    assert crate.scans[str(run.source)] is entity


def test_only_scans_and_results_become_entities(run: SmallRun, tmp_path: Path) -> None:
    crate = crate_of(run)
    crate.add_sources(run.scan)
    outside = tmp_path / "results" / "other" / "a.csv"
    outside.parent.mkdir()
    outside.touch()
    given = [str(run.source), str(run.table), str(run.table), str(run.folder / "gone.csv"), str(outside)]
    found = crate.entities(given)
    assert [entity.id for entity in found] == [crate.scans[str(run.source)].id, "../evaluation/coverage.csv"]
    assert not crate.is_result(str(run.folder / ".." / "other" / "a.csv"))


def test_what_is_not_known_is_left_out() -> None:
    assert present({"a": None, "b": [], "c": [1], "d": [1, 2], "e": "", "f": 0}) == {
        "c": 1,
        "d": [1, 2],
        "e": "",
        "f": 0,
    }
