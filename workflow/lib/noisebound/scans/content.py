"""The pixels of one scan, read once: every value checked, every channel digested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.errors import InputError, LeakageError
from ..files.scan_sources import MEAN, SUM
from .acquisition import Acquisition
from .pixel_digests import pixel_digest, varies
from .readers import Header, Image, read_image


class Content:
    """Reads an acquisition's pixels once, one file at a time, and checks them.

    ``frames`` is to be used up before ``reference``. ``arrays`` grows with what was read: the digest (``sha256``) of
    every channel that has more than one value, with its ``part``, ``frame`` and ``channel``.
    """

    def __init__(self, acquisition: Acquisition, *, counts: bool) -> None:
        self.acquisition, self.counts = acquisition, counts
        summed = np.float64 if acquisition.dtype.kind == "f" else np.int64
        self._total = np.zeros((len(acquisition.channels), *acquisition.shape), summed)
        self.arrays: list[dict[str, Any]] = []
        self._seen: dict[tuple[str, ...], str] = {}
        self._noisy: dict[str, str] = {}

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every noisy frame (C, [Z], Y, X) in its file's dtype.

        Raises ``InputError`` for frames of one value and, for counts, for negative or fractional values;
        ``LeakageError`` where two frames of a leave-one-out scan are the same.
        """
        count = 0
        for header in self.acquisition.noisy:
            stack = self._arranged(header)
            for number, frame in enumerate(stack):
                self._check_frame(frame, header.source, number)
                digests = self._digest("noisy", count, frame)
                self._check_repeated(digests, frame, header.source, number)
                self._total += self._summand(frame, header.source, number)
                count += 1
                yield frame
        if count > 1:  # which another scan may have for its reference
            mean = self._total / count
            self._digest(SUM, 0, self._total)
            for number, image in enumerate((mean, mean.astype(np.float32))):
                self._digest(MEAN, number, image)

    def _summand(self, frame: np.ndarray, source: str, number: int) -> np.ndarray:
        """A frame as it is summed. Raises ``InputError`` for 64-bit values of which the sum would overflow."""
        if frame.dtype.kind == "f" or frame.dtype.itemsize < 8:
            return frame
        most = np.iinfo(np.int64).max // self.acquisition.n_frames
        if int(frame.max()) > most or int(frame.min()) < -most:
            raise InputError(
                f"frame {number} has values beyond {most}, whose sum over all frames would overflow",
                file=source,
                remedy="save smaller numbers, for example with a common offset or factor taken off",
            )
        return frame.astype(np.int64)

    def reference(self) -> np.ndarray | None:
        """The measured reference (C, [Z], Y, X), or for leave-one-out the sum of all frames (uint32 for integers).

        Several reference frames are averaged to float32. Raises ``InputError`` for a reference of one value or, for
        counts, a negative one; ``LeakageError`` where it is the sum or mean of the noisy frames themselves.
        """
        if self.acquisition.leave_one_out:
            return _compact(self._total)
        if not self.acquisition.reference:
            return None
        stacks = [self._arranged(header) for header in self.acquisition.reference]
        sources = [header.source for header, stack in zip(self.acquisition.reference, stacks) for _ in stack]
        for number, (source, frame) in enumerate(zip(sources, (frame for stack in stacks for frame in stack))):
            self._check_independent(self._digest("reference", number, frame), source, number)
        if sum(len(stack) for stack in stacks) == 1:
            reference = stacks[0][0]
        else:
            count = sum(len(stack) for stack in stacks)
            reference = (sum(stack.sum(axis=0, dtype=np.float64) for stack in stacks) / count).astype(np.float32)
        self._check_reference(reference, self.acquisition.reference[0].source)
        return reference

    def truth(self) -> np.ndarray | None:
        """The true signal of a simulated scan, float32 (C, [Z], Y, X).

        Raises ``InputError`` for more than one image.
        """
        header = self.acquisition.truth
        if header is None:
            return None
        stack = self._arranged(header)
        if len(stack) != 1:
            remedy = "give one image, in the unit of the reference"
            raise InputError(f"the truth holds {len(stack)} frames", file=header.source, key="truth", remedy=remedy)
        self._digest("truth", 0, stack[0])
        return stack[0].astype(np.float32)

    def _arranged(self, header: Header) -> np.ndarray:
        image = read_image(header.source, axes=header.axes)
        if image.files != header.files:
            remedy = "wait until the measurement is complete and start the same command again"
            raise InputError("the file was changed while it was read", file=header.source, remedy=remedy)
        stack = arrange(image, self.acquisition.dimensions)
        order = self.acquisition.orders[header.source]
        return stack if order == tuple(range(len(order))) else stack[:, list(order)]

    def _check_frame(self, frame: np.ndarray, source: str, number: int) -> None:
        if frame.size > 1 and frame.min() == frame.max():
            raise InputError(
                f"frame {number} holds the one value {frame.flat[0]} everywhere",
                file=source,
                remedy="leave the frame out, or export it again from the instrument",
            )
        if self.counts:
            wrong = int(np.count_nonzero(frame < 0))
            if frame.dtype.kind == "f":
                wrong += int(np.count_nonzero((frame >= 0) & (frame != np.floor(frame))))
            if wrong:
                raise InputError(
                    f"frame {number} has {wrong} values that are no counts (negative or with a fraction)",
                    file=source,
                    remedy="give raw counts, or set `data.kind: intensity` in the configuration",
                )

    def _digest(self, part: str, number: int, frame: np.ndarray) -> list[str | None]:
        """Digests of the channels of a frame, ``None`` for a channel of one value; they are listed in ``arrays``."""
        digests = [pixel_digest(image) if varies(image) else None for image in frame]
        for channel, digest in zip(self.acquisition.channels, digests, strict=True):
            if digest is not None:
                self.arrays.append({"part": part, "frame": number, "channel": channel, "sha256": digest})
        return digests

    def _check_repeated(self, digests: list[str | None], frame: np.ndarray, source: str, number: int) -> None:
        here = f"frame {number} of {source!r}"
        for digest in digests:
            if digest is not None:
                self._noisy.setdefault(digest, here)
        if self.acquisition.leave_one_out:
            key = tuple(digest or f"{float(image.flat[0])}" for digest, image in zip(digests, frame, strict=True))
            if key in self._seen:
                raise LeakageError(
                    f"{here} equals {self._seen[key]}, so that the target of one would contain the other",
                    file=source,
                    remedy="list every frame once",
                )
            self._seen[key] = here

    def _check_independent(self, digests: list[str | None], source: str, number: int) -> None:
        for channel, digest in zip(self.acquisition.channels, digests, strict=True):
            if digest in self._noisy:
                raise LeakageError(
                    f"frame {number} of the reference equals noisy {self._noisy[digest]} in the channel {channel}",
                    file=source,
                    remedy="set `reference` to leave-one-out, or give an independent measurement",
                )

    def _check_reference(self, reference: np.ndarray, source: str) -> None:
        if reference.size > 1 and reference.min() == reference.max():
            problem = f"the reference holds the one value {reference.flat[0]} everywhere"
            raise InputError(problem, file=source, remedy="export the reference again")
        if self.counts and reference.min() < 0:
            problem = f"the reference of counts has {int(np.count_nonzero(reference < 0))} negative values"
            remedy = "give counts without background subtraction, or set `data.kind: intensity`"
            raise InputError(problem, file=source, remedy=remedy)
        value, count = reference.astype(np.float64), self.acquisition.n_frames
        total = self._total.astype(np.float64)
        if any(np.allclose(value, candidate, rtol=1e-6, atol=0) for candidate in (total, total / count)):
            raise LeakageError(
                "the reference is the sum or the mean of the noisy frames themselves",
                file=source,
                remedy="set `reference` to leave-one-out, or give an independent measurement",
            )


def arrange(image: Image, dimensions: int) -> np.ndarray:
    """View an image as (R, C, [Z], Y, X); axes it lacks get length 1."""
    array, axes = image.array, image.axes
    for axis in "ZCR":
        if axis not in axes:
            array, axes = array[np.newaxis], axis + axes
    array = array.transpose([axes.index(axis) for axis in "RCZYX"])
    return array if dimensions == 3 else array[:, :, 0]


def _compact(total: np.ndarray) -> np.ndarray:
    fits = total.dtype.kind == "i" and total.min() >= 0 and total.max() <= np.iinfo(np.uint32).max
    return total.astype(np.uint32) if fits else total
