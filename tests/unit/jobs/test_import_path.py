"""Jobs find the project's own library first, however often the workflow is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from noisebound.jobs.import_path import import_from


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library of a project in the working folder, with a package of its own."""
    library = tmp_path / "project" / "lib"
    (library / "noisebound_example").mkdir(parents=True)
    (library / "noisebound_example" / "__init__.py").write_text("print('own')\n")
    monkeypatch.chdir(tmp_path / "project")
    return library


def test_the_own_library_comes_before_any_other(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "noisebound_example"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("print('other')\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", str(other.parent), "/nowhere"])}
    import_from(project, environment)
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(project), str(other.parent), "/nowhere"]
    command = [sys.executable, "-c", "import noisebound_example"]
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == "own\n"


def test_doing_it_again_changes_nothing(project: Path) -> None:
    environment = {"PYTHONPATH": "/other"}
    import_from(project, environment)
    once = dict(environment)
    import_from(project, environment)
    assert environment == once
    assert "APPTAINER_BIND" not in once, "what lies in the working folder is shown anyway"


def test_containers_are_shown_a_library_elsewhere_beside_what_the_user_binds(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    environment = {"APPTAINER_BIND": "/data,/scratch:/tmp"}
    for _ in range(2):
        import_from(project, environment)
        assert environment["APPTAINER_BIND"] == f"/data,/scratch:/tmp,{project}:{project}:ro"
        assert environment["NOISEBOUND_LIBRARY"] == str(project)
