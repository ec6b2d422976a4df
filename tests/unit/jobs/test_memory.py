"""What Snakemake is told of finished jobs is what their records say, and only of outputs that still are theirs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from noisebound.jobs.memory import remembered_jobs
from noisebound.jobs.records import recorded


def record(run: Path, outputs: list[Path], params: dict[str, Any]) -> None:
    """Write outputs as a job would that leaves a record."""
    job: dict[str, Any] = {"rule": "step", "wildcards": {"scan": outputs[0].stem}, "inputs": ["z", "b"]}
    job |= {"outputs": list(map(str, outputs)), "params": params}
    with recorded(run / "provenance" / "jobs", {"token": "0123456789abcdef"}, **job):
        for output in outputs:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_bytes(b"result")


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, Path]:
    """The folder of a run, and the output of its one job."""
    output = tmp_path / "run" / "scans" / "out.h5"
    record(tmp_path / "run", [output], {"b": 3.0, "a": {"steps": 2}, "c": "x"})
    return tmp_path / "run", output


def test_a_finished_job_is_remembered_as_snakemake_compares_it(finished: tuple[Path, Path]) -> None:
    run, output = finished
    (job,) = remembered_jobs(run, lambda output: True)
    assert job == {
        "output": str(output),
        "rule": "step",
        "input": ["b", "z"],
        "params": sorted([repr(3.0), repr({"steps": 2}), repr("x")]),
    }


def unknown(output: Path) -> dict[str, Any]:
    return {"output": str(output), "rule": None, "input": [], "params": []}


def test_a_copy_with_other_times_is_known_by_its_content(finished: tuple[Path, Path]) -> None:
    run, output = finished
    os.utime(output, ns=(1, 1))
    (job,) = remembered_jobs(run, lambda output: True)
    assert job["params"]
    output.write_bytes(b"RESULT")
    assert list(remembered_jobs(run, lambda output: True)) == [unknown(output)]


@pytest.mark.parametrize("change", ["other size", "failed", "no params", "torn", "no record"])
def test_what_no_record_describes_was_made_with_nothing(finished: tuple[Path, Path], change: str) -> None:
    run, output = finished
    (path,) = run.glob("provenance/jobs/*/*.json")
    content = json.loads(path.read_text())
    if change == "other size":
        output.write_bytes(b"longer result")
    elif change == "failed":
        path.write_text(json.dumps(content | {"state": "failed"}))
    elif change == "no params":
        del content["params"]
        path.write_text(json.dumps(content))
    elif change == "torn":
        path.write_text(path.read_text()[:-20])
    else:
        path.unlink()
    assert list(remembered_jobs(run, lambda output: True)) == [unknown(output)]


def test_a_removed_output_is_not_remembered(finished: tuple[Path, Path]) -> None:
    run, output = finished
    output.unlink()
    assert not list(remembered_jobs(run, lambda output: True))


def test_one_changed_output_makes_all_of_its_job_unknown(tmp_path: Path) -> None:
    files = [tmp_path / "run" / "a.csv", tmp_path / "run" / "b.csv"]
    record(tmp_path / "run", files, {"x": 1})
    assert [job["params"] for job in remembered_jobs(tmp_path / "run", lambda output: True)] == [["1"], ["1"]]
    files[1].write_text("xy")
    assert sorted(remembered_jobs(tmp_path / "run", lambda output: True), key=str) == [unknown(file) for file in files]


def test_logs_benchmarks_and_locks_are_no_results(tmp_path: Path) -> None:
    for name in ("logs/step/a.log", "benchmarks/a.tsv", "provenance/jobs/r/run.json", "scans/.a.h5.lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert not list(remembered_jobs(tmp_path, lambda output: True))


def test_what_is_remembered_is_not_looked_at(finished: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every parse of the workflow asks, and results are large."""
    monkeypatch.setattr("noisebound.jobs.memory.sha256_file", lambda path: pytest.fail(f"{path} is read"))
    assert not list(remembered_jobs(finished[0], lambda output: False))


def test_of_two_jobs_that_wrote_the_same_the_last_is_remembered(finished: tuple[Path, Path]) -> None:
    run, _ = finished
    (path,) = run.glob("provenance/jobs/*/*.json")
    content = json.loads(path.read_text())
    for name, end, params in (("out.000000000000", "2000", ["old"]), ("out.ffffffffffff", "2999", ["new"])):
        path.with_name(f"{name}.json").write_text(json.dumps(content | {"end": end, "params": params}))
    assert [job["params"] for job in remembered_jobs(run, lambda path: True)] == [["new"]]
