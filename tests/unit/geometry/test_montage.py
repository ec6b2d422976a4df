"""Images side by side: each has a place, its mirror image around it, and comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.geometry.montage import Montage


@given(st.integers(1, 400), st.integers(1, 9), st.integers(0, 5))
def test_no_place_stays_empty_and_places_do_not_meet(count: int, size: int, margin: int) -> None:
    montage = Montage(count, size, margin)
    assert montage.rows * montage.columns == count and montage.rows <= montage.columns
    assert not any(count % rows == 0 for rows in range(montage.rows + 1, int(count**0.5) + 1)), "as square as can be"
    corners = montage.corners()
    assert len(set(corners)) == count
    for y, x in corners:
        assert (y - margin) % montage.pitch == (x - margin) % montage.pitch == 0
        assert y + size + margin <= montage.shape[0] and x + size + margin <= montage.shape[1]


@pytest.mark.parametrize(("count", "size", "margin"), [(1, 4, 2), (6, 5, 2), (4, 3, 7), (3, 4, 0)])
def test_images_lie_at_their_corners_within_their_mirror_images(count: int, size: int, margin: int) -> None:
    images = np.random.default_rng(0).normal(size=(count, size, size))
    montage = Montage(count, size, margin)
    plane = montage.assemble(images)
    assert plane.shape == montage.shape
    for image, (y, x) in zip(images, montage.corners(), strict=True):
        around = plane[y - margin : y + size + margin, x - margin : x + size + margin]
        np.testing.assert_array_equal(around, np.pad(image, margin, mode="symmetric"))


@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 4))
def test_what_was_assembled_is_cut_out_again(count: int, size: int, margin: int) -> None:
    images = np.arange(count * size**2, dtype=np.int32).reshape(count, size, size)
    montage = Montage(count, size, margin)
    plane = montage.assemble(images)
    np.testing.assert_array_equal(montage.cut(plane), images)
    np.testing.assert_array_equal(montage.cut(np.stack([[plane], [plane + 1]])), np.stack([[images], [images + 1]]))
