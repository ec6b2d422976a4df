"""What the intervals are about."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.unit.calibration.simulated import (
    fit_counts,
    poisson_scan,
)


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
