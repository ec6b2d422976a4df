"""Sums over cells, and over blocks made of cells."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.evaluation.cells import cell_labels, cell_sums, cells_of, effective_number, sums_of_blocks
from noisebound.geometry.blocks import block_labels


@pytest.mark.parametrize("shape", [(59, 89), (7, 4), (9, 12, 21), (700, 300)])
def test_sums_over_cells_equal_adding_up(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).normal(size=(2, *shape))
    found, labels = cell_sums(image, shape), cell_labels(shape)
    cells = cells_of(shape)
    assert found.sums.shape == (2, *cells) and found.shape == shape
    assert np.prod(cells) <= 4500
    for part, own in zip(image, found.sums, strict=True):
        np.testing.assert_allclose(own.ravel(), np.bincount(labels.ravel(), part.ravel()), atol=1e-9)


def test_cells_are_those_of_blocks_of_their_side() -> None:
    labels, count = block_labels((59, 89), 4)
    np.testing.assert_array_equal(cell_labels((59, 89)), labels)
    assert count == np.prod(cells_of((59, 89)))


def test_blocks_are_made_of_whole_cells() -> None:
    ones = cell_sums(np.ones((64, 96)), (64, 96))
    assert sums_of_blocks(ones, 16).tolist() == [256.0] * 24
    assert sums_of_blocks(ones, 1000).tolist() == [64 * 96]
    assert sums_of_blocks(ones, 1).size == ones.sums.size, "blocks are never smaller than cells"


def test_unequal_blocks_are_worth_fewer_equal_ones() -> None:
    assert effective_number(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_number(np.array([100.0, 1, 1, 1])) == pytest.approx(103**2 / 10003)
    assert effective_number(np.zeros(3)) == 0
