"""Totals of raw frames over labels, and how often their intervals hold the noiseless total."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson

from noisebound.files.frame_totals import frame_totals, poisson_interval
from noisebound.files.scan import Scan
from tests.unit.predicted_scan import write_predicted_scan


def scan_of(folder: Path, noisy: np.ndarray, counts: bool) -> Scan:
    empty = np.zeros((1, *noisy.shape[1:]))
    files = write_predicted_scan(
        folder,
        noisy=noisy,
        reference=None,
        reference_kind="none",
        frames=(empty, empty, empty),
        boxes=[],
        counts=counts,
    )
    return Scan(files.scan)


@pytest.mark.parametrize("shape", [(30, 41), (4, 20, 17)])
def test_totals_are_the_mean_over_the_frames_that_were_not_denoised(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    noisy = rng.poisson(3, (4, 2, *shape)).astype(np.uint16)
    labels = rng.integers(0, 5, shape)
    labels[labels == 3] = 0
    with scan_of(tmp_path, noisy, counts=True) as scan:
        found = frame_totals(scan, labels, 5, denoised=2)
    assert (found.frames, found.independent) == (3, True)
    for label in (0, 1, 2, 4):
        sums = noisy[[0, 1, 3]][:, :, labels == label].sum(axis=(0, 2))
        np.testing.assert_allclose(found.total[label], sums / 3)
        np.testing.assert_allclose(found.low[label], np.array(poisson_interval(sums)[0]) / 3)
        np.testing.assert_allclose(found.high[label], np.array(poisson_interval(sums)[1]) / 3)
    assert np.isnan([found.total[3], found.low[3], found.high[3]]).all()


@pytest.mark.parametrize("counts", [True, False])
def test_the_frame_that_labels_were_drawn_into_tells_no_error(tmp_path: Path, counts: bool) -> None:
    noisy = np.random.default_rng(2).poisson(3, (1, 2, 20, 20))
    with scan_of(tmp_path, noisy, counts=counts) as scan:
        found = frame_totals(scan, np.zeros((20, 20), int), 1, denoised=0)
    assert (found.frames, found.independent) == (1, False)
    np.testing.assert_array_equal(found.total[0], noisy[0].sum(axis=(1, 2)))
    assert np.isnan(found.low).all() and np.isnan(found.high).all()


def test_the_interval_of_intensities_holds_the_true_total_in_95_of_100(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(400).reshape(20, 20).repeat(2, axis=0)
    noisy = 5 + rng.normal(size=(4, 2, 40, 20))
    with scan_of(tmp_path, noisy, counts=False) as scan:
        found = frame_totals(scan, labels, 400, denoised=0)
    holds = (found.low <= 10) & (found.high >= 10)
    assert holds.mean() == pytest.approx(0.95, abs=0.025)


def test_the_interval_of_counts_is_exact() -> None:
    """Garwood's interval: 0 counts leave up to 3.69 open, and no mean is left out by more than 5 %."""
    low, high = poisson_interval([0, 1, 100])
    np.testing.assert_allclose(low, [0, 0.0253, 81.36], rtol=1e-3)
    np.testing.assert_allclose(high, [3.689, 5.572, 121.6], rtol=1e-3)
    n = np.arange(400)
    low, high = poisson_interval(n)
    for mean in (0.1, 1.3, 7.7, 42.0, 150.0):
        held = poisson.pmf(n, mean)[(low <= mean) & (mean <= high)].sum()
        assert 0.95 - 1e-9 <= held <= 1
    many = poisson_interval(40_000)
    np.testing.assert_allclose([40_000 - many[0], many[1] - 40_000], 1.96 * 200, rtol=0.01)


def test_counts_that_scatter_more_than_poisson_counts_get_the_interval_over_frames(tmp_path: Path) -> None:
    """A dose that differs by 5 % from frame to frame: the exact Poisson interval would hold in 4 of 10."""
    rng = np.random.default_rng(4)
    labels = np.zeros((40, 40), int)
    holds = []
    for trial in range(60):
        dose = 1 + 0.05 * rng.normal(size=(7, 1, 1, 1))
        noisy = rng.poisson(4 * dose, (7, 2, 40, 40)).astype(np.uint16)
        with scan_of(tmp_path / str(trial), noisy, counts=True) as scan:
            found = frame_totals(scan, labels, 1, denoised=0)
        holds.append(found.low[0, 0] <= 4 * 1600 <= found.high[0, 0])
    assert np.mean(holds) >= 0.85
