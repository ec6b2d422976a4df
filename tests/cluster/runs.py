"""Snakemake on the test cluster: started as a user does, watched, interrupted, and asked afterwards what it did."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.cluster.slurm import Cluster, wait_until
from tests.workflow.project import ROOT, Project, create

HERE = Path(__file__).parent
PROFILE = ("--profile", "slurm", "--configfile", "config.yaml")


@dataclass(frozen=True)
class Job:
    """One submission, as Slurm tells it afterwards."""

    number: str
    state: str
    partition: str
    nodes: str
    gpus: int
    memory: int  # MB
    minutes: int
    comment: str

    @property
    def step(self) -> str:
        """Name of the rule, or the names of those of a group."""
        return self.comment.removeprefix("rule_").partition("_wildcards_")[0]

    @property
    def wildcards(self) -> str:
        return self.comment.partition("_wildcards_")[2]


@dataclass
class Started:
    """Snakemake while it runs and after it has ended."""

    process: subprocess.Popen[bytes]
    log: Path
    cluster: Cluster

    def output(self) -> str:
        """What Snakemake has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float = 300) -> int:
        """Exit status; the whole process group is killed after so many seconds, and the test fails."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_group()
            raise AssertionError(f"Snakemake did not end within {seconds} s:\n{self.output()[-4000:]}") from None

    def succeed(self, seconds: float = 300) -> str:
        """Wait, fail the test unless the run succeeded, and return what was printed."""
        assert self.wait(seconds) == 0, self.output()[-6000:]
        return self.output()

    def signal(self, number: int) -> None:
        """Send a signal to Snakemake itself, not to its children, as ``kill`` does."""
        self.process.send_signal(number)

    def kill_group(self) -> None:
        """End Snakemake and its children, whatever they are doing."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def jobs(self) -> list[Job]:
        """All submissions of this start, in their order."""
        run = re.search(r"SLURM run ID: (\S+)", self.output())
        if run is None:
            return []
        form = "%i|%T|%P|%N|%m|%l|%k"
        text = self.cluster.command(
            "squeue", "--states=all", "--noheader", "--sort=i", f"--name={run[1]}", f"--format={form}"
        )
        found = []
        for line in text.splitlines():
            number, state, partition, nodes, memory, limit, comment = line.split("|", 6)
            details = self.cluster.command("scontrol", "show", "job", number)
            gpus = re.search(r"gres:gpu:(\d+)", details)
            found.append(
                Job(
                    number,
                    state,
                    partition,
                    nodes,
                    int(gpus[1]) if gpus else 0,
                    _megabytes(memory),
                    _minutes(limit),
                    comment,
                )
            )
        return found

    def wait_for(self, text: str, seconds: float = 120) -> None:
        """Wait until Snakemake has printed ``text``."""
        wait_until(lambda: text in self.output(), seconds, lambda: f"no {text!r} in:\n{self.output()[-3000:]}")


@dataclass(frozen=True)
class ClusterRun:
    """A small project on the test cluster."""

    project: Project
    cluster: Cluster

    @property
    def path(self) -> Path:
        return self.project.path

    @property
    def results(self) -> Path:
        return self.path / "results" / "tiny"

    @contextmanager
    def started(self, *arguments: str) -> Iterator[Started]:
        """``snakemake --profile slurm`` with further arguments; it and its jobs are gone when the block ends."""
        log = self.path / f"snakemake-{time.monotonic_ns()}.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *PROFILE, *arguments],
                cwd=self.path,
                env=self.cluster.environment() | {"PYTHONPATH": str(HERE / "quick"), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Whoever starts the tests in the background of a script has them, and all their children, ignore it.
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            )
        started = Started(process, log, self.cluster)
        try:
            yield started
        finally:
            started.kill_group()

    def run(self, *arguments: str, seconds: float = 300) -> str:
        """Run to the end; fails the test unless the run succeeds."""
        with self.started(*arguments) as started:
            return started.succeed(seconds)

    def copy(self, path: Path) -> ClusterRun:
        return ClusterRun(self.project.copy(path), self.cluster)

    def fault(self, job: int | str, kind: str, value: Any = True) -> None:
        """Let a fault happen in one job, as ``faults.py`` says; a number is the member that the job trains."""
        file = self.path / "faults" / f"{job}-{kind}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(value))

    def hold(self, *members: int) -> None:
        """Let the trainings of these members stand still at step 30, after their first checkpoint."""
        for member in members:
            self.fault(member, "hold", 30)

    def release(self, *members: int) -> None:
        """Let them go on, now and in further jobs."""
        for member in members:
            (self.path / "faults" / f"{member}-hold.json").unlink()

    def trainings(self, member: int | str) -> list[dict[str, Any]]:
        """What each job that trained the member saw: Slurm's number, node, GPU, time of start and, if any, of end."""
        file = self.path / "faults" / f"{member}.jobs"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def steps(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The same for all steps but trainings, each with its rule and its wildcard."""
        found = []
        for file in sorted((self.path / "faults").glob("*.jobs")):
            rule, _, wildcard = file.stem.partition("-")
            found += [(rule, wildcard, entry) for entry in self.trainings(file.stem) if not rule.isdecimal()]
        return found

    def member(self, number: int) -> Path:
        return self.results / "members" / f"member-{number}.pt"

    def log(self, member: int) -> str:
        """Log of the step that trains a member."""
        file = self.results / "logs" / "train_member" / f"{member}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""


def new_run(
    path: Path, cluster: Cluster, scans: dict[str, str], members: int, memory: float = 1.0, **sections: Any
) -> ClusterRun:
    """A project with synthetic scans and the profile of this repository, whose steps can be made to fail."""
    project = create(path, scans)
    shutil.copytree(ROOT / "slurm", path / "slurm")
    project.configure(
        architecture={"members": members},
        cluster={"gpu_partition": "gpu", "cpu_partition": "cpu", "memory": memory},
        **sections,
    )
    for script in (path / "workflow" / "scripts").glob("*.py"):
        script.write_text(f"import faults\n\nfaults.strike(snakemake)\n{script.read_text()}")
    shutil.copy2(HERE / "faults.py", path / "workflow" / "lib")
    return ClusterRun(project, cluster)


def members(*numbers: int) -> list[str]:
    """Arguments that ask for these members only; the last ones of a command."""
    return ["--", *(f"results/tiny/members/member-{number}.pt" for number in numbers)]


def _megabytes(text: str) -> int:
    factor = {"M": 1, "G": 1024, "T": 1024**2}[text[-1]]
    return round(float(text[:-1]) * factor)


def _minutes(text: str) -> int:
    """From Slurm's [days-]hours:minutes:seconds, where leading parts are left out."""
    days, _, rest = text.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    while len(parts) < 3:
        parts.insert(0, 0)
    return (int(days or 0) * 24 + parts[0]) * 60 + parts[1]
