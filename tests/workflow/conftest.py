"""One finished tiny run per session; every test works on a copy of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.project import Project, create


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A tiny run that went through every step for real; not to be changed."""
    project = create(tmp_path_factory.mktemp("finished") / "project")
    project.snakemake()
    return project


@pytest.fixture
def run(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished run."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """The project before anything ran."""
    return create(tmp_path / "project")
