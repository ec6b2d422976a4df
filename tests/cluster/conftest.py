"""One cluster for all tests, a whole run, and a project whose scans are read and whose networks are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.runs import ClusterRun, Job, new_run
from tests.cluster.slurm import Cluster, missing, wait_until

MEMBERS = 5
SCANS = {"field": "split", "fresh": "apply"}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster; the tests fail, and never skip, where none can be started."""
    why_not = missing()
    if why_not:
        pytest.fail(why_not, pytrace=False)
    with Cluster() as running:
        yield running
    assert not running.leftovers()
    assert not running.folder.exists()


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> tuple[ClusterRun, list[Job]]:
    """A whole run, during which the scan "late" arrives, and the jobs that it submitted; not to be changed."""
    run = new_run(tmp_path_factory.mktemp("whole") / "project", cluster, SCANS, MEMBERS)
    with run.started() as started:
        wait_until(lambda: run.trainings(0), 400, started.output)
        run.project.register("late", "apply", seed=11)
        started.succeed(900)
        return run, started.jobs()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> ClusterRun:
    """A project in which everything before the training is done; not to be changed."""
    training = {"steps": 200, "checkpoint_every": 20, "select_every": 50, "patience": 200}
    run = new_run(
        tmp_path_factory.mktemp("prepared") / "project",
        cluster,
        SCANS,
        members=5,
        memory=0.25,  # so that a job that wants more than it may have does not want it of this machine
        training=training,
    )
    run.project.snakemake(
        "--",
        *(f"results/tiny/roles/{stage}.json" for stage in ("train", "calibrate", "test")),
        "results/tiny/scans/fresh.h5",
        *(f"results/tiny/architectures/member-{member}.json" for member in range(5)),
    )
    return run


@pytest.fixture
def torn(prepared: ClusterRun, tmp_path: Path) -> Iterator[ClusterRun]:
    """A copy of the prepared project; its jobs are gone afterwards."""
    yield prepared.copy(tmp_path / "project")
    prepared.cluster.cancel_all()
