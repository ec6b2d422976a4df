"""Calibration pixels in memory: predictions and targets of the calibrate regions, by field of view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exchangeability import Unit
from .rounding import Floats

# Places of median and target in the first axis of ``FieldPixels.parts``.
_MEDIAN, _TARGET = 1, 3


@dataclass
class FieldPixels:
    """Calibration pixels of one field of view, over all its repeats.

    Attributes
    ----------
    name
        "group <name>" or "scan <name>".
    whole
        Whether all regions served calibration, so that the scan is like a further scan.
    frames
        Number of frames.
    parts
        One array per box and frame, float32 (4, C, n): lower, median, upper and target, in the unit of the reference.
    tokens
        Token of each pixel, one array (n,) per part; empty where no tokens are needed.
    blocks
        Block of each pixel, one array (n,) per part, numbered from 0 within the field of view. Frames of one scan share
        numbers, because they show the same pixels.
    n_blocks
        Number of blocks.
    noisy_sums
        Sum of the noisy frame over the pixels of each part, float64 (parts, C). For leave-one-out, of the target, which
        is a mean of such frames.
    """

    name: str
    whole: bool = True
    frames: int = 0
    parts: list[Floats] = field(default_factory=list)
    tokens: list[NDArray[Any]] = field(default_factory=list)
    blocks: list[NDArray[np.intp]] = field(default_factory=list)
    n_blocks: int = 0
    noisy_sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))

    def channel(self, c: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the quantiles and the target of one channel.

        Parameters
        ----------
        c
            Number of the channel.

        Returns
        -------
        tuple of ndarray
            Lower, median, upper and target, flat float32.
        """
        lower, median, upper, target = np.concatenate([part[:, c] for part in self.parts], axis=1)
        return lower, median, upper, target

    def median(self, c: int) -> Floats:
        """Return the predicted median of one channel.

        Parameters
        ----------
        c
            Number of the channel.

        Returns
        -------
        ndarray
            Flat float32.
        """
        return np.concatenate([part[_MEDIAN, c] for part in self.parts])

    def target(self, c: int) -> Floats:
        """Return the target of one channel.

        Parameters
        ----------
        c
            Number of the channel.

        Returns
        -------
        ndarray
            Flat float32.
        """
        return np.concatenate([part[_TARGET, c] for part in self.parts])

    def all_tokens(self) -> NDArray[Any]:
        """Return the token of each pixel.

        Returns
        -------
        ndarray
            Flat integers; empty where no tokens are needed.
        """
        return np.concatenate(self.tokens) if self.tokens else np.zeros(0, dtype=np.intp)


@dataclass
class CalibrationPixels:
    """All calibration pixels, and where they came from.

    Attributes
    ----------
    channels
        Names, in the order of the images' first axis.
    levels
        Quantile levels of lower, median and upper.
    fields
        Fields of view by name.
    sources
        Per scan its name, and its numbers of boxes, frames and pixels, as ``calibration.json`` holds them.
    targets
        What the targets are, in words, each kind once.
    n_blocks
        Number of blocks.
    """

    channels: tuple[str, ...]
    levels: tuple[float, ...]
    fields: dict[str, FieldPixels] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    n_blocks: int = 0

    @property
    def blocks(self) -> NDArray[np.intp]:
        """The block of each pixel, flat, in the order of :meth:`median`; numbered over all fields of view."""
        parts, first = [], 0
        for own in self.all:
            parts += [first + numbers for numbers in own.blocks]
            first += own.n_blocks
        return np.concatenate(parts)

    @property
    def all(self) -> list[FieldPixels]:
        """Every field of view."""
        return list(self.fields.values())

    @property
    def whole(self) -> list[FieldPixels]:
        """Fields of view used for calibration alone; statements about further scans rest on these."""
        return [own for own in self.fields.values() if own.whole]

    def counted(self, unit: Unit) -> list[FieldPixels]:
        """Return the fields of view that a unit of exchangeability counts.

        Parameters
        ----------
        unit
            The unit.

        Returns
        -------
        list of FieldPixels
            All for pixel; otherwise those used for calibration alone.
        """
        return self.all if unit == "pixel" else self.whole

    @property
    def n_pixels(self) -> int:
        """Number of pixels of one channel, over all frames."""
        return sum(source["pixels"] for source in self.sources)

    @property
    def n_frames(self) -> int:
        """Number of frames of all scans."""
        return sum(source["frames"] for source in self.sources)

    def median(self, c: int) -> Floats:
        """Return the predicted median of one channel over all fields of view.

        Parameters
        ----------
        c
            Number of the channel.

        Returns
        -------
        ndarray
            Flat float32.
        """
        return np.concatenate([own.median(c) for own in self.all])

    def target(self, c: int) -> Floats:
        """Return the target of one channel over all fields of view.

        Parameters
        ----------
        c
            Number of the channel.

        Returns
        -------
        ndarray
            Flat float32.
        """
        return np.concatenate([own.target(c) for own in self.all])
