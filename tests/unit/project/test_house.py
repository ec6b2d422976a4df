"""The library is a house: packages on levels, imports that only go down, and a door of its own for every rule."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import noisebound
from noisebound.jobs.digests import library_modules
from tests.imports import imported_packages, rooms_of
from tests.software import ROOT, script_of, steps

LIBRARY = Path(noisebound.__file__).parent
FILES = sorted(path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py")
ROOMS = [".".join(path.relative_to(LIBRARY).with_suffix("").parts) for path in FILES]
PACKAGES = sorted(path.parent for path in LIBRARY.rglob("__init__.py") if path.parent != LIBRARY)
# What this step shows are the records of the jobs.
ABOUT_RECORDS = {"describe_run"}


def needs(room: str) -> set[str]:
    """Packages that a room needs, itself or through the rooms below it."""
    return set().union(*(imported_packages(path) for path in library_modules(room)))


def named(path: Path) -> str:
    return ".".join(path.relative_to(LIBRARY).with_suffix("").parts)


def test_there_are_rooms() -> None:
    assert len(ROOMS) > 100 and len(PACKAGES) > 15


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_knows_the_workflow_engine(room: str) -> None:
    assert "snakemake" not in imported_packages(LIBRARY / f"{room.replace('.', '/')}.py")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_opens_with_a_table_of_contents_alone(package: Path) -> None:
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    assert len(tree.body) == 1, "an import here would be loaded whenever the workflow is read"
    contents = ast.get_docstring(tree) or ""
    listed = {line.split()[0] for line in contents.splitlines() if line.startswith("    ") and line[4] != " "}
    assert listed == {path.stem for path in package.glob("*.py") if path.stem != "__init__"}


def test_no_room_stands_above_itself() -> None:
    below = {room: {named(path) for path in library_modules(room)} - {room} for room in ROOMS}
    circles = [(a, b) for a in ROOMS for b in below[a] if a in below.get(b, ())]
    assert not circles


@pytest.mark.parametrize("step", steps())
def test_every_rule_has_one_door_of_its_name(step: str) -> None:
    doors = [room for room in ROOMS if room.rpartition(".")[2] == step]
    assert len(doors) == 1
    assert doors[0] in rooms_of(script_of(step))
    door = ast.parse((LIBRARY / f"{doors[0].replace('.', '/')}.py").read_text(encoding="utf-8"))
    assert step in {node.name for node in door.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("step", steps())
def test_what_surrounds_a_step_belongs_to_no_digest(step: str) -> None:
    """Locks, logs, records and places on a GPU: package jobs."""
    found = {named(path) for path in library_modules(*_rooms_in_digest(step))}
    assert len(found) > 3
    assert not any(room.startswith("jobs.") for room in found) or step in ABOUT_RECORDS


@pytest.mark.parametrize("room", ["scans.tiff", "scans.hdf5", "scans.readers", "scans.metadata", "scans.acquisition"])
def test_what_reads_files_belongs_to_the_ingest_alone(room: str) -> None:
    with_it = {step for step in steps() if room in map(named, library_modules(*_rooms_in_digest(step)))}
    assert with_it == {"ingest_scan"}


def _rooms_in_digest(step: str) -> list[str]:
    return [room for room in rooms_of(script_of(step)) if not room.startswith("jobs.")]


def test_reading_the_workflow_loads_no_heavy_library() -> None:
    files = [ROOT / "workflow" / "rules" / "common.smk", ROOT / "workflow" / "remembered.smk"]
    rules = "".join(file.read_text(encoding="utf-8") for file in files)
    rooms = [line.split()[1] for line in rules.splitlines() if line.startswith("from noisebound.")]
    assert len(rooms) > 5
    code = f"import json, sys, {', '.join(rooms)}; print(json.dumps(list({{n.split('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    at_start = subprocess.run(
        [sys.executable, "-c", "import json, sys; print(json.dumps(list({n.split('.')[0] for n in sys.modules})))"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout)) - set(json.loads(at_start.stdout))
    assert loaded - set(sys.stdlib_module_names) <= {"noisebound", "yaml", "_yaml", "cython_runtime"} | {
        n for n in loaded if n.startswith("_cython_")
    }


@pytest.mark.parametrize(
    "room",
    [
        *("architecture.draw_architecture", "calibration.calibrate_scan", "calibration.fit_calibration"),
        *("decisions.recommend_regions", "drift.check_drift", "drift.fit_drift", "evaluation.evaluate"),
        *("structure.fit_tokens", "structure.segment_scan", "report.report_scan", "regions.assign_regions"),
    ],
)
def test_steps_without_networks_need_none(room: str) -> None:
    assert not needs(room) & {"torch", "numba"}


@pytest.mark.parametrize(
    "way",
    [
        ("core.errors", "files.scan", "training.patches", "training.train_member", "search.train_trial"),
        ("core.errors", "files.predictions", "calibration.pixels", "calibration.fit_calibration"),
    ],
    ids=["training", "calibration"],
)
def test_the_order_of_the_rooms_is_the_way_of_the_data(way: tuple[str, ...]) -> None:
    for lower, upper in pairwise(way):
        assert lower in map(named, library_modules(upper))
        assert upper not in map(named, library_modules(lower))


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests_of_its_own(room: str) -> None:
    package, _, module = room.rpartition(".")
    file = ROOT / "tests" / "unit" / package / f"test_{module}.py"
    assert file.is_file(), f"write the tests of {room} in {file}"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in tree.body)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_fits_on_a_few_screens(room: str) -> None:
    """Argument parsers are as long as what they parse."""
    text = (LIBRARY / f"{room.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name != "_parser":
            assert (node.end_lineno or 0) - node.lineno < 60, f"{room}.{node.name}"


def test_every_folder_of_the_library_is_a_package() -> None:
    """What lies in another folder is seen neither by the contracts on imports nor by type checks."""
    folders = {path.parent for path in FILES}
    assert all((folder / "__init__.py").is_file() for folder in folders)
    assert folders == {LIBRARY, *PACKAGES}


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_by_a_text(room: str) -> None:
    """Neither the contracts on imports nor the digests of the code would see it."""
    tree = ast.parse((LIBRARY / f"{room.replace('.', '/')}.py").read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"__import__", "import_module", "importlib.import_module", "exec", "eval"}
