"""The slab that is covered least: found where there is one, and no worse than chance where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from noisebound.evaluation.worst_slab import make_slabs, worst_slab
from noisebound.geometry.blocks import block_labels
from tests.unit.evaluation.test_shares import region_of


def pixels(seed: int) -> tuple[list, np.ndarray, np.ndarray]:
    """One region of two channels with random medians and widths; the sum of both medians, and uniform numbers."""
    rng = np.random.default_rng(seed)
    medians = rng.standard_normal((2, 2, 64, 96)).astype(np.float32)
    blocks, n_blocks = block_labels((64, 96), 8)
    region = replace(
        region_of("a", (64, 96), seed), median=medians, lower=medians - 1, upper=medians + 1, target=medians,
        blocks=blocks, n_blocks=n_blocks,
    )  # fmt: skip
    return [region], medians.sum(axis=0).ravel(), rng.random(medians[0].size)


def test_a_slab_that_is_hardly_covered_is_found() -> None:
    regions, total, chance = pixels(0)
    slabs = make_slabs(regions, np.random.default_rng(0))
    worst = total > np.quantile(total, 0.9)
    found = worst_slab(slabs, chance < np.where(worst, 0.3, 0.95))
    assert found == pytest.approx(0.3, abs=0.25), "the tenth with the largest sum of both channels is covered in 30 %"


def test_where_all_are_covered_alike_the_search_finds_no_worse() -> None:
    """The lowest of thousands of slabs is far below; measured on the other half it is as good as all."""
    found = []
    for seed in range(6):
        regions, _, chance = pixels(seed)
        found.append(worst_slab(make_slabs(regions, np.random.default_rng(seed)), chance < 0.9))
    assert np.mean(found) == pytest.approx(0.9, abs=0.012)


def test_one_block_cannot_be_halved() -> None:
    region = replace(region_of("a", (8, 8), 0), blocks=np.zeros((8, 8), dtype=np.intp), n_blocks=1)
    assert np.isnan(worst_slab(make_slabs([region], np.random.default_rng(0)), np.ones(128, dtype=bool)))
