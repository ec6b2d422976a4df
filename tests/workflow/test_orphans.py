"""Jobs that outlive a killed Snakemake, as they do on a cluster: the next run never writes beside them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.workflow.project import Project

TARGET = "results/tiny/members/member-0.pt"
CHECKPOINT = "results/tiny/members/member-0.checkpoint.pt"
LOG = "results/tiny/logs/train_member/0.log"
LOCK = "results/tiny/members/.member-0.pt.lock"
STEPS = 2000


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start Snakemake up to one member; the caller must see to its end."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "config.yaml", *arguments]
    return subprocess.Popen(
        [*command, "--", TARGET], cwd=project.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.05)


def log_of(project: Project) -> str:
    file = project.path / LOG
    return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.fixture
def orphan(fresh: Project) -> Iterator[tuple[Project, int]]:
    """A member whose Snakemake was killed while it was trained, and the number of its process, which stands still."""
    fresh.configure(training={"steps": STEPS, "patience": STEPS, "select_every": 100, "checkpoint_every": 100})
    snakemake = start(fresh)
    until((fresh.path / CHECKPOINT).exists)
    pid = json.loads((fresh.path / LOCK).read_text(encoding="utf-8"))["pid"]
    os.kill(pid, signal.SIGSTOP)
    snakemake.kill()
    snakemake.wait()
    fresh.snakemake("--unlock")
    yield fresh, pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert snakemake.stdout is not None
    snakemake.stdout.close()


def test_the_next_run_waits_for_a_job_that_is_still_at_it(orphan: tuple[Project, int]) -> None:
    project, pid = orphan
    second = start(project, "--rerun-incomplete")
    until(lambda: "is being written by another job" in log_of(project))
    os.kill(pid, signal.SIGCONT)
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0
    assert f"{TARGET} is being written by another job (process {pid} on" in said
    log = log_of(project)
    assert f"continuing from step {STEPS}" in log and "step 200 of" not in log, "trained twice"
    assert (project.path / TARGET).exists()
    assert not list(project.path.glob("results/tiny/**/.*.lock*"))


def test_the_next_run_takes_over_from_a_job_that_died(orphan: tuple[Project, int]) -> None:
    project, pid = orphan
    os.kill(pid, signal.SIGKILL)
    members = (project.path / CHECKPOINT).parent
    own, other = (members / f".member-{m}.checkpoint.pt.{pid}.part.pt" for m in (0, 1))
    for half_written in (own, other):
        half_written.write_bytes(b"half")
    done = project.snakemake("--rerun-incomplete", "--", TARGET)
    assert "left by a job that has ended" in done.stdout
    assert re.search(r"continuing from step [1-9]00 of", log_of(project))
    assert not own.exists() and other.exists()


def test_a_member_that_ended_unseen_is_not_trained_again(orphan: tuple[Project, int]) -> None:
    project, pid = orphan
    os.kill(pid, signal.SIGCONT)
    until(lambda: "done in" in log_of(project))
    project.snakemake("--rerun-incomplete", "--", TARGET)
    log = log_of(project)
    assert f"continuing from step {STEPS}" in log and "step 200 of" not in log, "trained twice"
