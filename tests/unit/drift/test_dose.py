"""Another dose is told from another composition."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.drift.dose import SMALLEST, Dose, compare_dose, dose_index

# Counts per pixel of two phases in three channels.
RATES = np.array([[2.0, 5.0, 1.0], [6.0, 1.0, 1.5]])


def blocks(rng: np.random.Generator, share: float, dose: float = 1.0, number: int = 36) -> np.ndarray:
    """Mean counts of blocks of 16 x 16 px that mix both phases, the second in a ``share`` of the scan."""
    mix = rng.beta(2 * share, 2 * (1 - share), (number, 1))
    return rng.poisson(256 * dose * ((1 - mix) * RATES[0] + mix * RATES[1])) / 256


def compare(rng: np.random.Generator, scans: int, dose: float, level: float = 0.0125, number: int = 36) -> Dose:
    """A scan beside calibrated ones, each of its own composition."""
    parts = [blocks(rng, rng.uniform(0.3, 0.5), number=number) for _ in range(scans)]
    field = np.repeat(np.arange(scans), number)
    found = compare_dose(np.concatenate(parts), field, blocks(rng, rng.uniform(0.3, 0.5), dose), level)
    assert found is not None
    return found


@pytest.mark.parametrize("scans", [1, 2, 4])
def test_another_composition_is_not_another_dose(scans: int) -> None:
    rng = np.random.default_rng(scans)
    found = [compare(rng, scans, 1.0) for _ in range(300)]
    assert np.mean([one.p <= 0.0125 and abs(one.ratio - 1) > SMALLEST for one in found]) <= 0.02
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.1


@pytest.mark.parametrize("scans", [1, 2, 4])
def test_a_fifth_less_dose_is_seen(scans: int) -> None:
    rng = np.random.default_rng(10 + scans)
    found = [compare(rng, scans, 0.8) for _ in range(50)]
    assert all(one.p <= 0.0125 and one.visible < 0.2 for one in found)
    assert np.mean([one.ratio for one in found]) == pytest.approx(0.8, abs=0.01)


def test_five_times_the_dose_is_seen_beside_two_blocks() -> None:
    rng = np.random.default_rng(2)
    assert all(compare(rng, 1, 5.0, number=2).p <= 0.0125 for _ in range(30))


def test_one_channel_alone_cannot_tell_dose_from_composition_and_says_so() -> None:
    rng = np.random.default_rng(3)
    calibrated, new = (blocks(rng, 0.4, dose)[:, :1] for dose in (1.0, 0.8))
    found = compare_dose(calibrated, np.zeros(36, int), new, 0.0125)
    assert found is not None and found.visible > 0.2


def test_an_index_of_all_blocks_is_the_dose() -> None:
    rng = np.random.default_rng(4)
    index = dose_index(np.concatenate([blocks(rng, 0.3), blocks(rng, 0.5), blocks(rng, 0.4, 0.8, 4)]))
    assert index[:72].mean() == pytest.approx(1.0, abs=0.02) and index[72:].mean() == pytest.approx(0.8, abs=0.03)
    assert dose_index(np.zeros((3, 2))).tolist() == [1, 1, 1]


def test_nothing_counted_or_too_few_blocks_tell_nothing() -> None:
    assert compare_dose(np.zeros((4, 2)), np.zeros(4, int), np.ones((4, 2)), 0.05) is None
    assert compare_dose(np.ones((1, 2)), np.zeros(1, int), np.ones((1, 2)), 0.05) is None
