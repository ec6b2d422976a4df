"""What the intervals are about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.calibration.targets import TRUE_TARGET, describe_target
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import fit_counts, poisson_scan


def test_words_say_where_the_reference_is_the_truth(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    known = poisson_scan(tmp_path / "a", reference=truth, truth=truth, reference_kind="measured")
    fitted = fit_counts(known, tmp_path / "a.json")
    assert fitted.target == "the true signal, which is the reference of these simulated scans"
    assert "Covered is the true signal itself." in fitted.guarantee
    assert "noisy" not in fitted.guarantee
    assert "not the true signal" not in fitted.guarantee
    noisy = poisson_scan(tmp_path / "b", reference=truth + 0.1, truth=truth, reference_kind="measured")
    assert fit_counts(noisy, tmp_path / "b.json").target == "the reference measurement, noisy itself"


@pytest.mark.parametrize("frames", [2, 4])
def test_leave_one_out_names_the_frames_that_the_target_is_made_of(tmp_path: Path, frames: int) -> None:
    noisy = np.ones((frames, 2, 40, 48), np.uint8)
    images = (noisy.astype(np.float32),) * 3
    files = poisson_scan(tmp_path, noisy=noisy, reference=noisy.sum(0, dtype=np.uint32), frames=images)
    with Scan(files.scan) as scan:
        words = describe_target(scan, [Box("calibrate", (0, 0), (9, 9))])
    assert words == f"the mean of the other {frames - 1} frames, noisy itself"


def test_a_reference_is_the_truth_only_where_it_is_so_in_all_boxes(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    reference = truth.copy()
    reference[1, 30, 40] += 1
    files = poisson_scan(tmp_path, reference=reference, truth=truth, reference_kind="measured")
    exact, noisy = Box("calibrate", (0, 0), (20, 20)), Box("calibrate", (25, 35), (40, 48))
    with Scan(files.scan) as scan:
        assert describe_target(scan, [exact]) == TRUE_TARGET
        assert describe_target(scan, [exact, noisy]) == "the reference measurement, noisy itself"
