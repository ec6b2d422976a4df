"""Steps that travel together: what becomes of the others where one of them goes over its memory.

One story: a run fails because of it, three things are changed, and the next run has two troubles at the same time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from noisebound.jobs.records import read_records
from tests.cluster.conftest import SCANS
from tests.cluster.runs import ClusterRun, Job
from tests.cluster.slurm import wait_until
from tests.workflow.crate_rules import problems
from tests.workflow.project import Jobs, each

OWN = (
    *("ingest_scan", "assign_regions", "ensemble_scan", "calibrate_scan", "check_drift", "segment_scan"),
    *("recommend_regions", "report_scan"),
)
# What a threshold changes, and the scan "late" with what shows it.
CHANGED = (
    each(["recommend_regions", "report_scan"], SCANS)
    | each(["evaluate", "draw_figures", "report_index", "describe_run"], [""])
    | each(OWN, ["late"])
)


@dataclass(frozen=True)
class Story:
    """What was seen of it, in order."""

    run: ClusterRun
    together: list[Job]
    left_together: set[str]  # files of the new scans, after the failure of their group
    apart: list[Job]
    left_apart: set[str]
    planned: Jobs  # after the changes
    jobs: list[Job]

    def attempts(self, group: str) -> list[Job]:
        """The jobs that a group of the last run was submitted as."""
        return [job for job in self.jobs if job.step.startswith(f"{group}_")]

    def steps(self, *jobs: Job, what: str = "begin") -> list[tuple[str, str]]:
        """Rule and wildcard of the steps that began, or came to an "end", in these jobs."""
        numbers = {job.number for job in jobs}
        return [
            (rule, wildcard)
            for rule, wildcard, entry in self.run.steps()
            if entry["what"] == what and entry["job"] in numbers
        ]


def fail(run: ClusterRun, *arguments: str) -> tuple[list[Job], set[str]]:
    """Let the kernel end a step of the scan "late": the jobs, and the files of the new scans that are there then."""
    run.fault("assign_regions-late", "killed-while-writing")
    with run.started("--retries", "0", *arguments) as started:
        assert started.wait(400) == 1, started.output()
        names = [f"{folder}/{scan}" for folder in ("scans", "regions") for scan in ("late", "withdrawn")]
        return started.jobs(), {name for name in names if list(run.results.glob(f"{name}.*"))}


@pytest.fixture(scope="module")
def story(finished: tuple[ClusterRun, list[Job]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    run = finished[0].copy(tmp_path_factory.mktemp("groups") / "project")
    run.project.register("withdrawn", "apply", seed=12)
    run.project.configure(cluster={"time": 0.1})
    together = fail(run)
    apart = fail(run, "--group-components", "intake=1", "--until", "assign_regions")

    sheet = run.path / "scans.tsv"
    lines = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
    sheet.write_text("".join(line for line in lines if not line.startswith("withdrawn\t")), encoding="utf-8")
    questions = [{"name": "iron-rich", "channel": "Fe", "above": 2.0, "confidence": 0.9}]
    run.project.configure(cluster={"time": 1.0}, decisions={"exceed": questions})
    planned = run.project.planned()

    run.fault("recommend_regions-late", "grow-while-writing")  # Slurm ends the whole job
    run.fault("evaluate", "hang")
    with run.started() as started:
        wait_until(lambda: run.trainings("recommend_regions-late"), 600, started.output)
        run.cluster.command("scancel", str(run.trainings("evaluate")[-1]["job"]))
        started.succeed(600)
        yield Story(run, *together, *apart, planned, started.jobs())


def test_a_group_that_fails_for_good_leaves_nothing_that_could_be_taken_for_a_result(story: Story) -> None:
    assert [job.state for job in story.together] == ["FAILED"]
    assert ("ingest_scan", "late") in story.steps(*story.together, what="end"), "one step had finished before"
    assert story.left_together == set()


def test_scans_in_groups_of_their_own_come_out_beside_one_that_fails(story: Story) -> None:
    """As config/README.md says of ``--group-components``."""
    assert sorted(job.state for job in story.apart) == ["COMPLETED", "FAILED"]
    assert story.left_apart == {"scans/withdrawn", "regions/withdrawn"}


def test_the_shortest_times_are_whole_minutes(story: Story) -> None:
    assert [job.minutes for job in story.together] == [4 * 2]
    assert [job.minutes for job in story.apart] == [2 * 2, 2 * 2]


def test_the_next_run_computes_what_the_failure_and_the_changes_left_to_do(story: Story) -> None:
    assert story.planned == CHANGED
    assert set(story.steps(*story.jobs)) == CHANGED
    assert story.run.project.planned() == set()


def test_a_group_over_its_memory_gets_twice_as_much(story: Story) -> None:
    first, second = story.attempts("deliver")
    assert first.state in ("OUT_OF_MEMORY", "CANCELLED", "FAILED") and second.state == "COMPLETED"
    assert (second.memory, second.minutes) == (2 * first.memory, 2 * first.minutes)


def test_a_job_cancelled_at_the_same_time_is_submitted_again_as_well(story: Story) -> None:
    assert [job.state for job in story.attempts("assess")] == ["CANCELLED", "COMPLETED"]
    others = [job for job in story.jobs if not job.step.startswith(("deliver_", "assess_"))]
    assert [job.state for job in others] == ["COMPLETED"] * 4


def test_all_steps_of_the_group_come_out(story: Story) -> None:
    first, second = story.attempts("deliver")
    before, after = story.steps(first, what="end"), story.steps(second, what="end")
    assert ("calibrate_scan", "late") in before
    assert ("recommend_regions", "late") in story.steps(first) and ("recommend_regions", "late") not in before
    assert len(after) == len(set(after)) and set(before) <= set(after), "each is repeated once"


def test_every_file_is_the_one_that_a_finished_step_wrote(story: Story) -> None:
    finished = [record for record in records(story) if record["state"] == "finished"]
    told = {output["path"]: output["sha256"] for record in finished for output in record["outputs"]}
    for scan in (*SCANS, "late"):
        for name in (f"scans/{scan}.h5", f"decisions/{scan}.csv", f"decisions/{scan}.tif", f"denoised/{scan}.h5"):
            file = story.run.results / name
            assert told[str(file.relative_to(story.run.path))] == hashlib.sha256(file.read_bytes()).hexdigest()


def records(story: Story) -> list[dict[str, Any]]:
    return read_records(story.run.results / "provenance" / "jobs")


def test_the_pages_tell_both_attempts_and_nothing_of_the_scan_that_was_withdrawn(story: Story) -> None:
    first, second = story.attempts("deliver")
    told = [
        (record["attempt"], record["state"], record["slurm"]["job"])
        for record in records(story)
        if (record["rule"], record["wildcards"]) == ("recommend_regions", {"scan": "late"})
    ]
    assert told == [(1, "cut off", first.number), (2, "finished", second.number)]
    page, index = (
        (story.run.results / "report" / name).read_text(encoding="utf-8") for name in ("jobs.html", "index.html")
    )
    assert first.number in page and second.number in page and "cut off" in page
    assert "withdrawn" not in page + index and "late" in index
    assert problems(story.run.results / "provenance") == []
    summary = json.loads((story.run.results / "evaluation" / "summary.json").read_text(encoding="utf-8"))
    assert {decision["threshold"] for decision in summary["decisions"]} == {2.0}
