"""One finished tiny run for all processes in which the tests of faults run."""

from __future__ import annotations

import pytest
from filelock import FileLock

from tests.workflow.project import Project, create


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """A tiny run that went through every step for real; not to be changed."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    folder, done = shared / "finished" / "project", shared / "finished.done"
    with FileLock(f"{done}.lock"):
        if done.exists():
            return Project(folder)
        project = create(folder)
        project.snakemake()
        done.touch()
    return project
