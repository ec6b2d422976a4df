"""Images as PNG: colours, limits, slices, numbers."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.figures.images import Limits, choose_view, colour_stops, png_uri, robust_limits, short_number
from tests.unit.figures.tables import opened


def test_png_holds_the_colours_of_the_map_between_the_limits() -> None:
    values = np.random.default_rng(0).uniform(-1, 4, size=(7, 9)).astype(np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    shown = np.asarray(opened(png_uri(values, Limits(0.0, 3.0), "viridis")).convert("RGB"))
    level = np.round(np.clip(np.nan_to_num(values.astype(float) / 3, nan=0, posinf=1, neginf=0), 0, 1) * 255).astype(
        int
    )
    assert np.array_equal(shown, mpl.colormaps["viridis"](level, bytes=True)[..., :3])


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 3000), min_size=2, max_size=3),
    st.integers(1, 60),
)
def test_views_fit_the_page_and_lie_in_the_scan(shape: list[int], images: int) -> None:
    view = choose_view(shape, images)
    side = max(math.ceil(n / view.step) for n in shape[-2:])
    assert side <= 1024
    if view.slices is not None:
        assert 1 <= len(view.slices) <= 16
        assert sorted(set(view.slices)) == list(view.slices)
        assert view.slices[0] >= 0
        assert view.slices[-1] < shape[0]


def test_small_scans_are_shown_whole_and_thinning_averages_nothing() -> None:
    assert choose_view((201, 201), 42).step == 1
    view = choose_view((64, 96, 96), 7)
    assert view.step == 1
    assert view.slices is not None
    assert len(view.slices) == 16
    large = choose_view((2048, 3000), 7)
    noise = np.random.default_rng(0).normal(size=(2048, 3000))
    assert large.step > 1
    assert math.isclose(large.thin(noise).std(), 1.0, rel_tol=0.02)


def test_limits_leave_outliers_out_and_never_have_zero_span() -> None:
    values = np.random.default_rng(0).uniform(2, 3, size=100_000).astype(np.float32)
    values[0] = 1e6
    limits = robust_limits(values)
    assert 2.0 < limits.low < 2.01
    assert 2.99 < limits.high < 3.01
    assert robust_limits(values, zero=True).low == 0.0
    assert robust_limits(values - 10, zero=True).low < -7
    for constant in (0.0, 5.0, -3.0, np.nan, np.inf):
        found = robust_limits(np.full((4, 4), constant, dtype=np.float32))
        assert math.isfinite(found.low)
        assert found.high > found.low


def test_colour_bars_use_the_map_of_their_image() -> None:
    stops = colour_stops("gray", 3)
    assert stops[0] == "#000000"
    assert stops[-1] == "#ffffff"


def test_numbers_read_well() -> None:
    assert short_number(-0.01234) == "−0.0123"
    assert short_number(0.09996) == short_number(0.1) == "0.100"
    assert short_number(9.996) == "10.0"
    assert short_number(999_999.9) == "1.00\u2009×\u200910⁶"
    assert short_number(2.52e7) == "2.52\u2009×\u200910⁷"
    assert short_number(1.5e-6) == "1.50\u2009×\u200910⁻⁶"
    assert short_number(29776.0) == "29\u202f776"
    assert short_number(0.0, 5.0) == "0"
    assert short_number(math.inf) == "∞"
    assert short_number(math.nan) == "–"
