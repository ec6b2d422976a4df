"""Tiles cover a scan once, and with their halo they hold exactly what the whole, mirrored scan holds."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.geometry.tiling import SHORTEST, WASTE, choose_size, mirror, tiles


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
    """Where pixel ``i`` outside of a scan comes from: back and forth, with the first and the last pixel repeated."""
    i %= 2 * extent
    return min(i, 2 * extent - 1 - i)


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
        assert whole.shape[1:] == tile.completed
        sides = [
            [reflect_index(i, extent) for i in range(keep.start - rim, keep.stop + rim)]
            for keep, rim, extent in zip(tile.keep, halo, shape, strict=True)
        ]
        np.testing.assert_array_equal(whole, scan[np.ix_(range(channels), *sides)])
        np.testing.assert_array_equal(whole[(slice(None), *tile.inner)], scan[(slice(None), *tile.keep)])


@settings(max_examples=100, deadline=None)
@given(cuts(), st.sampled_from([1, 4]), st.data())
def test_tiles_of_a_region_cover_it_once_and_hold_what_the_whole_scan_holds(
    cut: tuple[tuple[int, ...], ...], alignment: int, data: st.DataObject
) -> None:
    shape, size, halo = cut
    firsts = [data.draw(st.integers(0, extent - 1)) for extent in shape]
    lasts = [data.draw(st.integers(first + 1, extent)) for first, extent in zip(firsts, shape, strict=True)]
    region = tuple(slice(first, last) for first, last in zip(firsts, lasts, strict=True))
    scan = np.arange(np.prod(shape)).reshape(1, *shape)
    seen, expected = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
    expected[tuple(slice(part.start - part.start % alignment, part.stop) for part in region)] = 1
    for tile in tiles(shape, size, halo, alignment, region):
        seen[tile.keep] += 1
        whole = tile.complete(scan[(slice(None), *tile.read)])
        np.testing.assert_array_equal(whole[(slice(None), *tile.inner)], scan[(slice(None), *tile.keep)])
        for keep, inner, extent, rim in zip(tile.keep, tile.inner, whole.shape[1:], halo, strict=True):
            assert (keep.start - inner.start) % alignment == extent % alignment == 0
            assert inner.start >= rim and extent - inner.stop >= rim
    np.testing.assert_array_equal(seen, expected)


def test_the_outermost_pixel_is_repeated() -> None:
    assert mirror(np.array([[1, 2, 3, 4]]), [(2, 3)]).tolist() == [[2, 1, 1, 2, 3, 4, 4, 3, 2]]


@st.composite
def scans(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Shape and halo per axis, and an alignment: thin scans, halos that differ by axis."""
    ndim = draw(st.integers(2, 3))
    long = st.integers(30, 400 if ndim == 2 else 120)
    shape = tuple(draw(st.one_of(st.integers(1, 12), long)) for _ in range(ndim))
    halo = tuple(draw(st.integers(0, 20)) for _ in range(ndim))
    return shape, halo, draw(st.sampled_from([1, 1, 4, 8]))


def padded(size: tuple[int, ...], halo: tuple[int, ...]) -> int:
    return math.prod(extent + 2 * rim for extent, rim in zip(size, halo, strict=True))


@settings(max_examples=200, deadline=None)
@given(scans(), st.integers(1000, 100_000), st.one_of(st.integers(1000, 100_000), st.integers(100_000, 10_000_000)))
def test_the_chosen_tiles_fit_into_memory_or_are_short(
    scan: tuple[tuple[int, ...], tuple[int, ...], int], comfortable: int, most: int
) -> None:
    shape, halo, alignment = scan
    size = choose_size(shape, halo, comfortable, most, alignment)
    assert all(extent % alignment == 0 for extent in size)
    halo = tuple(rim + -rim % alignment for rim in halo)  # as tiles are cut
    assert padded(size, halo) <= most or max(size) <= max(SHORTEST, alignment)
    cut = list(tiles(shape, size, halo, alignment))
    seen = np.zeros(shape, dtype=np.uint8)
    for tile in cut:
        seen[tile.keep] += 1
    assert (seen == 1).all()
    # Larger than is comfortable only for the sake of the halos.
    comfortable = min(comfortable, most)
    once = choose_size(shape, halo, comfortable, comfortable, alignment)
    if padded(size, halo) > max(comfortable, padded(once, halo)):
        parts = [-(-extent // length) for extent, length in zip(shape, once, strict=True)]
        computed = math.prod(n + 2 * rim * k for n, rim, k in zip(shape, halo, parts, strict=True))
        assert computed > padded(shape, halo)


def test_a_scan_that_fits_is_one_tile() -> None:
    for shape, halo, alignment in (((300, 200), (14, 14), 1), ((3, 90, 91), (20, 5, 5), 8)):
        size = choose_size(shape, halo, 10**6, 10**6, alignment)
        assert len(list(tiles(shape, size, halo, alignment))) == 1


def test_axes_are_cut_in_equal_parts_and_the_thin_one_not_at_all() -> None:
    assert choose_size((1000, 1000), (0, 0), 251_000, 251_000) == (500, 500)
    assert choose_size((5, 2000, 2000), (14, 14, 14), 2_000_000, 2_000_000)[0] == 5
    narrow, wide = choose_size((512, 512), (2, 16), 20_000, 20_000)
    assert wide > narrow  # where the halo is wide, tiles are long


def test_tiles_grow_with_the_memory_while_halos_are_a_burden() -> None:
    shape, halo = (400, 400, 400), (14, 14, 14)
    sizes = [math.prod(choose_size(shape, halo, 10**5, most)) for most in (10**5, 10**6, 10**7, 10**8)]
    assert sizes == sorted(set(sizes))
    flat = [choose_size((4096, 4096), (2, 2), 10**5, most) for most in (10**5, 10**8)]
    assert flat[0] == flat[1]  # small halos are none
    assert (1 + 4 / flat[0][0]) * (1 + 4 / flat[0][1]) < WASTE


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_tiles_begin_and_end_at_multiples_of_the_alignment(data: st.DataObject) -> None:
    ndim, alignment = data.draw(st.integers(2, 3)), 2 ** data.draw(st.integers(0, 3))
    shape, size, halo = (
        tuple(data.draw(st.integers(least, most)) for _ in range(ndim)) for least, most in ((1, 30), (1, 40), (0, 20))
    )
    scan, seen = np.arange(np.prod(shape)).reshape(1, *shape), np.zeros(shape, dtype=int)
    for tile in tiles(shape, size, halo, alignment):
        seen[tile.keep] += 1
        whole = tile.complete(scan[(slice(None), *tile.read)])
        assert np.array_equal(whole[(slice(None), *tile.inner)], scan[(slice(None), *tile.keep)])
        for keep, inner, extent, rim in zip(tile.keep, tile.inner, whole.shape[1:], halo, strict=True):
            assert (keep.start - inner.start) % alignment == 0 == extent % alignment
            assert inner.start >= rim and extent - inner.stop >= rim
    assert (seen == 1).all()
