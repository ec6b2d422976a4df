"""Steps and jobs of a crate against the records that they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.jobs.records import FINISHED
from tests.unit.provenance.small_run import SmallRun, write_small_run
from tests.unit.provenance.test_crate import write
from tests.workflow.crate_rules import Crate, listed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    return write_small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def crate(run: SmallRun) -> Crate:
    return write(run, run.records())


def test_every_attempt_is_an_action_with_its_files_and_times(run: SmallRun, crate: Crate) -> None:
    home = run.folder / "provenance"
    for record in run.records():
        job = crate.entities[f"#job-{record['process']['token']}"]
        assert (job["startTime"], job.get("endTime")) == (record["start"], record["end"])
        assert job["name"].endswith(f"attempt {record['attempt']}")
        made = {(home / reference["@id"]).resolve() for reference in listed(job.get("result"))}
        assert made == {Path(output["path"]).resolve() for output in record["outputs"]}
        ended = "Completed" if record["state"] == FINISHED else "Failed"
        assert job["actionStatus"] == f"http://schema.org/{ended}ActionStatus"
        assert job.get("error") == (None if ended == "Completed" else f"{record['state']}; report/jobs.html says why")


def test_what_a_job_took_has_a_unit_and_what_nobody_knows_is_left_out(run: SmallRun, crate: Crate) -> None:
    for record in run.records():
        job = crate.entities[f"#job-{record['process']['token']}"]
        usage = {entity["name"]: entity for entity in crate.the(job, "resourceUsage")}
        known = {"wall time": "wall_s", "CPU time": "cpu_s", "peak memory": "peak_memory_bytes"}
        assert {name: entity["value"] for name, entity in usage.items()} == {
            name: str(record[key]) for name, key in known.items() if record[key] is not None
        }
        assert all(entity["unitCode"].startswith("https://qudt.org/vocab/unit/") for entity in usage.values())


def test_machines_have_numbers_in_the_order_of_the_jobs_and_no_names(run: SmallRun, crate: Crate) -> None:
    """Nodes 1, 2, 1, 2 and the machine "front" on which the last job ran without a batch system."""
    jobs = [crate.entities[f"#job-{record['process']['token']}"] for record in run.records()]
    words = [job["description"].split(", ") for job in jobs]
    assert [first for first, *_ in words] == [f"on machine {number}" for number in (1, 2, 1, 2, 3)]
    assert words[0][1:] == ["Slurm job 1000", "Example CPU"]
    assert words[2][1:] == ["Slurm job 1002", "Example GPU", "cut off"]
    assert words[4][1:] == ["Example GPU"]
    text = (crate.folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
    assert "node1" not in text and "front" not in text


def test_every_step_has_its_program_with_the_software_of_its_first_job(crate: Crate) -> None:
    steps = {step["name"]: step for step in crate.of_type("HowToStep")}
    assert list(steps) == ["ingest_scan", "train_member", "evaluate"]
    (tool,) = crate.the(steps["train_member"], "workExample")
    assert (tool["name"], tool["softwareVersion"]) == ("train_member", "0.1.0")
    assert tool["description"] == "workflow/scripts/train_member.py of noisebound"
    software = {entity["name"]: entity["softwareVersion"] for entity in crate.the(tool, "softwareRequirements")}
    assert software == {"python": "3.11.0", "torch": "2.0"}
    actions = [entity for entity in crate.of_type("CreateAction") if tool in crate.the(entity, "instrument")]
    assert len(actions) == 3


def test_the_image_of_a_job_is_named(crate: Crate) -> None:
    images = [image["name"] for job in crate.of_type("CreateAction") for image in crate.the(job, "containerImage")]
    assert images == ["evaluate.sif"]
