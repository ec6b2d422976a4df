"""What Snakemake is told of finished jobs is what their records say, and only of outputs that still are theirs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from noisebound.jobrecords import describe_file, recorded
from noisebound.memory import remembered_jobs


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, Path]:
    """The folder of records and the output of one job."""
    output, records = tmp_path / "out.h5", tmp_path / "jobs"
    job: dict[str, Any] = {"rule": "step", "wildcards": {"scan": "a"}, "inputs": ["z", "b"], "outputs": [str(output)]}
    with recorded(records, {"token": "0123456789abcdef"}, **job, params={"b": 3.0, "a": {"steps": 2}, "c": "x"}):
        output.write_bytes(b"result")
    return records, output


def test_a_finished_job_is_remembered_as_snakemake_compares_it(finished: tuple[Path, Path]) -> None:
    records, output = finished
    (job,) = remembered_jobs(records)
    assert job == {
        "output": str(output),
        "rule": "step",
        "input": ["b", "z"],
        "params": sorted([repr(3.0), repr({"steps": 2}), repr("x")]),
    }


def test_a_copy_with_other_times_is_known_by_its_content(finished: tuple[Path, Path]) -> None:
    records, output = finished
    os.utime(output)
    assert len(list(remembered_jobs(records))) == 1
    output.write_bytes(b"RESULT")
    assert not list(remembered_jobs(records))


@pytest.mark.parametrize("change", ["other size", "gone", "failed", "no params", "torn"])
def test_anything_else_is_not_remembered(finished: tuple[Path, Path], change: str) -> None:
    records, output = finished
    (path,) = records.glob("*/*.json")
    content = json.loads(path.read_text())
    if change == "other size":
        output.write_bytes(b"longer result")
    elif change == "gone":
        output.unlink()
    elif change == "failed":
        path.write_text(json.dumps(content | {"state": "failed"}))
    elif change == "no params":
        del content["params"]
        path.write_text(json.dumps(content))
    else:
        path.write_text(path.read_text()[:-20])
    assert not list(remembered_jobs(records))


def test_one_changed_output_makes_all_of_its_job_unknown(tmp_path: Path) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_text("x")
    record = {"rule": "r", "state": "finished", "inputs": [], "params": [], "outputs": list(map(describe_file, files))}
    (tmp_path / "jobs" / "r").mkdir(parents=True)
    (tmp_path / "jobs" / "r" / "run.json").write_text(json.dumps(record))
    assert {job["output"] for job in remembered_jobs(tmp_path / "jobs")} == set(map(str, files))
    files[1].write_text("xy")
    assert not list(remembered_jobs(tmp_path / "jobs"))
