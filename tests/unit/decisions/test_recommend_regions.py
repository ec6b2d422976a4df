"""Decisions: known rectangles are found with their bounds; greedy boxes against brute force."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.core.errors import InputError
from noisebound.decisions.exceedance import exceedance
from noisebound.decisions.recommend_regions import rank_regions, recommend_regions, relative_width, remeasure_boxes
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from tests.unit.predicted_scan import write_predicted_scan

HIGH = {"name": "much Fe", "channel": "Fe", "above": 4.0, "confidence": 0.75}
LOW = {"name": "any Mg", "channel": "Mg", "above": -50.0, "confidence": 0.9}


def build(folder: Path, shape: tuple[int, ...] = (60, 80)) -> dict[str, Path]:
    """Fe is 1 but 8 and 6 in two rectangles; its interval is 2 wide but 6 in a corner; the reference is exact."""
    rng = np.random.default_rng(1)
    lead = shape[:-2]
    median = np.ones((1, 2, *shape)) + rng.uniform(-0.1, 0.1, (1, 2, *shape))
    median[0, 1, ..., 10:14, 20:40] = 6
    median[0, 1, ..., 30:40, 50:70] = 8
    half = np.ones_like(median)
    half[..., 40:60, 0:20] = 3
    zero = (0,) * len(lead)
    files = write_predicted_scan(
        folder,
        noisy=median.astype(np.float32),
        reference=median[0].astype(np.float32),
        reference_kind="measured",
        frames=(median - half, median, median + half),
        boxes=[Box("calibrate", (*zero, 0, 0), (*lead, 9, 80))],
        pixel_size=(2.0, 0.5, 0.25)[-len(shape) :],
        pixel_unit="nm",
    )
    paths = {name: folder / name for name in ("c.json", "d.h5", "d.tif", "r.csv", "r.tif")}
    fit_calibration(
        [files.ensemble],
        [files.scan],
        [files.regions],
        paths["c.json"],
        nominal=[0.9],
        primary=0.9,
        confidences=[0.75, 0.9],
    )
    calibrate_scan(files.ensemble, paths["c.json"], paths["d.h5"], paths["d.tif"])
    return paths | {"ensemble": files.ensemble}


def recommend(paths: dict[str, Path], exceed: list[dict[str, Any]], remeasure: Any) -> pd.DataFrame:
    recommend_regions(
        paths["d.h5"],
        paths["ensemble"],
        paths["c.json"],
        paths["r.csv"],
        paths["r.tif"],
        exceed=exceed,
        remeasure=remeasure,
    )
    return pd.read_csv(paths["r.csv"])


@pytest.mark.parametrize("shape", [(60, 80), (5, 60, 80)])
def test_known_rectangles_are_found_with_their_bounds(tmp_path: Path, shape: tuple[int, ...]) -> None:
    paths = build(tmp_path, shape)
    table = recommend(paths, [HIGH, LOW], {"size": 20, "count": 2})
    iron = table[table["name"] == "much Fe"]
    depth = 1 if len(shape) == 2 else shape[0]
    assert list(iron["rank"]) == [1, 2]
    assert list(iron["pixels"]) == [200 * depth, 80 * depth]
    assert iron[["y0_px", "y1_px", "x0_px", "x1_px"]].to_numpy().tolist() == [[30, 40, 50, 70], [10, 14, 20, 40]]
    assert iron[["y0", "y1", "x0", "x1"]].to_numpy().tolist() == [[15, 20, 12.5, 17.5], [5, 7, 5, 10]]
    volume = 0.125 if len(shape) == 2 else 0.25
    np.testing.assert_allclose(iron["area"], iron["pixels"] * volume)
    assert set(table["unit"]) == {f"nm^{len(shape)}"}
    if len(shape) == 3:
        assert set(zip(table["z0_px"], table["z1_px"], table["z0"], table["z1"], strict=True)) == {(0, 5, 0, 10)}
    # The reference equals the median and the calibrated intervals are 1 too wide each side: the bound is the median.
    np.testing.assert_allclose(iron["score"] / iron["pixels"], [4, 2], rtol=1e-5)
    corner = table[table["kind"] == "remeasure"].iloc[0]
    assert [corner[key] for key in ("y0_px", "y1_px", "x0_px", "x1_px")] == [40, 60, 0, 20]
    maps = tifffile.imread(paths["r.tif"])
    expected = np.zeros(shape, bool)
    expected[..., 10:14, 20:40] = expected[..., 30:40, 50:70] = True
    assert maps.dtype == np.uint8
    assert maps.shape == (2, *shape)
    np.testing.assert_array_equal(maps[0] == 2, expected)
    assert (maps[0][~expected] == 0).all()
    assert (maps[1] == 2).all()
    with tifffile.TiffFile(paths["r.tif"]) as tif:
        names = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]["Channel"]
    assert [name["Name"] for name in names] == ["much Fe", "any Mg"]


def test_bounds_against_threshold() -> None:
    lower = np.array([1, 3, 1, 3, 2], np.float32)
    upper = np.array([2, 5, 5, 2, 2], np.float32)
    np.testing.assert_array_equal(exceedance(lower, upper, 2.0), [0, 2, 1, 1, 0])


def test_no_entries_leave_an_undecided_map(tmp_path: Path) -> None:
    paths = build(tmp_path)
    table = recommend(paths, [], None)
    assert len(table) == 0
    assert list(table.columns[:3]) == ["kind", "name", "rank"]
    assert "x1" in table.columns
    maps = tifffile.imread(paths["r.tif"])
    assert maps.shape in {(60, 80), (1, 60, 80)}
    assert (maps == 1).all()


def test_unknown_channel_and_confidence_name_their_key(tmp_path: Path) -> None:
    paths = build(tmp_path)
    with pytest.raises(InputError, match=r"decisions.exceed\[1\].channel.*'Xx'.*Mg, Fe"):
        recommend(paths, [HIGH, HIGH | {"channel": "Xx"}], None)
    with pytest.raises(InputError, match=r"decisions.exceed.confidence.*0.6"):
        recommend(paths, [HIGH | {"confidence": 0.6}], None)
    with pytest.raises(InputError, match=r"decisions.exceed\[0\].*'above' is missing"):
        recommend(paths, [{key: HIGH[key] for key in ("name", "channel", "confidence")}], None)
    assert not paths["r.csv"].exists()
    assert not paths["r.tif"].exists()


def test_regions_connect_over_corners_and_rank_by_excess() -> None:
    above = np.zeros((6, 6), bool)
    above[0, 0] = above[1, 1] = above[4, 4] = True
    excess = np.full((6, 6), -7.0)
    excess[0, 0], excess[1, 1], excess[4, 4] = 1, 2, 5
    assert rank_regions(above, excess) == [
        {"score": 5.0, "pixels": 1, "bounds": [(4, 5), (4, 5)]},
        {"score": 3.0, "pixels": 2, "bounds": [(0, 2), (0, 2)]},
    ]
    assert rank_regions(np.zeros((3, 3), bool), excess[:3, :3]) == []


def test_widths_of_channels_are_added_in_units_of_their_ranges(tmp_path: Path) -> None:
    """Of four channels the third has no range and the fourth an interval without end: both say nothing."""
    random = np.random.default_rng(0)
    median = random.normal(size=(1, 4, 12, 14)) * np.array([1, 50, 0, 1]).reshape(4, 1, 1)
    half = random.uniform(1, 2, median.shape)
    files = write_predicted_scan(
        tmp_path,
        noisy=median,
        reference=None,
        reference_kind="none",
        frames=(median - half, median, median + half),
        boxes=[],
        channels=["thin", "thick", "flat", "open"],
    )
    with h5py.File(files.ensemble, "r+") as file:
        file["upper"][3, 5, 6] = np.inf
    with Predictions(files.ensemble) as images:
        found = relative_width(images)
    ranges = [np.subtract(*np.quantile(median[0, c], [0.95, 0.05])) for c in (0, 1)]
    np.testing.assert_allclose(found, sum(2 * half[0, c] / ranges[c] for c in (0, 1)), rtol=1e-4)


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=3), st.integers(1, 5), st.integers(0, 4), st.integers(0, 2**32 - 1)
)
@settings(max_examples=80, deadline=None)
def test_greedy_boxes_equal_brute_force(shape: list[int], size: int, count: int, seed: int) -> None:
    need = np.random.default_rng(seed).uniform(0, 1, shape)
    sides = [min(size, extent) for extent in shape]
    corners = itertools.product(*[range(extent - side + 1) for extent, side in zip(shape, sides, strict=True)])
    candidates = {c: need[tuple(slice(a, a + s) for a, s in zip(c, sides, strict=True))].mean() for c in corners}
    expected = []
    while candidates and len(expected) < count:
        best = max(candidates, key=lambda c: candidates[c])
        expected.append((best, candidates[best]))
        candidates = {
            c: v for c, v in candidates.items() if any(abs(a - b) >= s for a, b, s in zip(c, best, sides, strict=True))
        }
    got = remeasure_boxes(need, size, count)
    assert [tuple(start for start, _ in box["bounds"]) for box in got] == [corner for corner, _ in expected]
    np.testing.assert_allclose([box["score"] for box in got], [score for _, score in expected])
    assert all([stop - start for start, stop in box["bounds"]] == sides for box in got)
