"""How images lie in rows: a tap is a shift, and every pixel is computed once."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
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


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=2, max_size=3).map(tuple), st.integers(1, 5), st.data())
def test_a_tap_is_a_shift_that_meets_the_neighbour_or_a_zero(
    spatial: tuple[int, ...], dilation: int, data: st.DataObject
) -> None:
    pad = dilation + data.draw(st.integers(0, 3))
    layout = Layout.of(spatial, pad)
    image = torch.arange(1, math.prod(spatial) + 1, dtype=torch.float32).reshape(spatial)
    rows = torch.zeros(layout.length)
    layout.pixels(rows).copy_(image)
    positions = layout.pixels(torch.arange(layout.length))
    padded = np.pad(image.numpy(), dilation)
    shifts = layout.shifts(dilation).ravel()
    taps = list(itertools.product((-dilation, 0, dilation), repeat=len(spatial)))
    assert len(shifts) == len(taps)
    for shift, tap in zip(shifts, taps, strict=True):
        window = tuple(slice(dilation + d, dilation + d + extent) for d, extent in zip(tap, spatial, strict=True))
        assert np.array_equal(rows[positions + int(shift)].numpy(), padded[window])
    assert np.array_equal(rows.numpy() > 0, layout.inside > 0)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 20))
def test_the_taps_of_a_per_pixel_layer_are_the_rows_of_the_channels(channels: int, extent: int) -> None:
    layout = Layout.of((extent, 3), 2)
    shifts = layout.channel_shifts(channels)
    assert shifts.shape == (-(-channels // 9), 9)
    flat = shifts.ravel()
    assert flat[:channels].tolist() == [c * layout.length for c in range(channels)]
    assert not flat[channels:].any()  # filled up with the first channel, whose weight there is zero
