"""Measurements leave the tables of the project alone, unless a full run is asked to replace them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import calibration_study, destination, run
from benchmarks.calibration_study import Study
from noisebound.core.storage import write_text

ROOT = Path(__file__).parents[3]
TABLES = {"RESULTS.md": Path("benchmarks/RESULTS.md"), "calibration-study.md": Path("docs/calibration-study.md")}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the two tables, in which both measurements take no time."""
    for table in TABLES.values():
        write_text(tmp_path / table, "the full run's")
    monkeypatch.setattr(destination, "PROJECT", tmp_path)
    monkeypatch.setattr(run, "RESULTS", tmp_path / TABLES["RESULTS.md"])
    monkeypatch.setattr(calibration_study, "PAGE", tmp_path / TABLES["calibration-study.md"])
    monkeypatch.setattr(run, "measure", lambda quick, readme: f"quick: {quick}, [README]({readme})")
    tiny = Study(data_sets=3, calibrate=(1, 30), judged=20, nominal=(0.9,), promises=0)
    monkeypatch.setattr(calibration_study, "QUICK", tiny)
    monkeypatch.setattr(calibration_study, "Study", lambda: tiny)
    return tmp_path


Main = Callable[[list[str]], None]
mains = pytest.mark.parametrize(
    ("main", "name"), [(run.main, "RESULTS.md"), (calibration_study.main, "calibration-study.md")]
)


@mains
@pytest.mark.parametrize("arguments", [[], ["--quick"]], ids=["full", "quick"])
def test_a_run_writes_into_the_ignored_folder_and_says_where(
    project: Path, main: Main, name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments)
    written = project / "results" / "benchmark" / name
    assert written.read_text() and str(written) in capsys.readouterr().err
    assert [(project / table).read_text() for table in TABLES.values()] == ["the full run's"] * 2
    assert ("quick" in written.read_text().lower().replace("quick: false", "")) == (arguments == ["--quick"])


@mains
def test_only_a_full_run_replaces_the_table_when_asked_to(project: Path, main: Main, name: str) -> None:
    main(["--update"])
    assert (project / TABLES[name]).read_text() != "the full run's"
    assert not (project / "results").exists()


@mains
@pytest.mark.parametrize(
    "arguments", [["--quick", "--update"], ["--output", "TABLE"], ["--quick", "--output", "TABLE"]]
)
def test_nothing_else_does(
    project: Path, main: Main, name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    table = project / TABLES[name]
    with pytest.raises(SystemExit):
        main([str(table) if argument == "TABLE" else argument for argument in arguments])
    assert str(TABLES[name]) in capsys.readouterr().err and table.read_text() == "the full run's"


def test_the_page_of_a_local_run_leads_to_the_project(project: Path) -> None:
    run.main([])
    text = (project / "results" / "benchmark" / "RESULTS.md").read_text()
    assert "[README](../../benchmarks/README.md)" in text


def test_the_folder_is_ignored_and_the_targets_pass_the_options_on(tmp_path: Path) -> None:
    """As a user would: in a copy of what git tracks, of which a quick run changes no byte."""
    ignored = shutil.ignore_patterns("__pycache__", ".venv*", "*.png")
    for folder in ("benchmarks", "docs", "requirements", "workflow/lib"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("Makefile", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / file, tmp_path / file)
    before = digests(tmp_path)
    code = (
        "from benchmarks import calibration_study as study\n"
        "study.QUICK = study.Study(data_sets=3, calibrate=(1, 30), judged=20, nominal=(0.9,), promises=0)\n"
        "study.main(['--quick'])\n"
    )
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "QUICK", "UPDATE")}
    environment |= {"PYTHONPATH": f"{tmp_path}{os.pathsep}{tmp_path / 'workflow' / 'lib'}"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True)
    after = digests(tmp_path)
    assert after.keys() - before.keys() == {"results/benchmark/calibration-study.md"}
    assert {name: after[name] for name in before} == before
    assert "results/" in (tmp_path / ".gitignore").read_text().splitlines()
    for variables, options in [((), ""), (("QUICK=1",), "--quick"), (("UPDATE=1",), "--update")]:
        for target in ("benchmark", "calibration-study"):
            command = ["make", "--dry-run", target, *variables]
            done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
            (line,) = (line for line in done.stdout.splitlines() if "python -m benchmarks." in line)
            assert line.partition("python -m ")[2].split()[1:] == options.split()


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
