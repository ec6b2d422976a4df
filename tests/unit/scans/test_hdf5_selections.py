"""Selections of HDF5 are the pixels that HDF5 itself selects: compared with what it reads."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from h5py import h5s
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.scans.hdf5_selections import Selection, endless_axis, select, trimmed

SHAPE = (9, 11)


def hyperslab(start: tuple[int, ...], count: tuple[int, ...], stride: tuple[int, ...], block: tuple[int, ...]):
    """The space of an array of ``SHAPE`` with a regular pattern selected."""
    space = h5s.create_simple(SHAPE)
    space.select_hyperslab(start, count, stride, block)
    return space


def by_hdf5(path: Path, space: h5s.SpaceID, array: np.ndarray) -> np.ndarray:
    """The values that HDF5 reads through a selection, one after the other."""
    with h5py.File(path, "w") as stored:
        data = stored.create_dataset("data", data=array)
        found = np.empty(space.get_select_npoints(), array.dtype)
        data.id.read(h5s.create_simple(found.shape), space, found)
    return found


def check(path: Path, space: h5s.SpaceID) -> None:
    """The selection has the values that HDF5 reads, in the same order, and writes to the same pixels."""
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    selection, expected = select(space, SHAPE), by_hdf5(path, space, array)
    assert selection.count == len(expected)
    found = selection.pick(array[selection.slices])
    np.testing.assert_array_equal(found, expected)
    target = np.full(SHAPE, -1)
    selection.put(target, found)
    np.testing.assert_array_equal(target, np.where(np.isin(array, expected), array, -1))
    marked = np.zeros(SHAPE, bool)
    selection.put(marked, True)
    np.testing.assert_array_equal(marked, target >= 0)
    if len(expected):
        places = np.argwhere(marked)
        assert selection.lower == tuple(places.min(axis=0)) and selection.upper == tuple(places.max(axis=0) + 1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_regular_patterns(tmp_path: Path, data: st.DataObject) -> None:
    along = []
    for length in SHAPE:
        block = data.draw(st.integers(1, 4))
        stride = data.draw(st.integers(block, 5))
        start = data.draw(st.integers(0, length - block))
        count = data.draw(st.integers(1, 1 + (length - block - start) // stride))
        along.append((start, count, stride, block))
    check(tmp_path / "a.h5", hyperslab(*zip(*along, strict=True)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_unions_of_boxes(tmp_path: Path, data: st.DataObject) -> None:
    space = h5s.create_simple(SHAPE)
    for number in range(data.draw(st.integers(2, 4))):
        start = tuple(data.draw(st.integers(0, length - 1)) for length in SHAPE)
        size = tuple(data.draw(st.integers(1, length - low)) for low, length in zip(start, SHAPE, strict=True))
        space.select_hyperslab(start, (1, 1), None, size, op=h5s.SELECT_OR if number else h5s.SELECT_SET)
    check(tmp_path / "a.h5", space)


def test_all_and_nothing(tmp_path: Path) -> None:
    space = h5s.create_simple(SHAPE)
    space.select_all()
    check(tmp_path / "a.h5", space)
    space.select_none()
    assert select(space, SHAPE).count == 0 and not select(space, SHAPE).pick(np.ones(SHAPE)[:0, :0]).size


def test_single_points_and_pixels_outside_are_refused() -> None:
    points = h5s.create_simple(SHAPE)
    points.select_elements([(1, 2), (3, 4)])
    with pytest.raises(ValueError, match="single points"):
        select(points, SHAPE)
    with pytest.raises(ValueError, match="of an array of shape"):
        select(hyperslab((0, 4), (1, 1), (1, 1), (9, 7)), (9, 10))


def test_a_selection_without_end_ends_with_the_array() -> None:
    space = h5s.create_simple((2, 8), (h5s.UNLIMITED, 8))
    space.select_hyperslab((1, 0), (h5s.UNLIMITED, 1), (3, 1), (2, 8))
    assert endless_axis(space) == 0 and endless_axis(h5s.create_simple(SHAPE)) is None
    # Blocks of two rows, three rows apart: rows 1, 2, 4, 5, 7 of eight, and 1 of two.
    for length, rows in ((8, [1, 2, 4, 5, 7]), (2, [1]), (1, [])):
        marked = np.zeros((length, 8), bool)
        select(space, (length, 8)).put(marked, True)
        assert np.flatnonzero(marked.all(axis=1)).tolist() == np.flatnonzero(marked.any(axis=1)).tolist() == rows
    assert select(space, (8, 8), number=1).lower == (4, 0) and select(space, (8, 8), number=1).upper == (6, 8)


def test_only_regular_selections_are_trimmed() -> None:
    regular = Selection(SHAPE, axes=[range(0, 9, 2), range(11)])
    assert trimmed(regular, SHAPE, 0, 2).upper == (3, 11) and trimmed(regular, SHAPE, None, 2) is regular
    union = Selection(SHAPE, boxes=(((0, 0), (2, 2)), ((4, 4), (5, 5))))
    assert trimmed(union, SHAPE, 0, 1) is union and union.count == 5
