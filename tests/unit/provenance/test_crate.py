"""A crate of a small run against the texts of its profiles, and against the files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from noisebound.provenance.crate import PROFILES, flat_settings, write_crate
from tests.unit.provenance.small_run import SmallRun, write_small_run
from tests.workflow.crate_rules import RUN_PROFILES, WORKFLOW_RO_CRATE, Crate, listed, problems

SETTINGS = {"seed": 7, "data": {"channels": ["Mg", "Fe"], "kind": "counts"}, "regions": {"layout": None}}


def write(run: SmallRun, records: list[dict[str, Any]]) -> Crate:
    write_crate(
        run.crate,
        run="demo",
        settings=SETTINGS,
        scans=[str(run.scan)],
        results=[str(run.table), str(run.folder / "gone.csv")],
        records=records,
    )
    return Crate(run.folder / "provenance")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    return write_small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def crate(run: SmallRun) -> Crate:
    return write(run, run.records())


def test_the_crate_follows_its_profiles(crate: Crate) -> None:
    assert problems(crate.folder) == []
    assert set(PROFILES) == {*RUN_PROFILES, WORKFLOW_RO_CRATE}


def test_the_run_leads_from_scans_and_settings_to_results(run: SmallRun, crate: Crate) -> None:
    action = crate.entities["#run"]
    given = crate.the(action, "object")
    (scan,) = [entity for entity in given if entity["@id"].startswith("ni:")]
    assert scan["sha256"] == hashlib.sha256(run.source.read_bytes()).hexdigest()
    parameters = {entity["name"]: entity["value"] for entity in given if entity["@type"] == "PropertyValue"}
    assert parameters == dict(flat_settings(SETTINGS))
    assert {"config.yaml", "scans.tsv"} <= {entity["@id"] for entity in given}
    (result,) = crate.the(action, "result")
    assert result["@id"] == "../evaluation/coverage.csv", "what is not there is left out"
    starts = [record["start"] for record in run.records()]
    ends = [record["end"] for record in run.records() if record["end"]]
    assert (action["startTime"], action["endTime"]) == (min(starts), max(ends))
    assert crate.entities["./"]["datePublished"] == max(ends)


def test_the_engine_orchestrates_every_job_once(crate: Crate) -> None:
    engine = crate.entities["#engine-run"]
    controls = crate.the(engine, "object")
    assert [control["name"] for control in controls] == [
        "orchestrate ingest_scan map",
        "orchestrate train_member 0",
        "orchestrate train_member 1",
        "orchestrate evaluate",
    ]
    jobs = [reference["@id"] for control in controls for reference in listed(control["object"])]
    assert len(jobs) == len(set(jobs)) == 5
    mentioned = {entity["@id"] for entity in crate.the(crate.entities["./"], "mentions")}
    assert mentioned == {"#run", "#engine-run", *jobs}


def test_a_run_without_records_names_its_files_all_the_same(tmp_path: Path) -> None:
    run = write_small_run(tmp_path)
    crate = write(run, [])
    assert "#engine-run" not in crate.entities and not crate.of_type("HowToStep")
    table = crate.entities["../evaluation/coverage.csv"]
    assert table["sha256"] == hashlib.sha256(run.table.read_bytes()).hexdigest()
    assert table["contentSize"] == str(run.table.stat().st_size)


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    run = write_small_run(tmp_path)
    found = []
    for _ in range(2):
        write(run, run.records())
        found.append(Path(run.crate.metadata).read_bytes())
    assert found[0] == found[1]


def test_settings_are_flat_and_lose_nothing() -> None:
    found = dict(flat_settings({**SETTINGS, "search": {"keys": {}}, "title": "a b"}))
    assert found.pop("title") == "a b" and found.pop("data.kind") == "counts"
    assert {key: json.loads(value) for key, value in found.items()} == {
        "seed": 7,
        "data.channels": ["Mg", "Fe"],
        "regions.layout": None,
        "search.keys": {},
    }
