"""The whole workflow as jobs of a real Slurm, started as a user starts it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from noisebound.jobs.records import read_records
from tests.cluster.conftest import MEMBERS, SCANS
from tests.cluster.runs import Job
from tests.cluster.slurm import NODES
from tests.workflow.crate_rules import problems
from tests.workflow.project import create, each


def submissions(members: int, scans: int) -> int:
    """How many jobs a run submits, as config/README.md says."""
    return members + scans + 5 + 3 * math.ceil(scans / 20)


def of_step(jobs: list[Job], step: str) -> list[Job]:
    return [job for job in jobs if job.step == step]


def test_a_whole_run_ends_with_calibrated_pages(finished) -> None:
    run, jobs = finished
    assert {job.state for job in jobs} == {"COMPLETED"}
    for scan in SCANS:
        assert (run.results / "report" / "scans" / f"{scan}.html").exists()
        assert (run.results / "denoised" / f"{scan}.ome.tif").exists()
        assert scan in (run.results / "report" / "index.html").read_text(encoding="utf-8")
    calibration = json.loads((run.results / "calibration" / "calibration.json").read_text())
    assert calibration["corrections"].keys() == {"0.5", "0.9"}


def test_a_scan_registered_meanwhile_is_left_to_the_next_run(finished) -> None:
    run, _ = finished
    assert not list(run.results.glob("*/late*"))
    steps = [
        "ingest_scan",
        "assign_regions",
        "ensemble_scan",
        "check_drift",
        "calibrate_scan",
        "segment_scan",
        "recommend_regions",
        "report_scan",
    ]
    assert run.project.planned() == each(steps, ["late"]) | {("report_index", ""), ("describe_run", "")}
    assert submitted(run.project.snakemake("--profile", "slurm", "--dry-run").stdout) == 5


def test_members_are_jobs_with_a_gpu_each_on_both_nodes(finished) -> None:
    run, jobs = finished
    trainings = of_step(jobs, "train_member")
    assert sorted(job.wildcards for job in trainings) == [str(member) for member in range(MEMBERS)]
    assert {job.nodes for job in trainings} == set(NODES)
    for member in range(MEMBERS):
        begin, end = run.trainings(member)
        assert (begin["what"], end["what"]) == ("begin", "end")
        assert re.fullmatch(r"\d", begin["gpu"]), "one device each"
        job = next(job for job in trainings if job.wildcards == str(member))
        assert (begin["job"], begin["node"]) == (job.number, job.nodes)


def test_the_run_tells_which_job_made_what(finished) -> None:
    run, jobs = finished
    records = read_records(run.results / "provenance" / "jobs")
    of_job = {job.number: job for job in jobs}
    trainings = {record["wildcards"]["member"]: record for record in records if record["rule"] == "train_member"}
    assert sorted(trainings) == [str(member) for member in range(MEMBERS)]
    for member, record in trainings.items():
        job = of_job[record["slurm"]["job"]]
        assert (job.step, job.wildcards, job.nodes) == ("train_member", member, record["slurm"]["node"])
        assert record["state"] == "finished" and record["attempt"] == 1
        assert record["slurm"]["queue_s"] >= 0
        assert re.fullmatch(r"\d", record["device"]["visible"])
        assert record["wall_s"] > 0 and record["peak_memory_bytes"] > 50e6
    page = (run.results / "report" / "jobs.html").read_text(encoding="utf-8")
    for record in records:
        assert record["slurm"]["job"] in of_job
        # The last step writes the page before it has ended.
        assert record["state"] == "finished" or record["rule"] == "describe_run"
        assert record["slurm"]["job"] in page and record["slurm"]["node"] in page
    assert problems(run.results / "provenance") == []


def test_gpus_and_partitions_go_to_the_steps_that_need_them(finished) -> None:
    _, jobs = finished
    with_gpu = {"train_member", "fit_latent_basis", "ensemble_scan"}
    for job in jobs:
        assert (job.gpus, job.partition) == ((1, "gpu") if job.step in with_gpu else (0, "cpu")), job
        assert job.memory >= 500 and job.minutes >= 1


def test_as_many_jobs_are_submitted_as_the_documentation_says(finished) -> None:
    _, jobs = finished
    assert len(jobs) == submissions(MEMBERS, len(SCANS))


def test_a_group_asks_for_the_memory_of_its_largest_step_and_the_time_of_all(finished) -> None:
    """As slurm/config.yaml says; what its steps ask for is what Snakemake printed about them."""
    run, jobs = finished
    (log,) = run.path.glob("snakemake-*.log")
    groups = re.split(r" Group job (?=\w+ \()", log.read_text(encoding="utf-8"))[1:]
    assert len(groups) >= 7
    for text in groups:
        asked = re.findall(r"^        resources: .*?runtime=(\d+), mem_mb=(\d+)", text, flags=re.MULTILINE)
        (job,) = (job for job in jobs if job.step.startswith(f"{text.split()[0]}_"))
        assert (job.minutes, job.memory) == (sum(int(time) for time, _ in asked), max(int(mb) for _, mb in asked))


def submitted(output: str) -> int:
    """How many jobs a dry run would submit: steps by themselves, and groups."""
    alone = re.findall(r"^rule (?!all:)\w+:$", output, flags=re.MULTILINE)
    return len(alone) + output.count("] Group job ")


@pytest.mark.parametrize(("members", "scans"), [(2, 20), (5, 100)])
def test_many_scans_do_not_mean_many_jobs(tmp_path: Path, members: int, scans: int) -> None:
    """Counted on a dry run with the profile, whose groups are those that would be submitted."""
    project = create(tmp_path / "project", {"field": "split", "judge": "test"})
    (project.path / "slurm").symlink_to(Path(__file__).parents[2] / "slurm")
    with open(project.path / "scans.tsv", "a", encoding="utf-8") as sheet:
        sheet.writelines(f"scan{number}\tapply\tdata/judge.tif\t\t\n" for number in range(2, scans))
    project.configure(architecture={"members": members})
    output = project.snakemake("--profile", "slurm", "--dry-run").stdout
    assert submitted(output) == submissions(members, scans)
    page = " ".join((Path(__file__).parents[2] / "config" / "README.md").read_text(encoding="utf-8").split())
    assert f"{submissions(members, scans)} for {members} members and {scans} scans" in page
