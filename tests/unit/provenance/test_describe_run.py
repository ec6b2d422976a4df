"""The step that describes a run: whose records count, and the files in the root of the crate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisebound.provenance.describe_run import RunSettings, describe_run
from noisebound.scans.sheet import read_sheet
from tests.unit.provenance.small_run import SmallRun, write_small_run
from tests.workflow.crate_rules import Crate, problems

CONFIG = {"run": "demo", "seed": 7, "cluster": {"account": "someone"}, "calibration": {"nominal": [0.5, 0.9]}}
ROW = {
    "scan": "map",
    "role": "train",
    "noisy": ("/elsewhere/data/map.h5:/entry/data", "b.tif"),
    "reference": "leave-one-out",
}


def keep(run: SmallRun, records: list[dict[str, Any]]) -> Path:
    """Records as the jobs leave them."""
    folder = run.folder / "provenance" / "jobs"
    for record in records:
        path = folder / record["rule"] / f"{record['process']['token']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record), encoding="utf-8")
    return folder


def describe(run: SmallRun, records: list[dict[str, Any]], members: int = 2) -> Crate:
    describe_run(
        RunSettings("demo", "A demo", CONFIG, "# the workflow\n", [ROW | {"group": "", "truth": None}], members),
        records=keep(run, records),
        scans=[str(run.scan)],
        results=[str(run.table)],
        page=run.folder / "report" / "jobs.html",
        crate=run.crate,
    )
    return Crate(run.folder / "provenance")


@pytest.fixture
def run(tmp_path: Path) -> SmallRun:
    return write_small_run(tmp_path)


def test_page_and_crate_are_made_from_the_same_records(run: SmallRun) -> None:
    crate = describe(run, run.records())
    assert problems(crate.folder) == []
    page = (run.folder / "report" / "jobs.html").read_text(encoding="utf-8")
    for step in crate.of_type("HowToStep"):
        assert f'<td class="name">{step["name"]}</td>' in page
    assert "<h1>How the run went</h1>" in page and "A demo" in page


def test_the_root_holds_workflow_configuration_and_sheet(run: SmallRun) -> None:
    describe(run, [])
    assert Path(run.crate.workflow).read_text(encoding="utf-8") == "# the workflow\n"
    stored = yaml.safe_load(Path(run.crate.configuration).read_text(encoding="utf-8"))
    assert stored == {"run": "demo", "seed": 7, "calibration": {"nominal": [0.5, 0.9]}}, "without accounts"
    (row,) = read_sheet(run.crate.sheet)
    assert (row.scan, row.role, row.reference) == ("map", "train", "leave-one-out")
    assert row.noisy == ("map.h5:/entry/data", "b.tif"), "files elsewhere by their base name"


@pytest.mark.parametrize(
    "change",
    [
        {"wildcards": {"scan": "removed"}},
        {"wildcards": {"member": "2"}},
        {"outputs": ["search/trials/a.csv"]},
        {"outputs": ["report/jobs.html"]},
    ],
    ids=["a scan that is gone", "a network too many", "a search", "this step"],
)
def test_records_of_what_made_no_result_are_left_out(run: SmallRun, change: dict[str, Any]) -> None:
    records = run.records()
    if "outputs" in change:
        change = {"outputs": [{"path": str(run.folder / path), "bytes": 0} for path in change["outputs"]]}
    other = records[1] | {"process": {"host": "front", "pid": 9, "token": "f" * 32}} | change
    crate = describe(run, [*records, other])
    assert f"#job-{'f' * 32}" not in crate.entities
    assert all(f"#job-{record['process']['token']}" in crate.entities for record in records)
