"""Curves over the size of an ensemble against brute force on tiny arrays, and the table of published figures."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from noisebound.core.statistics import draw_subsets
from noisebound.simulation.curves import MEASURES, Known, calibrated, curves, judge

NOMINAL = 0.8


def make_members(count: int, pixels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles (count, 3, pixels) of members that err each in its own way, and the truth."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=pixels).astype(np.float32)
    median = truth + random.normal(0, 0.5, (count, pixels))
    width = random.uniform(0.05, 0.6, (count, pixels))
    return np.stack([median - width, median, median + width], axis=1).astype(np.float32), truth


def curves_of(count: int) -> pd.DataFrame:
    """Curves of ``count`` members on 60 pixels, with a reference that is not the truth."""
    (learned, target), (judged, truth) = make_members(count, 41, 0), make_members(count, 60, 1)
    reference = truth + np.float32(0.1)
    known = Known(reference, truth, 3.0, 5.0)
    random = np.random.default_rng(0)
    return curves("random", learned, target, judged, known, nominal=NOMINAL, most=100, random=random)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return curves_of(4)


def brute_force(size: int, count: int = 4) -> dict[str, list[float]]:
    """Every measure of all ensembles of ``size`` out of ``count`` members, by loops over plain numbers."""
    (learned, target), (judged, truth) = make_members(count, 41, 0), make_members(count, 60, 1)
    found: dict[str, list[float]] = {name: [] for name in MEASURES}
    for subset in combinations(range(count), size):
        low, _, high, test_low, test_median, test_high = (
            [sum(float(part[m, k, i]) for m in subset) / size for i in range(part.shape[2])]
            for part in (learned, judged)
            for k in range(3)
        )
        scores = sorted(max(a - y, y - b) for a, y, b in zip(low, map(float, target), high, strict=True))
        correction = scores[math.ceil((len(scores) + 1) * NOMINAL) - 1]
        lower = [min(a - correction, m) for a, m in zip(test_low, test_median, strict=True)]
        upper = [max(b + correction, m) for b, m in zip(test_high, test_median, strict=True)]
        width = sum(b - a for a, b in zip(lower, upper, strict=True)) / 60
        errors = [m - float(t) for m, t in zip(test_median, truth, strict=True)]
        found["correlation"].append(float(np.corrcoef(test_median, truth)[0, 1]))
        found["rmse"].append(math.sqrt(sum(e * e for e in errors) / 60))
        found["width"].append(width)
        found["width_reduction"].append(3.0 / width)
        found["noise_reduction"].append(5.0 / width)
        for name, values in (("truth", truth), ("reference", truth + np.float32(0.1))):
            inside = sum(a <= y <= b for a, y, b in zip(lower, values, upper, strict=True))
            found[f"coverage_of_{name}"].append(inside / 60)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_curves_equal_brute_force(table: pd.DataFrame, size: int) -> None:
    expected = brute_force(size)
    for measure in MEASURES:
        (row,) = table[(table["members"] == size) & (table["measure"] == measure)].to_dict("records")
        assert row["subsets"] == math.comb(4, size)
        assert_allclose(row["mean"], np.mean(expected[measure]), rtol=1e-5)
        bands = [row[key] for key in ("q10", "q25", "q50", "q75", "q90")]
        assert_allclose(bands, np.quantile(expected[measure], [0.1, 0.25, 0.5, 0.75, 0.9]), rtol=1e-5)


def test_each_of_many_ensembles_counts_once() -> None:
    """Ten of two members out of five, more than are averaged together."""
    rows = curves_of(5).query("members == 2").set_index("measure")
    for measure, expected in brute_force(2, 5).items():
        assert rows["subsets"][measure] == 10
        assert_allclose(rows["mean"][measure], np.mean(expected), rtol=1e-5)


def test_the_ends_of_an_interval_belong_to_it() -> None:
    low, median, high = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 2.0]], np.float32)
    known = Known(reference=np.array([3.0, 0.0], np.float32), truth=np.array([1.0, 2.0], np.float32),
                  marginal_width=1.0, noise_width=1.0)  # fmt: skip
    found = judge(np.stack([low, median, high]), (low, high), known)
    assert (found["coverage_of_truth"], found["coverage_of_reference"]) == (1.0, 1.0)


def test_every_ensemble_is_calibrated_by_itself(table: pd.DataFrame) -> None:
    means = table.pivot(index="members", columns="measure", values="mean")
    assert (abs(means["coverage_of_truth"] - NOMINAL) < 0.15).all()
    assert means["width"].is_monotonic_decreasing
    # Errors that have nothing to do with each other are half as large in the mean of four; these are 60 pixels.
    assert_allclose(means["rmse"][4], means["rmse"][1] / 2, rtol=0.2)


def test_an_end_that_crossed_the_median_is_put_onto_it() -> None:
    wide = np.array([[-5.0], [0.0], [5.0]], np.float32)
    many = np.repeat(wide, 99, axis=1)
    low, high = calibrated(wide, many, np.zeros(99, np.float32), 0.5)
    assert (low[0], high[0]) == (0.0, 0.0)


def test_subsets_are_all_or_so_many_different_ones() -> None:
    random = np.random.default_rng(0)
    assert draw_subsets(4, 2, 6, random) == list(combinations(range(4), 2))
    drawn = draw_subsets(25, 12, 50, random)
    assert len(set(drawn)) == 50
    assert all(len(set(subset)) == 12 and max(subset) < 25 for subset in drawn)
    assert len({frozenset(subset) for subset in draw_subsets(5, 2, 9, random)}) == 9, "an order makes no other ensemble"
    counts = np.bincount(np.concatenate(draw_subsets(8, 3, 40, random)), minlength=8)
    assert counts.min() > 5
