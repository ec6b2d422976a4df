"""Tiles cover a scan once, and with their halo they hold exactly what the whole, mirrored scan holds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.tiling import mirror, tiles


@st.composite
def cuts(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shape, tile size and halo per axis; halos up to several times the scan."""
    ndim = draw(st.integers(2, 3))
    shape = tuple(draw(st.integers(1, 14)) for _ in range(ndim))
    return (
        shape,
        tuple(draw(st.integers(1, 16)) for _ in range(ndim)),
        tuple(draw(st.integers(0, 20)) for _ in range(ndim)),
    )


def reflect_index(i: int, extent: int) -> int:
    """Where pixel ``i`` outside of a scan comes from: back and forth between the first and the last pixel."""
    if extent == 1:
        return 0
    i %= 2 * extent - 2
    return min(i, 2 * extent - 2 - i)


@settings(max_examples=150, deadline=None)
@given(cuts())
def test_kept_parts_cover_every_pixel_once(cut: tuple[tuple[int, ...], ...]) -> None:
    shape, size, halo = cut
    seen = np.zeros(shape, dtype=int)
    for tile in tiles(shape, size, halo):
        seen[tile.keep] += 1
        assert all(part.stop - part.start <= limit for part, limit in zip(tile.keep, size, strict=True))
        for keep, read, rim, extent in zip(tile.keep, tile.read, halo, shape, strict=True):
            assert read.start == max(0, keep.start - rim) and read.stop == min(extent, keep.stop + rim)
    assert (seen == 1).all()


@settings(max_examples=150, deadline=None)
@given(cuts(), st.integers(1, 3))
def test_a_completed_tile_is_the_same_part_of_the_whole_mirrored_scan(
    cut: tuple[tuple[int, ...], ...], channels: int
) -> None:
    shape, size, halo = cut
    scan = np.arange(channels * np.prod(shape)).reshape(channels, *shape)
    for tile in tiles(shape, size, halo):
        whole = tile.complete(scan[(slice(None), *tile.read)])
        sides = [
            [reflect_index(i, extent) for i in range(keep.start - rim, keep.stop + rim)]
            for keep, rim, extent in zip(tile.keep, halo, shape, strict=True)
        ]
        np.testing.assert_array_equal(whole, scan[np.ix_(range(channels), *sides)])
        np.testing.assert_array_equal(whole[(slice(None), *tile.inner)], scan[(slice(None), *tile.keep)])


def test_the_outermost_pixel_is_not_repeated() -> None:
    assert mirror(np.array([[1, 2, 3, 4]]), [(2, 3)]).tolist() == [[3, 2, 1, 2, 3, 4, 3, 2, 1]]
