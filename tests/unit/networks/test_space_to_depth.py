"""Cells: every pixel comes back to its place, and images continue as their mirror image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.geometry.tiling import mirror
from noisebound.networks.space_to_depth import continue_to_multiples, fold, spread, unfold
from tests.unit.networks.graphs import image_of


@settings(deadline=None)
@given(st.integers(1, 4), st.lists(st.integers(1, 9), min_size=2, max_size=3), st.integers(0, 99))
def test_every_pixel_comes_back_to_its_place(cell: int, spatial: list[int], seed: int) -> None:
    image = image_of(2, 3, *spatial, seed=seed)
    folded = fold(image, cell)
    assert folded.shape == (2, 3 * cell ** len(spatial), *(-(-extent // cell) for extent in spatial))
    assert torch.equal(unfold(folded, cell, spatial), image)


@pytest.mark.parametrize("cell", [2, 3, 4])
def test_an_image_that_ends_within_a_cell_continues_as_its_mirror_image(cell: int) -> None:
    image = image_of(1, 2, 7, 5)
    missing = [(0, -extent % cell) for extent in image.shape[2:]]
    assert torch.equal(fold(image, cell), fold(torch.from_numpy(mirror(image.numpy(), missing)), cell))


def test_cells_of_an_image_are_those_of_the_library() -> None:
    image = image_of(2, 3, 12, 18)
    assert torch.equal(fold(image, 3), torch.nn.functional.pixel_unshuffle(image, 3))
    assert torch.equal(spread(image, 2, (24, 36)), torch.nn.functional.interpolate(image, scale_factor=2))


def test_images_continue_as_their_mirror_image_to_the_next_multiple() -> None:
    image = torch.arange(2 * 5 * 3, dtype=torch.float32).reshape(1, 2, 5, 3)
    continued = continue_to_multiples(image, 8).numpy()
    assert np.array_equal(continued, np.pad(image, [(0, 0), (0, 0), (0, 3), (0, 5)], mode="symmetric"))
    assert continue_to_multiples(continue_to_multiples(image, 8), 8).shape == (1, 2, 8, 8)
    assert continue_to_multiples(image[..., :1], 4).shape == (1, 2, 8, 4)
