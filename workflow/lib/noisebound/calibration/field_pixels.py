"""Calibration pixels in memory: predictions and targets of the calibrate regions, by field of view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exchangeability import Unit
from .rounding import Floats

# Places in the first axis of ``FieldPixels.parts``.
_MEDIAN, _TARGET = 1, 3


@dataclass
class FieldPixels:
    """Calibration pixels of one field of view, over all its repeats.

    Attributes
    ----------
    name
        "group <name>" or "scan <name>".
    whole
        Whether the whole scan served calibration, so that it is like a further scan.
    frames
        Number of frames.
    parts
        One array per box and frame, (4, C, n) float32: lower, median, upper and target.
    tokens
        Parallel to ``parts``, (n,) each; empty where no tokens are needed.
    """

    name: str
    whole: bool = True
    frames: int = 0
    parts: list[Floats] = field(default_factory=list)
    tokens: list[NDArray[Any]] = field(default_factory=list)

    def channel(self, c: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Lower, median, upper and target of one channel, flat float32."""
        lower, median, upper, target = np.concatenate([part[:, c] for part in self.parts], axis=1)
        return lower, median, upper, target

    def median(self, c: int) -> Floats:
        """Median of one channel, flat float32."""
        return np.concatenate([part[_MEDIAN, c] for part in self.parts])

    def target(self, c: int) -> Floats:
        """Target of one channel, flat float32."""
        return np.concatenate([part[_TARGET, c] for part in self.parts])

    def all_tokens(self) -> NDArray[Any]:
        """Token of each pixel, flat; empty where none are needed."""
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
        How much of each scan was used, as ``calibration.json`` says it.
    targets
        Kinds of target in words.
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
    def all(self) -> list[FieldPixels]:
        """Every field of view."""
        return list(self.fields.values())

    @property
    def whole(self) -> list[FieldPixels]:
        """Fields of view that served calibration alone: what a statement about further scans rests on."""
        return [own for own in self.fields.values() if own.whole]

    def counted(self, unit: Unit) -> list[FieldPixels]:
        """Fields of view that a ``unit`` counts: all for pixel, otherwise those that served calibration alone."""
        return self.all if unit == "pixel" else self.whole

    @property
    def n_pixels(self) -> int:
        """Pixels over all frames, of one channel."""
        return sum(source["pixels"] for source in self.sources)

    @property
    def n_frames(self) -> int:
        """Frames of all scans."""
        return sum(source["frames"] for source in self.sources)

    def median(self, c: int) -> Floats:
        """Median of one channel over all fields of view, flat float32."""
        return np.concatenate([own.median(c) for own in self.all])

    def target(self, c: int) -> Floats:
        """Target of one channel over all fields of view, flat float32."""
        return np.concatenate([own.target(c) for own in self.all])
