"""Blocks of pixels: boxes of nearly equal size, counted box by box."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from noisebound.geometry.blocks import block_labels, count_blocks
from noisebound.geometry.boxes import Box


def test_blocks_are_counted_per_box() -> None:
    assert count_blocks([Box("test", (0, 0), (32, 40)), Box("test", (0, 0), (5, 16))], 16) == 2 * 2 + 1


@given(st.lists(st.integers(1, 40), min_size=2, max_size=3), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_blocks_are_boxes_of_nearly_equal_size(shape: list[int], block: int) -> None:
    labels, count = block_labels(shape, block)
    assert set(np.unique(labels)) == set(range(count))
    for found in ndimage.find_objects(labels + 1):
        assert len(np.unique(labels[found])) == 1
        for part, extent in zip(found, shape, strict=True):
            assert abs((part.stop - part.start) - extent / max(1, round(extent / block))) < 1
