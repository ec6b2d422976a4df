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
# What surrounds every step and changes no result.
AROUND = ("jobs.step", "jobs.log", "jobs.output_lock", "jobs.processes", "jobs.gpu_places", "jobs.records")
# They describe the records themselves.
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
    rooms = [room for room in rooms_of(script_of(step)) if not room.startswith("jobs.")]
    found = {named(path) for path in library_modules(*rooms)}
    assert len(found) > 3
    assert not found & set(AROUND) or step in ABOUT_RECORDS


@pytest.mark.parametrize("room", ["scans.tiff", "scans.hdf5", "scans.readers", "scans.metadata", "scans.acquisition"])
def test_what_reads_files_belongs_to_the_ingest_alone(room: str) -> None:
    with_it = {step for step in steps() if room in map(named, library_modules(*_rooms_in_digest(step)))}
    assert with_it == {"ingest_scan"}


def _rooms_in_digest(step: str) -> list[str]:
    return [room for room in rooms_of(script_of(step)) if not room.startswith("jobs.")]


def test_reading_the_workflow_loads_no_heavy_library() -> None:
    rules = (ROOT / "workflow" / "rules" / "common.smk").read_text(encoding="utf-8")
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
