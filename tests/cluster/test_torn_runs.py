"""Whatever tears a run apart, nothing finished is lost, and one command more ends it.

The trainings of a small project fail, are cancelled or lose their Snakemake, their node or their disk, on a real Slurm.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.runs import ClusterRun, Job, members
from tests.cluster.slurm import NODES, wait_until


def begun(run: ClusterRun, member: int, times: int = 1) -> dict[str, object]:
    """Wait until a job has begun to train the member for the nth time; what it saw."""

    def begins() -> list[dict[str, object]]:
        return [entry for entry in run.trainings(member) if entry["what"] == "begin"]

    wait_until(lambda: len(begins()) >= times, 120, lambda: f"member {member} was not begun {times} times")
    return begins()[times - 1]


def has_checkpoint(run: ClusterRun, member: int) -> None:
    """Wait until the training has written a checkpoint."""
    file = run.member(member).with_suffix(".checkpoint.pt")
    wait_until(file.exists, 120, lambda: f"no {file.name}; log:\n{run.log(member)}")


def resumed(run: ClusterRun, member: int) -> int:
    """The step from which the last training of the member continued, 0 where it began anew."""
    found = re.findall(r"continuing from step (\d+)", run.log(member))
    return int(found[-1]) if found else 0


def queue(run: ClusterRun) -> str:
    return run.cluster.command("squeue", "--noheader")


@dataclass(frozen=True)
class Troubled:
    """A run of five members, each with a trouble of its own, which nobody looked after."""

    run: ClusterRun
    output: str
    jobs: list[Job]

    def attempts(self, member: int) -> list[Job]:
        return [job for job in self.jobs if (job.step, job.wildcards) == ("train_member", str(member))]


@pytest.fixture(scope="module")
def troubled(prepared: ClusterRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubled]:
    run = prepared.copy(tmp_path_factory.mktemp("troubled") / "project")
    run.fault(0, "crash")
    run.fault(1, "grow")
    run.fault(2, "hang")
    run.fault(3, "hang")
    with run.started(*members(0, 1, 2, 3, 4)) as started:
        # Slurm looks at limits every 30 s; the end of the limit is brought forward instead of waited for.
        run.cluster.command("scontrol", "update", f"JobId={begun(run, 2)['job']}", "EndTime=now")
        run.cluster.command("scancel", str(begun(run, 3)["job"]))
        output = started.succeed()
        yield Troubled(run, output, started.jobs())


def test_a_member_that_crashes_once_is_trained_by_a_second_job(troubled: Troubled) -> None:
    assert [job.state for job in troubled.attempts(0)] == ["FAILED", "COMPLETED"]
    assert troubled.run.member(0).exists()


def test_a_job_over_its_memory_gets_twice_as_much(troubled: Troubled) -> None:
    first, second = troubled.attempts(1)
    assert first.state in ("OUT_OF_MEMORY", "CANCELLED", "FAILED") and second.state == "COMPLETED"
    assert second.memory == 2 * first.memory
    assert troubled.run.member(1).exists()


def test_a_job_over_its_time_gets_twice_as_much(troubled: Troubled) -> None:
    first, second = troubled.attempts(2)
    assert (first.state, second.state) == ("TIMEOUT", "COMPLETED")
    asked = [entry["minutes"] for entry in troubled.run.trainings(2) if entry["what"] == "begin"]
    assert second.minutes == asked[1] == 2 * asked[0]
    assert troubled.run.member(2).exists()


def test_a_cancelled_member_is_submitted_again(troubled: Troubled) -> None:
    assert [job.state for job in troubled.attempts(3)] == ["CANCELLED", "COMPLETED"]
    assert troubled.run.member(3).exists()


def test_a_member_without_trouble_is_trained_once(troubled: Troubled) -> None:
    assert [job.state for job in troubled.attempts(4)] == ["COMPLETED"]


def test_a_lost_node_costs_only_the_steps_since_the_checkpoint(torn: ClusterRun) -> None:
    torn.hold(0, 1)
    with torn.started(*members(0, 1)) as started:
        lost, other = (str(begun(torn, member)["node"]) for member in (0, 1))
        assert {lost, other} == set(NODES)
        has_checkpoint(torn, 0)
        torn.cluster.lose_node(lost)
        try:
            torn.release(0, 1)
            started.succeed()
            first, second = (job for job in started.jobs() if job.wildcards == "0")
            assert (first.state, second.state) == ("NODE_FAIL", "COMPLETED")
            assert (first.nodes, second.nodes) == (lost, other)
            assert resumed(torn, 0) >= 20
            assert [job.state for job in started.jobs() if job.wildcards == "1"] == ["COMPLETED"]
        finally:
            torn.cluster.start_node(lost)
            torn.cluster.wait_for_nodes()


def test_an_interrupted_run_leaves_no_job_and_continues_from_the_checkpoints(torn: ClusterRun) -> None:
    torn.hold(0, 1)
    with torn.started(*members(0, 1)) as started:
        for member in (0, 1):
            has_checkpoint(torn, member)
        started.signal(signal.SIGINT)
        assert started.wait(120) == 1, started.output()
        wait_until(lambda: not queue(torn), 60, lambda: queue(torn))
        assert {job.state for job in started.jobs()} == {"CANCELLED"}
    assert not torn.member(0).exists() and not torn.member(1).exists()
    torn.release(0, 1)
    torn.run(*members(0, 1))
    for member in (0, 1):
        assert torn.member(member).exists()
        assert resumed(torn, member) >= 20


def test_a_terminated_run_finishes_its_jobs_and_submits_no_more(torn: ClusterRun) -> None:
    torn.hold(0, 1)
    with torn.started("--jobs", "1", *members(0, 1)) as started:
        wait_until(lambda: torn.trainings(0) or torn.trainings(1), 120, lambda: "no training began")
        first, second = (0, 1) if torn.trainings(0) else (1, 0)
        has_checkpoint(torn, first)
        started.signal(signal.SIGTERM)
        time.sleep(5)
        assert started.process.poll() is None and queue(torn), "it waits for its job"
        torn.release(0, 1)
        assert started.wait(120) == 1, started.output()
        assert [job.state for job in started.jobs()] == ["COMPLETED"]
    assert torn.member(first).exists() and not torn.member(second).exists()
    torn.run(*members(0, 1))
    assert torn.member(second).exists()
    assert len(torn.trainings(first)) == 2, "trained once: one begin, one end"


def test_jobs_that_outlive_a_killed_run_are_waited_for(torn: ClusterRun) -> None:
    torn.hold(0)
    with torn.started(*members(0)) as started:
        has_checkpoint(torn, 0)
        started.signal(signal.SIGKILL)
        started.wait(10)
        assert queue(torn), "the job goes on without its Snakemake"
    assert "--unlock" in refused(torn, *members(0))
    torn.run("--unlock")
    orphan = begun(torn, 0)["job"]
    with torn.started(*members(0)) as started:
        waits = f"is being written by another job (Slurm job {orphan}"
        wait_until(lambda: waits in torn.log(0), 120, lambda: torn.log(0))
        torn.release(0)
        started.succeed()
        (second,) = started.jobs()
    # The second job waited for the last step of the first and found nothing left to do. Its log replaced the first's.
    assert resumed(torn, 0) == 200 and "step 200 of 200" not in torn.log(0)
    assert [entry["job"] for entry in torn.trainings(0) if entry["what"] == "end"] == [orphan, second.number]
    assert torn.member(0).exists() and not queue(torn)


def test_the_lock_of_a_dead_job_holds_nobody_up(torn: ClusterRun) -> None:
    torn.hold(0)
    lock = torn.member(0).with_name(".member-0.pt.lock")
    with torn.started(*members(0)) as started:
        has_checkpoint(torn, 0)
        started.signal(signal.SIGKILL)
        started.wait(10)
    # A death after which nobody can clean up.
    os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)
    wait_until(lambda: not queue(torn), 60, lambda: queue(torn))
    assert lock.exists()
    torn.run("--unlock")
    torn.release(0)
    torn.run(*members(0))
    assert "was left by a job that has ended" in torn.log(0)
    assert resumed(torn, 0) >= 20 and torn.member(0).exists() and not lock.exists()


def test_a_second_run_beside_the_first_is_refused(torn: ClusterRun) -> None:
    torn.hold(0)
    with torn.started(*members(0)) as started:
        begun(torn, 0)
        assert "no other Snakemake process" in refused(torn, *members(0))
        torn.release(0)
        started.succeed()
        assert [job.state for job in started.jobs()] == ["COMPLETED"]


def refused(run: ClusterRun, *arguments: str) -> str:
    """What a start says that is refused; no job may be submitted."""
    with run.started(*arguments) as second:
        assert second.wait(60) == 1
        assert "has been submitted" not in second.output() and "cannot be locked" in second.output()
        return second.output()


@pytest.fixture
def small_disk(torn: ClusterRun) -> Iterator[ClusterRun]:
    """The project with its results on a file system of 16 MB."""
    results = torn.path / "results"
    aside = torn.path / "aside"
    results.rename(aside)
    results.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", results], check=True, timeout=30)
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", results], check=True, timeout=30)
        yield torn
    finally:
        torn.cluster.cancel_all()
        subprocess.run(["umount", results], check=True, timeout=30)


def test_a_full_disk_loses_nothing_finished(small_disk: ClusterRun) -> None:
    run = small_disk
    run.run(*members(0))
    finished = run.member(0).read_bytes()
    filler = run.path / "results" / "filler"
    run.hold(1)
    with run.started("--retries", "0", *members(0, 1)) as started:
        has_checkpoint(run, 1)
        with suppress(OSError), open(filler, "wb", buffering=0) as stream:
            while stream.write(bytes(4096)):
                pass
        run.release(1)
        assert started.wait(200) == 1, started.output()
        (job,) = started.jobs()
        log = re.search(rf"{job.number} \(log: (\S+\.log)\)", started.output())
    assert log is not None
    message = Path(log[1]).read_text(encoding="utf-8")
    assert "the disk is full" in message and "Remedy: " in message, message
    assert run.member(0).read_bytes() == finished and not run.member(1).exists()
    assert not list(run.results.glob("members/*.part*")), "half-written files"
    filler.unlink()
    run.run(*members(0, 1))
    assert run.member(1).exists() and resumed(run, 1) >= 20
    assert run.member(0).read_bytes() == finished
    assert len(run.trainings(0)) == 2, "trained once: one begin, one end"
