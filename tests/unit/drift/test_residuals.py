"""Residuals block by block against brute force, and means over blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import sem

from noisebound.core.variance import stabilise
from noisebound.drift.autocorrelation import autocorrelation, lags
from noisebound.drift.block_tests import disagreement, without_structure
from noisebound.drift.expected import Expected
from noisebound.drift.residuals import Residuals, describe_residuals, mean_and_error
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.drift.simulated import PHASES, make_residuals, measured, scene, write

EXPECTED = Expected(
    gain=np.array([0.9, 1.1]), offset=np.array([0.2, 0.0]), knots=np.array([[0.0, 9.0]] * 2),
    shift=np.array([[0.1, 0.3]] * 2), mean_gain=np.array([0.95, 1.05]), mean_offset=np.array([0.1, 0.0]),
)  # fmt: skip


@pytest.mark.parametrize("counts", [False, True], ids=["intensity", "counts"])
def test_blocks_of_any_size_are_described_as_if_each_were_alone(tmp_path: Path, counts: bool) -> None:
    rng = np.random.default_rng(0)
    truth = scene(rng, PHASES, 64)
    truth[1, :, 20:] = 6
    truth[0, 20:, 40:] = 5
    noisy, median = measured(truth, rng, counts), truth.astype(np.float32)
    files = write(tmp_path, "s", noisy, truth, "apply", counts, half=0.7)
    boxes = [Box("apply", (0, 0), (40, 50)), Box("apply", (41, 3), (64, 64))]
    with (
        Scan(files["scan"]) as scan,
        Predictions(files["ensemble"]) as ensemble,
        Predictions(files["denoised"]) as intervals,
    ):
        found = describe_residuals(scan, ensemble, intervals, boxes, 16, EXPECTED)
        without = describe_residuals(scan, ensemble, None, boxes, 16, EXPECTED)
    assert len({tuple(size) for size in (found.upper - found.lower)}) > 2, "blocks differ in size"
    assert sum(np.prod(found.upper - found.lower, axis=1)) == 40 * 50 + 23 * 61
    transform = "anscombe" if counts else "none"
    for i, (lower, upper) in enumerate(zip(found.lower, found.upper, strict=True)):
        inside = (slice(None), *(slice(a, b) for a, b in zip(lower, upper, strict=True)))
        raw, image = noisy[inside].astype(float), median[inside]
        stable = stabilise(raw, transform).astype(float)
        residual = stable - stabilise(image * EXPECTED.gain[:, None, None], transform)
        np.testing.assert_allclose(found.correlation[i], autocorrelation(residual, lags(2)), rtol=1e-9)
        assert found.flat[i] == (without_structure(stable) >= 0.1).all()
        mean = EXPECTED.mean(image, counts)
        level, pattern = disagreement(raw, EXPECTED.level(image), EXPECTED.pattern(mean), counts)
        np.testing.assert_allclose(found.level[i], level, rtol=1e-9)
        np.testing.assert_allclose(found.pattern[i], pattern, rtol=1e-9)
        seen = (raw.mean(axis=(1, 2)) - EXPECTED.mean_offset) / EXPECTED.mean_gain
        half = np.float32(0.7)
        for share, at in ((found.beyond[i], np.median(mean, axis=(1, 2))), (found.off[i], seen)):
            at = at[:, None, None]
            np.testing.assert_allclose(share, ((image - half > at) | (image + half < at)).mean(axis=(1, 2)))
    assert 0 < found.flat.sum() < len(found.flat)
    assert np.isnan(without.beyond).all() and np.isnan(without.off).all()
    np.testing.assert_array_equal(without.level, found.level)


def test_joined_residuals_hold_all_blocks_in_order() -> None:
    rng = np.random.default_rng(1)
    parts = [make_residuals(rng, 3), make_residuals(rng, 5)]
    found = Residuals.joined(parts)
    np.testing.assert_array_equal(found.level, np.concatenate([part.level for part in parts]))
    assert len(found.flat) == 8 and found.lower[3].tolist() == [0, 0]


def test_the_mean_has_its_standard_error_and_leaves_out_what_is_unknown() -> None:
    values = np.random.default_rng(2).normal(size=(20, 3))
    values[[1, 5], 0] = np.nan
    values[:19, 1] = np.nan
    values[:, 2] = np.nan
    mean, error = mean_and_error(values)
    assert mean[0] == pytest.approx(np.nanmean(values[:, 0]))
    assert error[0] == pytest.approx(sem(values[:, 0], nan_policy="omit"))
    assert mean[1] == values[19, 1] and error[1] == np.inf
    assert np.isnan(mean[2]) and error[2] == np.inf
