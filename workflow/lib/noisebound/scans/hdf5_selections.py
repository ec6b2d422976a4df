"""Selections of pixels, as HDF5 uses them for parts of virtual datasets: regular patterns, boxes, endless ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import h5py
import numpy as np

Boxes = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


class Selection:
    """Selected pixels of an array, in row-major order.

    Parameters
    ----------
    shape
        Shape of the array.
    axes
        Positions along each axis; their combinations are selected.
    boxes
        If ``axes`` is None: lower and upper corners of disjoint boxes, whose union is selected.

    Raises
    ------
    ValueError
        If there are pixels outside ``shape``.
    """

    def __init__(
        self, shape: Sequence[int], *, axes: Sequence[range | np.ndarray] | None = None, boxes: Boxes = ()
    ) -> None:
        self.axes, self.boxes = axes, boxes
        if axes is not None:
            self.count = math.prod(len(axis) for axis in axes)
            self.lower = tuple(int(axis[0]) if len(axis) else 0 for axis in axes)
            self.upper = tuple(int(axis[-1]) + 1 if len(axis) else 0 for axis in axes)
        else:
            self.count = sum(math.prod(b - a for a, b in zip(*box, strict=True)) for box in boxes)
            self.lower = tuple(min(box[0][axis] for box in boxes) for axis in range(len(shape)))
            self.upper = tuple(max(box[1][axis] for box in boxes) for axis in range(len(shape)))
        if len(self.lower) != len(shape) or any(high > length for high, length in zip(self.upper, shape, strict=True)):
            raise ValueError(f"pixels {self.lower} to {self.upper} of an array of shape {tuple(shape)}")

    @property
    def slices(self) -> tuple[slice, ...]:
        """Index of the smallest regular part of the array that holds the selection."""
        if self.axes is not None and all(isinstance(axis, range) for axis in self.axes):
            return tuple(slice(axis.start, axis.stop, axis.step) for axis in self.axes if isinstance(axis, range))
        return tuple(slice(low, high) for low, high in zip(self.lower, self.upper, strict=True))

    def pick(self, part: np.ndarray) -> np.ndarray:
        """Take the selected values out of a part of an array.

        Parameters
        ----------
        part
            The array, indexed with ``slices``.

        Returns
        -------
        array
            The selected values, 1-D.
        """
        mask = self._mask()
        return part.reshape(-1) if mask is None else part[mask]

    def put(self, target: np.ndarray, values: np.ndarray | bool) -> None:
        """Write values to the selected pixels of an array.

        Parameters
        ----------
        target
            The whole array, changed in place.
        values
            The values, 1-D in the order of the selection, or one value for all.
        """
        mask, part = self._mask(), target[self.slices]
        if mask is not None:
            part[mask] = values
        else:
            part[...] = values.reshape(part.shape) if isinstance(values, np.ndarray) else values

    def _mask(self) -> np.ndarray | None:
        """Return the selected pixels among those of ``slices``, as bool; None if all are selected."""
        if self.axes is not None and all(isinstance(axis, range) for axis in self.axes):
            return None
        mask = np.zeros([high - low for low, high in zip(self.lower, self.upper, strict=True)], bool)
        if self.axes is not None:
            mask[np.ix_(*(np.asarray(axis) - low for axis, low in zip(self.axes, self.lower, strict=True)))] = True
        for box in self.boxes:
            mask[tuple(slice(a - low, b - low) for a, b, low in zip(*box, self.lower, strict=True))] = True
        return mask


def endless_axis(space: h5py.h5s.SpaceID) -> int | None:
    """Find the axis along which a selection has no end.

    Parameters
    ----------
    space
        HDF5's description of the selection.

    Returns
    -------
    int or None
        Number of the axis; None if the selection ends along all axes.
    """
    if space.get_select_type() != h5py.h5s.SEL_HYPERSLABS or not space.is_regular_hyperslab():
        return None
    _, _, count, block = space.get_regular_hyperslab()
    found = [axis for axis, pair in enumerate(zip(count, block, strict=True)) if h5py.h5s.UNLIMITED in pair]
    return found[0] if found else None


def select(space: h5py.h5s.SpaceID, shape: Sequence[int], *, number: int | None = None) -> Selection:
    """Read which pixels of an array HDF5 describes as selected.

    Parameters
    ----------
    space
        HDF5's description of the selection. One without end is taken to end with the array.
    shape
        Shape of the array.
    number
        Number of the only block to select along the axis without end; None for all blocks.

    Returns
    -------
    Selection
        The selected pixels.

    Raises
    ------
    ValueError
        If there are pixels outside the array, or single points are selected.
    """
    kind = space.get_select_type()
    if kind == h5py.h5s.SEL_ALL:
        return Selection(shape, axes=[range(length) for length in shape])
    if kind == h5py.h5s.SEL_NONE:
        return Selection(shape, axes=[range(0) for _ in shape])
    if kind != h5py.h5s.SEL_HYPERSLABS:
        raise ValueError("a selection of single points")
    if not space.is_regular_hyperslab():
        corners = space.get_select_hyper_blocklist()
        boxes = tuple((tuple(map(int, low)), tuple(int(end) + 1 for end in high)) for low, high in corners)
        return Selection(shape, boxes=boxes)
    pattern = list(zip(*space.get_regular_hyperslab(), shape, strict=True))
    axis = endless_axis(space)
    if number is not None and axis is not None:
        start, stride, _, block, length = pattern[axis]
        pattern[axis] = (start + number * stride, 1, 1, block, length)
    return Selection(shape, axes=[_positions(*map(int, along)) for along in pattern])


def _positions(start: int, stride: int, count: int, block: int, length: int) -> range | np.ndarray:
    endless = int(h5py.h5s.UNLIMITED)
    if block == endless:
        count, block = 1, max(0, length - start)
    without_end = count == endless
    if without_end:
        count = max(0, -(-(length - start) // stride))
    if count == 0 or block == 0:
        return range(0)
    if block == 1 and count > 1:
        return range(start, start + stride * (count - 1) + 1, stride)
    if count == 1 or stride == block:
        stop = start + count * block
        return range(start, min(stop, length) if without_end else stop)
    if not without_end and start + stride * (count - 1) + block > length:
        raise ValueError(f"pixels up to {start + stride * (count - 1) + block} along an axis of length {length}")
    positions = (start + stride * np.arange(count)[:, np.newaxis] + np.arange(block)).ravel()
    return positions[positions < length]


def trimmed(selection: Selection, shape: Sequence[int], axis: int | None, length: int) -> Selection:
    """Shorten a regular selection along one axis.

    Parameters
    ----------
    selection
        The selection.
    shape
        Shape of the array.
    axis
        Number of the axis; None to change nothing.
    length
        Number of positions to keep, from the first.

    Returns
    -------
    Selection
        The shorter selection; a selection of boxes is returned unchanged.
    """
    if axis is None or selection.axes is None:
        return selection
    axes = [along[:length] if number == axis else along for number, along in enumerate(selection.axes)]
    return Selection(shape, axes=axes)
