"""Pixels of the calibrate regions with their noise, against plain indexing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from noisebound.calibration import signal_pixels
from noisebound.calibration.image_slope import squared_slope
from noisebound.calibration.signal_pixels import read_signal_pixels
from tests.unit.calibration.simulated import poisson_scan, predicted


def test_pixels_are_those_of_the_calibrate_regions(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    found = read_signal_pixels(predicted([files]))
    assert found is not None and len(found) == 2
    with h5py.File(files.scan) as scan, h5py.File(files.ensemble) as ensemble:
        noisy, median = scan["noisy"][:].astype(float), ensemble["frames/median"][:]
    target = (noisy.sum(axis=0) - noisy) / 3
    for c, own in enumerate(found):
        slope = np.stack([squared_slope(frame[c]) for frame in median])

        def flat(images: np.ndarray) -> np.ndarray:
            return np.concatenate([images[:, :, 10:24].ravel(), images[:, :, 26:31].ravel()])

        np.testing.assert_array_equal(own.median, flat(median[:, c]))
        np.testing.assert_allclose(own.slope, flat(slope), rtol=1e-4)
        np.testing.assert_allclose(own.residual, flat(target[:, c] - median[:, c]), atol=1e-5)
        np.testing.assert_allclose(own.noise, flat(target[:, c]) / 3, rtol=1e-5)
        assert own.count_unit == pytest.approx(1 / 3)
        assert [labels.size for labels in own.blocks] == [own.median.size] * 4
        # The same place in all frames is one block; boxes share none.
        first = own.blocks[0][: 4 * 40 * 14].reshape(4, -1)
        assert (first == first[0]).all() and not set(first[0]) & set(own.blocks[0][4 * 40 * 14 :])
        between = flat(median[:, c].var(axis=0, ddof=1)[None]).mean()
        assert own.frame_variance == pytest.approx(between, rel=1e-5)


def test_without_known_noise_there_are_none(tmp_path: Path) -> None:
    reference: Any = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    files = poisson_scan(tmp_path, reference=reference, reference_kind="measured", counts=False)
    assert read_signal_pixels(predicted([files])) is None


def test_too_many_pixels_are_thinned_evenly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = poisson_scan(tmp_path)
    monkeypatch.setattr(signal_pixels, "_MOST_PIXELS", 600)
    found = read_signal_pixels(predicted([files]))
    assert found is not None
    assert 200 <= found[0].median.size <= 600
