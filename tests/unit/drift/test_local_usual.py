"""Usual blur is learned; what is lost beyond it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.drift.local_images import NoisyFrame
from noisebound.drift.local_kernels import SCALES
from noisebound.drift.local_scores import Deviation
from noisebound.drift.local_usual import LocalUsual, fit_usual
from tests.unit.drift.local_world import BOX, SIDE, blurred, grains, opened


def fitted(folder: Path, width: float, seed: int, gain: float = 20.0) -> LocalUsual:
    """What is usual where the image is the truth after a Gaussian blur."""
    rng = np.random.default_rng(seed)
    truth = gain * grains(rng)
    with opened(folder, rng.poisson(truth).astype(float), blurred(truth, width)) as (_, _, frame):
        return fit_usual([(frame, [BOX])])


def test_right_images_leave_noise(tmp_path: Path) -> None:
    usual = fitted(tmp_path, 0.01, 0)
    assert np.abs(usual.blur).max() < 0.1 and usual.growth.max() < 0.02
    assert usual.spreads(5.1, SIDE**2).max() < 1.2
    quiet = LocalUsual.of_noise(2)
    assert (quiet.spreads(5.1, SIDE**2) == 1).all()


def test_blur_is_taken_off_what_has_the_sign_of_the_contrast(tmp_path: Path) -> None:
    usual = fitted(tmp_path, 3.0, 1)
    assert (usual.blur[:, 2] > 0.05).all()
    score, contrast = np.array([[8.0 * usual.blur[0, 2], -4.0]]), np.array([[8.0, 8.0]])
    blur, invention = usual.without(Deviation(SCALES[2], score, contrast), 0)[0]
    assert blur == pytest.approx(0, abs=1e-9) and invention < -4


def test_larger_deviations_are_usual_where_the_calibrate_regions_have_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    truth = 20 * grains(rng)
    noisy = rng.poisson(truth).astype(float)
    noisy[0, 40:46, 40:46] += 25
    with opened(tmp_path, noisy, truth) as (_, _, frame):
        usual = fit_usual([(frame, [BOX])])
    spreads = usual.spreads(5.1, SIDE**2)
    assert spreads[0].min() > 2 > 1.2 > spreads[1].max(), "of that channel alone"
    assert (usual.spreads(5.1, 100 * SIDE**2) >= spreads).all()


def test_the_scans_of_a_run_are_learned_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    frames: list[tuple[NoisyFrame, list[object]]] = []
    truth = grains(rng)
    with (
        opened(tmp_path / "a", rng.poisson(truth).astype(float), blurred(truth)) as (_, _, one),
        opened(tmp_path / "b", rng.poisson(truth).astype(float), blurred(truth)) as (_, _, two),
    ):
        frames = [(one, [BOX]), (two, [BOX])]
        both = fit_usual(frames)  # type: ignore[arg-type]
        # In memory or computed twice: the same.
        monkeypatch.setattr("noisebound.drift.local_usual._KEPT", 0)
        again = fit_usual(frames)  # type: ignore[arg-type]
    for a, b in zip(both, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert both.tail[0, 0, 2] > fitted(tmp_path, 2.0, 3, 1.0).tail[0, 0, 2], "from twice the blocks"
