"""The estimated mean raked to the counts of blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from noisebound.calibration import raking
from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.raking import block_totals, factors_at, rake_factors
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from tests.unit.calibration.simulated import fit_counts, poisson_scan


@pytest.mark.parametrize("shape", [(70, 95), (40, 20, 66)])
def test_block_totals_equal_those_of_whole_images(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    counts, means = rng.poisson(2, (2, *shape)).astype(np.float32), rng.random((2, *shape)).astype(np.float32)
    slabs = raking.slabs

    def thin(shape: tuple[int, ...], channels: int) -> Any:
        return slabs(shape, channels, budget=1)

    monkeypatch.setattr(raking, "slabs", thin)
    found = block_totals(lambda region: (counts[:, *region], means[:, *region]), shape, 2)
    parts = [np.array_split(np.arange(extent), max(1, round(extent / 32))) for extent in shape]
    for image, totals in zip((counts, means), found, strict=True):
        assert totals.shape == (2, *map(len, parts))
        np.testing.assert_allclose(totals.sum(axis=tuple(range(1, image.ndim))), image.reshape(2, -1).sum(1), rtol=1e-5)
        edges = [
            np.cumsum([0, *[round((i + 1) * e / len(p)) - round(i * e / len(p)) for i in range(len(p))]])
            for e, p in zip(shape, parts, strict=True)
        ]
        for place in np.ndindex(*totals.shape[1:]):
            box = tuple(slice(ends[i], ends[i + 1]) for ends, i in zip(edges, place, strict=True))
            np.testing.assert_allclose(totals[:, *place], image[:, *box].reshape(2, -1).sum(1), rtol=1e-5)


def test_many_counts_decide_by_themselves_and_few_take_the_factor_of_the_whole_scan() -> None:
    rng = np.random.default_rng(5)
    means = np.stack([np.full((6, 6), 1e6), np.full((6, 6), 4.0), np.full((6, 6), 50.0)])
    true = np.stack([rng.uniform(0.5, 2, (6, 6)), np.full((6, 6), 1.5), np.full((6, 6), 1.0)])
    counts = rng.poisson(means * true / 3).astype(float)
    factors = rake_factors(counts, means, np.array([3.0, 3.0, np.nan]))
    np.testing.assert_allclose(factors[0], counts[0] / (means[0] / 3), rtol=1e-3)
    assert factors[1].std() < 0.5 * (counts[1] / (means[1] / 3)).std()
    assert factors[1].mean() == pytest.approx(counts[1].sum() / (means[1].sum() / 3), rel=0.1)
    assert (factors[2] == 1).all()
    assert (rake_factors(np.zeros((1, 2, 2)), np.ones((1, 2, 2)), np.ones(1)) == 1).all()


def test_shrunk_factors_are_nearer_to_the_true_ones_than_those_of_single_blocks() -> None:
    own, kept = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        means = rng.uniform(5, 40, (1, 5, 5))
        true = rng.gamma(25, 1 / 25, means.shape)
        counts = rng.poisson(true * means).astype(float)
        own.append(np.mean((counts / means - true) ** 2))
        kept.append(np.mean((rake_factors(counts, means, np.ones(1)) - true) ** 2))
    assert np.mean(kept) < 0.7 * np.mean(own)


def test_factors_are_interpolated_between_the_centres_of_blocks() -> None:
    factors = np.array([[[1.0, 3.0], [2.0, 4.0]]])
    whole = factors_at(factors, (64, 64), (slice(0, 64), slice(0, 64)))[0]
    assert whole.shape == (64, 64)
    assert (whole[0, 0], whole[15, 15], whole[63, 63]) == (1, 1, 4)
    np.testing.assert_allclose(np.diff(whole[0])[16:47], 2 / 32)
    part = factors_at(factors, (64, 64), (slice(20, 33), slice(7, 50)))[0]
    np.testing.assert_array_equal(part, whole[20:33, 7:50])
    assert (factors_at(np.full((2, 1, 1), 1.5), (20, 10), (slice(3, 9), slice(0, 10))) == 1.5).all()


def test_the_delivered_mean_adds_up_to_the_counts_of_its_frame(tmp_path: Path) -> None:
    """The median of this scan is 30 % lower than on the calibrate regions; its counts tell."""
    files = poisson_scan(tmp_path, shape=(96, 128), boxes=[])
    clean = poisson_scan(tmp_path / "calibrate")
    fit_counts(clean, tmp_path / "c.json")
    with h5py.File(files.ensemble, "r+") as file:
        file["median"][...] = np.float32(0.7) * file["median"][...]
    outputs = tmp_path / "d.h5", tmp_path / "d.tif"
    calibrate_scan(files.ensemble, tmp_path / "c.json", *outputs, scan=files.scan)
    with Predictions(outputs[0]) as denoised, Scan(files.scan) as scan:
        mean, counts = denoised.read("mean"), scan.read_frame(denoised.frame)
    for c in range(2):
        total = counts[c].sum(dtype=float)
        assert mean[c].sum(dtype=float) == pytest.approx(total, abs=2 * total**0.5)
    calibrate_scan(files.ensemble, tmp_path / "c.json", *outputs)
    with Predictions(outputs[0]) as denoised:
        assert (denoised.read("mean").sum(axis=(1, 2)) < 0.9 * counts.sum(axis=(1, 2))).all()


def test_a_bright_block_keeps_its_factor_beside_a_dark_one() -> None:
    means, factors = np.array([[[3.0], [300.0]]]), np.array([[[10.0], [1.0]]])
    found = factors_at(factors, (64, 32), (slice(0, 64), slice(0, 32)), means)[0, :, 0]
    assert found[0] == pytest.approx(10) and found[-1] == pytest.approx(1)
    assert (found[32:] < 1.2).all(), "the dark block must not lift the bright one"
