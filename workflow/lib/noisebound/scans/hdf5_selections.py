"""Selections of pixels as HDF5 describes the parts of virtual datasets: regular patterns, unions of boxes, no end."""

from __future__ import annotations

import math
from collections.abc import Sequence

import h5py
import numpy as np

Boxes = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


class Selection:
    """Pixels of an array in row-major order.

    Parameters
    ----------
    shape
        Of the array.
    axes
        Positions along each axis: selected is every one with every other.
    boxes
        Without ``axes``: lower and upper corners of boxes, whose union is selected.

    Raises
    ------
    ValueError
        For pixels outside ``shape``.
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
        """Index of the smallest regular part that holds the selection."""
        if self.axes is not None and all(isinstance(axis, range) for axis in self.axes):
            return tuple(slice(axis.start, axis.stop, axis.step) for axis in self.axes if isinstance(axis, range))
        return tuple(slice(low, high) for low, high in zip(self.lower, self.upper, strict=True))

    def pick(self, part: np.ndarray) -> np.ndarray:
        """The selected values of the array behind ``slices``, one after the other."""
        mask = self._mask()
        return part.reshape(-1) if mask is None else part[mask]

    def put(self, target: np.ndarray, values: np.ndarray | bool) -> None:
        """Write values, one after the other, to the selected pixels of a whole array."""
        mask, part = self._mask(), target[self.slices]
        if mask is not None:
            part[mask] = values
        else:
            part[...] = values.reshape(part.shape) if isinstance(values, np.ndarray) else values

    def _mask(self) -> np.ndarray | None:
        """The selected pixels among those of ``slices``; ``None`` where all are."""
        if self.axes is not None and all(isinstance(axis, range) for axis in self.axes):
            return None
        mask = np.zeros([high - low for low, high in zip(self.lower, self.upper, strict=True)], bool)
        if self.axes is not None:
            mask[np.ix_(*(np.asarray(axis) - low for axis, low in zip(self.axes, self.lower, strict=True)))] = True
        for box in self.boxes:
            mask[tuple(slice(a - low, b - low) for a, b, low in zip(*box, self.lower, strict=True))] = True
        return mask


def endless_axis(space: h5py.h5s.SpaceID) -> int | None:
    """The axis along which a selection has no end; ``None`` where it ends along all."""
    if space.get_select_type() != h5py.h5s.SEL_HYPERSLABS or not space.is_regular_hyperslab():
        return None
    _, _, count, block = space.get_regular_hyperslab()
    found = [axis for axis, pair in enumerate(zip(count, block, strict=True)) if h5py.h5s.UNLIMITED in pair]
    return found[0] if found else None


def select(space: h5py.h5s.SpaceID, shape: Sequence[int], *, number: int | None = None) -> Selection:
    """The pixels that HDF5 says are selected of an array.

    Parameters
    ----------
    space
        HDF5's description of the selection; one without end ends with the array.
    shape
        Of the array.
    number
        Takes that block alone of the blocks along the axis without end.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        For pixels outside the array, and for selections of single points.
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
    """The first ``length`` positions along ``axis`` of a regular selection; all where ``axis`` is ``None``."""
    if axis is None or selection.axes is None:
        return selection
    axes = [along[:length] if number == axis else along for number, along in enumerate(selection.axes)]
    return Selection(shape, axes=axes)
