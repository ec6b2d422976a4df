"""Blocks cover every pixel once, are as large as they should be, and are as many as is counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.geometry.blocks import block_labels, blocks_of, blocks_of_box, count_blocks, parts_of_axis, slabs
from noisebound.geometry.boxes import Box

shapes = st.one_of(st.tuples(st.integers(1, 60), st.integers(1, 60)), st.tuples(*[st.integers(1, 20)] * 3))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    shape = draw(shapes)
    lower = tuple(draw(st.integers(0, 30)) for _ in shape)
    return Box("test", lower, tuple(low + extent for low, extent in zip(lower, shape, strict=True)))


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ((3, 5), (1030, 1203)),
        ((0, 0), (512, 512)),
        ((600, 40), (1030, 60)),
        ((31, 100, 7), (70, 300, 130)),
        ((40, 300, 7), (70, 400, 130)),
        ((5, 5), (6, 6)),
    ],
)
def test_pieces_to_read_cover_a_box_once_on_the_grid_of_the_chunks(
    lower: tuple[int, ...], upper: tuple[int, ...]
) -> None:
    grid = {2: (512, 512), 3: (32, 128, 128)}[len(lower)]
    seen = np.zeros(upper, dtype=np.uint8)
    for region in blocks_of(lower, upper):
        assert all(part.start < part.stop for part in region)
        seen[region] += 1
        for part, size, low in zip(region, grid, lower, strict=True):
            assert part.start == max(low, part.start - part.start % size) and part.stop - part.start <= size
            assert part.start // size == (part.stop - 1) // size, "no piece reaches over an edge of the grid"
    expected = np.zeros(upper, dtype=np.uint8)
    expected[tuple(slice(low, high) for low, high in zip(lower, upper, strict=True))] = 1
    np.testing.assert_array_equal(seen, expected)


@given(
    st.one_of(st.tuples(*[st.integers(1, 900)] * 2), st.tuples(*[st.integers(1, 80)] * 3)),
    st.integers(1, 5),
    st.integers(1, 10**6),
)
def test_slabs_cover_an_image_and_keep_to_the_budget(shape: tuple[int, ...], channels: int, budget: int) -> None:
    found = list(slabs(shape, channels, budget))
    thickness = 256 if len(shape) == 2 else 16
    assert [part[0].start for part in found] == [0, *(part[0].stop for part in found[:-1])]
    assert found[-1][0].stop == shape[0]
    assert all(part[1:] == tuple(slice(0, extent) for extent in shape[1:]) for part in found)
    for first, *_ in found:
        lines = first.stop - first.start
        assert first.start % thickness == 0
        assert lines <= thickness or channels * lines * math.prod(shape[1:]) <= budget


def test_a_small_image_is_one_slab() -> None:
    assert list(slabs((900, 900), 3)) == [(slice(0, 900), slice(0, 900))]


@given(st.integers(1, 500), st.integers(1, 100))
def test_parts_of_an_axis_are_nearly_as_long_as_asked_for(extent: int, side: int) -> None:
    parts = parts_of_axis(extent, side)
    # Rounded to the nearest number of parts: none is longer than one and a half times the side, nor shorter than half.
    assert parts >= 1 and extent / parts <= 1.5 * side + 1e-9
    assert parts == 1 or extent / parts >= 0.5 * side


@settings(deadline=None)
@given(shapes, st.integers(1, 30))
def test_labels_number_nearly_equal_blocks(shape: tuple[int, ...], side: int) -> None:
    labels, count = block_labels(shape, side)
    assert labels.shape == shape and set(np.unique(labels)) == set(range(count))
    for block in range(count):
        places = np.argwhere(labels == block)
        extent = places.max(axis=0) - places.min(axis=0) + 1
        assert math.prod(extent) == len(places), "a block is a box"
        for length, whole in zip(extent, shape, strict=True):
            assert abs(length - whole / parts_of_axis(whole, side)) < 1
    assert count == count_blocks([Box("test", (0,) * len(shape), shape)], side)


@settings(deadline=None)
@given(boxes(), st.integers(1, 30))
def test_blocks_of_a_box_cover_it_once_and_are_nearly_equal(box: Box, side: int) -> None:
    seen = np.zeros(box.upper, dtype=np.uint8)
    number = 0
    for row, blocks in blocks_of_box(box, side):
        for block in blocks:
            seen[row][block] += 1
            number += 1
            for part, extent in zip(block, box.shape, strict=True):
                assert abs(part.stop - part.start - extent / parts_of_axis(extent, side)) <= 1
    expected = np.zeros(box.upper, dtype=np.uint8)
    expected[box.slices] = 1
    np.testing.assert_array_equal(seen, expected)
    assert number == count_blocks([box], side)


def test_blocks_of_several_boxes_add_up() -> None:
    boxes = [Box("test", (0, 0), (64, 64)), Box("test", (100, 0), (110, 200))]
    assert count_blocks(boxes, 32) == 2 * 2 + 1 * 6 and count_blocks([], 32) == 0
