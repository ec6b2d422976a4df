"""Boxes are the pixels that lie in them: against brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from noisebound.geometry.boxes import Box, boxes_meet

SHAPE = (6, 5, 7)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    lower = tuple(draw(st.integers(0, extent - 1)) for extent in SHAPE)
    upper = tuple(draw(st.integers(low + 1, extent)) for low, extent in zip(lower, SHAPE, strict=True))
    return Box("train", lower, upper)


def mask(box: Box) -> np.ndarray:
    """The pixels of a box, looked at one by one."""
    found = np.zeros(SHAPE, bool)
    for pixel in np.ndindex(SHAPE):
        found[pixel] = all(low <= i < high for low, i, high in zip(box.lower, pixel, box.upper, strict=True))
    return found


@given(boxes())
def test_slices_shape_and_size_are_those_of_the_pixels(box: Box) -> None:
    expected = mask(box)
    marked = np.zeros(SHAPE, bool)
    marked[box.slices] = True
    np.testing.assert_array_equal(marked, expected)
    assert box.size == expected.sum() and expected[box.slices].shape == box.shape


@given(boxes(), boxes())
def test_boxes_meet_where_they_share_a_pixel(one: Box, other: Box) -> None:
    shared = bool((mask(one) & mask(other)).any())
    assert boxes_meet(one.lower, one.upper, other.lower, other.upper) == shared
    assert boxes_meet(other.lower, other.upper, one.lower, one.upper) == shared


def test_neighbours_share_no_pixel_and_a_file_without_axes_is_one() -> None:
    assert not boxes_meet((0, 0), (2, 2), (0, 2), (2, 4)) and boxes_meet((0, 0), (2, 3), (0, 2), (2, 4))
    assert boxes_meet((), (), (), ()), "the whole of a TIFF meets itself"
