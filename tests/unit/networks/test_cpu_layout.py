"""How images lie in rows, and what is computed of them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.networks.cpu_layout import Layout

extents = st.lists(st.integers(1, 40), min_size=2, max_size=3).map(tuple)


@settings(max_examples=150, deadline=None)
@given(extents, st.integers(1, 12))
def test_runs_reach_every_pixel_once_and_no_tap_leaves_the_row(spatial: tuple[int, ...], pad: int) -> None:
    layout = Layout.of(spatial, pad)
    times = np.zeros(layout.length, dtype=int)
    for first, size in layout.runs:
        times[first : first + size] += 1
        assert first + layout.shifts(pad).min() >= 0
        assert first + size + layout.shifts(pad).max() <= layout.length
    assert (times[layout.inside > 0] == 1).all()
    assert times.max() == 1  # a position computed twice would count twice in the gradient


def test_runs_leave_out_what_lies_between_distant_slices() -> None:
    layout, pixels = Layout.of((32, 32, 32), 10), 32**3
    assert layout.runs[:, 1].sum() < 1.35 * pixels  # with the zeros between slices, 1.72
    assert math.prod(extent + 10 for extent in layout.spatial[1:]) * 32 > 1.7 * pixels
