"""Gaussian filters as competitors, against whole filtered frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from noisebound.evaluation.gaussian import SIGMAS, gaussian_errors
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.predicted_scan import write_predicted_scan

BOXES = [Box("test", (0, 0), (9, 30)), Box("test", (12, 5), (30, 21))]


@pytest.mark.parametrize(("exposure", "scale"), [(1.0, 1.0), (1.2, 1.0), (7.0, 7.0), (0.1, 0.1)])
def test_errors_are_those_of_the_whole_filtered_frames(tmp_path: Path, exposure: float, scale: float) -> None:
    """Means that differ by more than a factor 1.25 tell of another exposure, and the frames are scaled to it."""
    rng = np.random.default_rng(3)
    noisy = rng.poisson(8, (3, 2, 30, 34)).astype(np.float32)
    reference = (exposure * np.full((2, 30, 34), 8.0)).astype(np.float32)
    files = write_predicted_scan(
        tmp_path, noisy=noisy, reference=reference, reference_kind="measured", frames=(noisy,) * 3, boxes=BOXES
    )
    mask = np.zeros((30, 34), bool)
    mask[0:9, 0:30] = mask[12:30, 5:21] = True
    target_mean = reference[:, mask].mean(axis=1, dtype=np.float64)
    sigmas = (0.5, 2.0, 6.0)
    with Scan(files.scan) as scan:
        found = gaussian_errors(scan, BOXES, target_mean, sigmas)
    frame_mean = noisy[..., mask].mean(axis=(0, 2), dtype=np.float64)
    factor = np.where(scale == 1.0, 1.0, target_mean / frame_mean)
    for i, sigma in enumerate(sigmas):
        for c in (0, 1):
            smooth = [ndimage.gaussian_filter(frame * factor[c], sigma, mode="nearest")
                      for frame in noisy[:, c].astype(float)]  # fmt: skip
            expected = sum(np.square(image - reference[c])[mask].sum() for image in smooth)
            assert sum(part.sums[i, c].sum() for part in found) == pytest.approx(expected, rel=1e-9)


def test_widths_of_the_filters_rise_evenly_from_half_a_pixel() -> None:
    assert (SIGMAS[0], SIGMAS[-1]) == (0.5, 16.0)
    assert np.diff(np.log(SIGMAS)) == pytest.approx(np.log(32) / (len(SIGMAS) - 1), abs=1e-3)
