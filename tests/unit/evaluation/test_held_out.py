"""Held-out regions in memory."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.evaluation.held_out import border_distance, held_out_intervals, load_held_out
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import fit
from tests.unit.evaluation.simulated import SHAPE, TEST, run, select, simulate


def test_in_a_montage_the_border_is_that_of_each_image(tmp_path: Path) -> None:
    boxes = [
        Box("calibrate", (0, 0), (48, 20)),
        *(Box("test", (y, x), (y + 8, x + 8)) for y in (4, 28) for x in (24, 44)),
    ]
    files = simulate(tmp_path, boxes=boxes)
    _, apart, _ = run(tmp_path, [files])
    _, tables, _ = run(tmp_path, [files], montages=["s"])
    rows = select(tables["by_border"], channel="Mg", nominal=0.9)
    # An image of 8 x 8 px has 28 pixels on its border, 20 beside these, then 16; five frames of four images.
    assert dict(zip(rows["distance"], rows["n_pixels"], strict=True)) == {"0": 560, "1": 400, "2-3": 320}
    assert "0" not in set(apart["by_border"]["distance"]), "no box touches the border of the plane"


def test_the_border_is_the_nearest_edge_of_the_image() -> None:
    box = Box("test", (2, 0), (5, 3))
    assert border_distance((6, 9), box).tolist() == [[0, 1, 2], [0, 1, 2], [0, 1, 1]]


@pytest.mark.parametrize("only_delivered", [False, True])
def test_regions_hold_what_the_files_hold(tmp_path: Path, only_delivered: bool) -> None:
    files = simulate(tmp_path)
    labels = np.random.default_rng(0).integers(0, 3, SHAPE).astype(np.uint8)
    tifffile.imwrite(tmp_path / "s.tif", labels)
    with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
        regions = load_held_out(predictions, scan, TEST, tmp_path / "s.tif", 8, only_delivered)
        plain = load_held_out(predictions, scan, TEST, None, 8)
    frames = (1,) if only_delivered else (0, 1, 2, 3, 4)
    with h5py.File(files.ensemble) as ensemble, h5py.File(files.scan) as file:
        noisy, members = file["noisy"][:].astype(np.float64), ensemble["members/median"][:]
        median = ensemble["frames/median"][:]
    target = (noisy.sum(0) - noisy) / 4
    for region, box in zip(regions, TEST, strict=True):
        where = (slice(None), slice(None), *box.slices)
        assert (region.scan, region.field, region.frames) == ("s", "scan s", frames)
        assert region.frames[region.delivered] == 1
        np.testing.assert_array_equal(region.median, np.moveaxis(median[list(frames)][where], 0, 1))
        np.testing.assert_allclose(region.target, np.moveaxis(target[list(frames)][where], 0, 1), rtol=1e-6)
        assert region.noise is not None and region.members is not None and region.tokens is not None
        # Counts have their mean as variance, and the target is the mean of four frames.
        np.testing.assert_allclose(region.noise, region.target / 4, rtol=1e-6)
        np.testing.assert_array_equal(region.members, members[where])
        np.testing.assert_array_equal(region.tokens, labels[box.slices])
        assert region.truth is None
        assert sorted(np.unique(region.blocks)) == list(range(region.n_blocks))
    assert all(region.tokens is None for region in plain)


def test_intervals_are_those_that_are_delivered_ties_and_all(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    fitted = fit(files, tmp_path / "c.json", nominal=[0.5, 0.9], primary=0.9, ties="random", counts=True)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
        regions = load_held_out(predictions, scan, TEST, None, 8)
    with Predictions(tmp_path / "d.h5") as denoised:
        for nominal in (0.5, 0.9):
            low, high = denoised.read_interval(nominal)
            for region, box in zip(regions, TEST, strict=True):
                found = held_out_intervals(region, fitted, nominal)
                where = (slice(None), *box.slices)
                np.testing.assert_array_equal(found.low[:, region.delivered], low[where])
                np.testing.assert_array_equal(found.high[:, region.delivered], high[where])
                counted = found.below.astype(int) + found.above + found.covered
                assert (counted == 1).all()
                assert (found.width >= 0).all()
