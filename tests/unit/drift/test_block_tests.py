"""Tests of single blocks keep their size under noise alone and find what is there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f_oneway, kstest

from noisebound.drift.block_tests import disagreement, without_structure


def test_noise_alone_passes_as_without_structure_as_often_as_said() -> None:
    rng = np.random.default_rng(1)
    p = without_structure(rng.normal(size=(2000, 16, 16)))
    assert (p <= 0.1).mean() == pytest.approx(0.1, abs=0.03)
    step = rng.normal(size=(16, 16)) + 2 * (np.arange(16) < 8)
    assert without_structure(step[None]) < 1e-6


@pytest.mark.parametrize("shape", [(16, 16), (3, 12, 17)])
def test_structure_is_tested_by_the_analysis_of_variance_between_cells(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(2).normal(size=(2, *shape))
    rows, columns = shape[-2] // 4, shape[-1] // 4
    for channel, found in enumerate(without_structure(values)):
        cells = [
            values[channel][..., 4 * i : 4 * i + 4, 4 * j : 4 * j + 4].ravel()
            for i in range(rows)
            for j in range(columns)
        ]
        assert found == pytest.approx(f_oneway(*cells).pvalue)


def test_structure_is_unknown_in_small_blocks_and_certain_without_noise() -> None:
    assert np.isnan(without_structure(np.ones((2, 7, 7)))).all()
    step = np.repeat([0.0, 1.0], 8) * np.ones((8, 1))
    assert without_structure(np.stack([step, np.ones_like(step)])).tolist() == [0, 1]


@pytest.mark.parametrize("counts", [False, True], ids=["intensity", "counts"])
def test_a_right_image_is_contradicted_as_a_normal_variable_is(counts: bool) -> None:
    rng = np.random.default_rng(3)
    truth = np.full((3000, 16, 16), 9.0) + np.linspace(-0.5, 0.5, 16)
    noisy = rng.poisson(truth).astype(float) if counts else rng.normal(truth, 3)
    for scores in disagreement(noisy, truth, truth, counts):
        assert kstest(scores, "norm").pvalue > 1e-3


def test_a_wrong_level_is_told_by_its_sign_and_size() -> None:
    rng = np.random.default_rng(4)
    noisy = rng.normal(5, 2, size=(500, 16, 16))
    by_level, by_pattern = disagreement(noisy, np.full_like(noisy, 4), np.full_like(noisy, 4), counts=False)
    assert by_level.mean() == pytest.approx((5 - 4) / (2 / 16), rel=0.03)
    assert not by_pattern.any(), "an even image has no pattern"


def test_a_pattern_is_positive_where_invented_and_negative_where_it_follows_the_noise() -> None:
    rng = np.random.default_rng(5)
    noisy = rng.normal(5, 1, size=(400, 16, 16))
    wave = 5 + 0.5 * np.sin(np.arange(16)) * np.ones((400, 16, 1))
    level = np.full_like(noisy, 5)
    invented = disagreement(noisy, level, wave, counts=False)[1]
    assert invented.mean() == pytest.approx(wave.std() * 16, rel=0.05)
    borne_out = disagreement(noisy + wave - 5, level, wave, counts=False)[1]
    assert abs(borne_out.mean()) < 0.2
    assert disagreement(noisy, level, 5 + 0.5 * (noisy - 5), counts=False)[1].mean() < -5


def test_counts_without_any_event_are_not_certain() -> None:
    """The noise of a block without a count is at least what the image and a single count allow."""
    nothing = np.zeros((1, 16, 16))
    by_level, _ = disagreement(nothing, np.full_like(nothing, 0.01), nothing, counts=True)
    assert by_level[0] == pytest.approx(-0.01 / np.sqrt(0.01 / 256))
    assert disagreement(nothing, nothing, nothing, counts=True)[0][0] == 0
