"""The library is a house of rooms: imports go one way, and what reads the workflow stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import noisebound
from noisebound.digests import library_modules
from tests.imports import imported_packages

ROOMS = Path(noisebound.__file__).parent
NAMES = sorted(path.stem for path in ROOMS.glob("*.py") if path.stem != "__init__")


def needs(room: str) -> set[str]:
    """Packages that a room needs, itself or through the rooms below it."""
    return set().union(*(imported_packages(path) for path in library_modules(room)))


@pytest.mark.parametrize("room", NAMES)
def test_no_room_knows_the_workflow_engine(room: str) -> None:
    assert "snakemake" not in imported_packages(ROOMS / f"{room}.py")


def test_no_room_stands_above_itself() -> None:
    below = {room: {path.stem for path in library_modules(room)} - {room, "__init__"} for room in NAMES}
    circles = [(a, b) for a in NAMES for b in below[a] if a in below[b]]
    assert not circles


def test_reading_the_workflow_loads_no_heavy_library() -> None:
    code = (
        "import sys, noisebound.digests, noisebound.errors, noisebound.settings, noisebound.sheet; "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & {"numpy", "torch", "numba", "scipy", "h5py", "tifffile", "pandas", "sklearn", "skimage"}


@pytest.mark.parametrize(
    "room",
    ["architecture", "calibration", "calibration_fit", "conformal", "decisions", "drift", "structure", "evaluation"],
)
def test_steps_after_the_networks_need_none(room: str) -> None:
    assert not needs(room) & {"torch", "numba"}


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("training", "network"),
        ("network", "architecture"),
        ("ensemble", "training"),
        ("ensemble", "tiling"),
        ("training", "regions"),
        ("regions", "scans"),
        ("execution", "direct"),
        ("calibration_fit", "calibration_words"),
        ("calibration_fit", "calibration_corrections"),
        ("calibration_words", "calibration_pixels"),
        ("calibration_corrections", "calibration_pixels"),
        ("calibration_corrections", "conformal"),
        ("calibration_pixels", "calibration"),
        ("calibration", "pixel_groups"),
    ],
)
def test_the_order_of_the_rooms(upper: str, lower: str) -> None:
    assert ROOMS / f"{lower}.py" in library_modules(upper)
    assert ROOMS / f"{upper}.py" not in library_modules(lower)
