"""The ratio of our squared error to that of the best filter, with its interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from noisebound.core.certainty import told_apart
from noisebound.evaluation.cells import CellSums, cell_sums
from noisebound.evaluation.held_out import HeldOut
from noisebound.evaluation.paired_errors import frame_means, ratio_intervals
from tests.unit.evaluation.correlated import smooth_field
from tests.unit.evaluation.test_shares import region_of

SHAPE = (96, 96)


def world(rng: np.random.Generator, better: float, noise: float = 0.5) -> tuple[HeldOut, CellSums]:
    """One channel: errors of ours and of two filters that share most of what makes a place hard."""
    truth = 2 * smooth_field(rng, SHAPE, 20.0)
    hard = np.exp(smooth_field(rng, SHAPE, 12.0))
    ours, theirs = (scale * hard * smooth_field(rng, SHAPE, 4.0) for scale in (0.2 * np.sqrt(better), 0.2))
    target = truth + noise * rng.standard_normal(SHAPE)
    median = (truth + ours)[None, None].astype(np.float32)
    region = replace(
        region_of("a", SHAPE, 0, frames=1), median=median, target=target[None, None].astype(np.float32),
        noise=np.full((1, 1, *SHAPE), noise**2, np.float32),
    )  # fmt: skip
    squares = np.stack([np.square(truth + theirs - target), np.square(truth + 3 * theirs - target)])
    return region, CellSums(cell_sums(squares, SHAPE).sums[:, None], SHAPE)


def test_the_interval_holds_the_true_ratio_and_is_told_from_one_where_it_should() -> None:
    rng, runs = np.random.default_rng(0), 40
    hold, told = {1.0: 0, 0.4: 0}, {1.0: 0, 0.4: 0}
    for better in hold:
        for _ in range(runs):
            region, filtered = world(rng, better)
            (low, high), each = ratio_intervals([region], [filtered], [0], removed=True)
            assert each[0] == pytest.approx((low, high), nan_ok=True, rel=0.05)
            hold[better] += bool(low <= better <= high) or np.isnan(low)
            told[better] += bool(told_apart(low, high))
    assert min(hold.values()) >= 33
    assert told[1.0] <= 6 and told[0.4] >= 30


def test_without_noise_or_with_it_the_interval_lies_about_the_ratio_of_sums() -> None:
    region, filtered = world(np.random.default_rng(1), 0.5)
    ours = np.square(region.median - region.target).sum()
    theirs = filtered.sums[0].sum()
    noise = float(region.noise.sum()) if region.noise is not None else 0.0
    for removed in (False, True):
        expected = (ours - removed * noise) / (theirs - removed * noise)
        (low, high), _ = ratio_intervals([region], [filtered], [0], removed)
        assert low < expected < high


def test_nothing_to_divide_by_has_no_interval() -> None:
    region, filtered = world(np.random.default_rng(2), 1.0)
    assert np.isnan(ratio_intervals([region], [filtered], [], removed=True)[0]).all()
    nothing = CellSums(np.zeros_like(filtered.sums), SHAPE)
    together, each = ratio_intervals([region], [nothing], [0], removed=True)
    assert np.isnan(together).all() and np.isnan(each).all()


def test_a_ratio_is_told_from_one_by_its_interval() -> None:
    assert told_apart(0.8, 0.95) is True and told_apart(1.1, 1.2) is True
    assert told_apart(0.8, 1.02) is False
    assert told_apart(None, 1.0) is None and told_apart(0.5, float("nan")) is None


def test_the_flat_image_is_the_mean_of_every_frame_over_the_boxes_of_a_scan() -> None:
    regions = [region_of("a", (8, 12), 0), region_of("a", (4, 9), 1), region_of("b", (5, 5), 2)]
    found = frame_means(regions, 0)
    both = np.concatenate([region.target[0].reshape(2, -1) for region in regions[:2]], axis=1)
    assert found["a"] == pytest.approx(both.mean(axis=1), rel=1e-5)
    assert found["b"] == pytest.approx(regions[2].target[0].reshape(2, -1).mean(axis=1), rel=1e-5)
