"""The pixels of one scan, read once: every value is checked, every channel digested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..files.scan_sources import MEAN, SUM
from .acquisition import Acquisition
from .axes import AXES
from .channel_digests import ChannelDigests
from .pixel_checks import check_frame, check_reference, summand
from .readers import Header, Image, read_image


class Content:
    """Reads the pixels of an acquisition once, one file at a time, and checks them.

    Use up ``frames`` before calling ``reference``.

    Parameters
    ----------
    acquisition
        What is to be read.
    counts
        Whether the values are counts, that is, non-negative whole numbers.
    """

    def __init__(self, acquisition: Acquisition, *, counts: bool) -> None:
        self.acquisition, self.counts = acquisition, counts
        summed = np.float64 if acquisition.dtype.kind == "f" else np.int64
        self._total = np.zeros((len(acquisition.channels), *acquisition.shape), summed)
        self._digests = ChannelDigests(acquisition.channels)
        # What is known of a measured reference once it was read.
        self.reference_repeats, self.reference_events = 0, False
        self.reference_variance: np.ndarray | None = None

    @property
    def arrays(self) -> list[dict[str, Any]]:
        """Digests of what was read so far; see :class:`ChannelDigests`."""
        return self._digests.arrays

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every noisy frame, and digest the sum and the mean of all at the end.

        Yields
        ------
        array
            (C, [Z], Y, X), in the dtype of its file.

        Raises
        ------
        InputError
            If a frame has only one value, counts are negative or fractional, sums overflow, or a file changes
            meanwhile.
        LeakageError
            If two frames of a leave-one-out scan are equal.
        """
        count, planned = 0, self.acquisition.n_frames
        for header in self.acquisition.noisy:
            stack = _read(header, self.acquisition)
            for number, frame in enumerate(stack):
                check_frame(frame, header.source, number, counts=self.counts)
                self._digests.add_noisy(count, frame, header.source, number, alone=self.acquisition.leave_one_out)
                self._total += summand(frame, header.source, number, planned)
                count += 1
                yield frame
        if count > 1:  # another scan may have the sum or the mean as its reference
            mean = self._total / count
            self._digests.add(SUM, 0, self._total)
            for number, image in enumerate((mean, mean.astype(np.float32))):
                self._digests.add(MEAN, number, image)

    def reference(self) -> np.ndarray | None:
        """Read the reference, or compute it for leave-one-out.

        Returns
        -------
        array or None
            (C, [Z], Y, X); None for a scan without reference. A measured reference of one frame keeps its dtype;
            several frames are averaged to float32. For leave-one-out it is the sum of all noisy frames: uint32 if it
            fits, else int64, or float64 for fractional values.

        Raises
        ------
        InputError
            If the reference has only one value, or negative values where it should be counts, or a file changes
            meanwhile.
        LeakageError
            If it equals a noisy frame in a channel, or is the sum or the mean of the noisy frames.
        """
        if self.acquisition.leave_one_out:
            return _compact(self._total)
        if not self.acquisition.reference:
            return None
        stacks = [_read(header, self.acquisition) for header in self.acquisition.reference]
        sources = [header.source for header, stack in zip(self.acquisition.reference, stacks) for _ in stack]
        for number, (source, frame) in enumerate(zip(sources, (frame for stack in stacks for frame in stack))):
            self._digests.add_reference(number, frame, source)
        reference = self._averaged(stacks)
        first = self.acquisition.reference[0].source
        check_reference(reference, first, self._total, self.acquisition.n_frames, counts=self.counts)
        return reference

    def _averaged(self, stacks: list[np.ndarray]) -> np.ndarray:
        """Average the repeats of a reference, and note how noisy the average is, as far as they show it."""
        repeats = self.reference_repeats = sum(map(len, stacks))
        self.reference_events = self.counts and all(np.array_equal(stack, np.rint(stack)) for stack in stacks)
        if repeats == 1:
            return stacks[0][0]
        mean = sum(stack.sum(axis=0, dtype=np.float64) for stack in stacks) / repeats
        squares = sum(np.square(stack - mean).sum(axis=0) for stack in stacks)
        self.reference_variance = (squares / (repeats - 1) / repeats).astype(np.float32)
        return mean.astype(np.float32)

    def truth(self) -> np.ndarray | None:
        """Read the true signal of a simulated scan.

        Returns
        -------
        array or None
            float32 (C, [Z], Y, X); None for a scan without truth.

        Raises
        ------
        InputError
            If the file holds more than one image, or changes meanwhile.
        """
        header = self.acquisition.truth
        if header is None:
            return None
        stack = _read(header, self.acquisition)
        if len(stack) != 1:
            remedy = "give one image, in the unit of the reference"
            raise InputError(f"the truth holds {len(stack)} frames", file=header.source, key="truth", remedy=remedy)
        self._digests.add("truth", 0, stack[0])
        return stack[0].astype(np.float32)


def _read(header: Header, acquisition: Acquisition) -> np.ndarray:
    """The pixels of a file as (R, C, [Z], Y, X) with the scan's channels in their order."""
    image = read_image(header.source, axes=header.axes)
    if image.files != header.files:
        remedy = "wait until the measurement is complete and start the same command again"
        raise InputError("the file was changed while it was read", file=header.source, remedy=remedy)
    stack = arrange(image, acquisition.dimensions)
    order = acquisition.orders[header.source]
    return stack if order == tuple(range(len(order))) else stack[:, list(order)]


def arrange(image: Image, dimensions: int) -> np.ndarray:
    """View an image with its axes in standard order.

    Parameters
    ----------
    image
        The image.
    dimensions
        Number of spatial axes, 2 or 3.

    Returns
    -------
    array
        (R, C, Y, X), or (R, C, Z, Y, X) for 3 dimensions. Axes that the image lacks get length 1; for 2 dimensions only
        the first plane along Z is taken.
    """
    array, axes = image.array, image.axes
    for axis in AXES:
        if axis not in axes:
            array, axes = array[np.newaxis], axis + axes
    array = array.transpose([axes.index(axis) for axis in AXES])
    return array if dimensions == 3 else array[:, :, 0]


def _compact(total: np.ndarray) -> np.ndarray:
    """Convert a sum of whole numbers to uint32 if it fits."""
    fits = total.dtype.kind == "i" and total.min() >= 0 and total.max() <= np.iinfo(np.uint32).max
    return total.astype(np.uint32) if fits else total
