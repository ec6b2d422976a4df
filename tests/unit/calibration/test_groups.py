"""Which pixels share a correction."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from noisebound.calibration.groups import join_bins
from tests.unit.calibration.simulated import (
    fit_misjudged,
    misjudged_scan,
    write_sample,
)


def test_small_bins_are_joined() -> None:
    medians = np.arange(100, dtype=np.float32)
    edges = np.array([5, 10, 30, 60, 95], np.float32)
    assert join_bins(edges, medians, 20).tolist() == [30, 60]
    assert join_bins(edges, medians, 5).tolist() == [5, 10, 30, 60, 95]
    assert join_bins(edges, medians, 101).tolist() == []


def test_no_calibration_target_shapes_a_group(tmp_path: Path) -> None:
    """Edges are those of training pixels and join by predictions: other targets give the same groups."""
    files = misjudged_scan(tmp_path)
    sample = write_sample(tmp_path / "sample.npz", np.random.default_rng(1).uniform(0, 10, (3000, 2)))
    specs = []
    for _ in range(2):
        specs.append(fit_misjudged(files, tmp_path, sample=sample, groups="intensity").content["groups"])
        with h5py.File(files.scan, "r+") as scan:
            scan["reference"][...] = np.random.default_rng(2).permuted(scan["reference"][:], axis=1)
    assert specs[0] == specs[1]
