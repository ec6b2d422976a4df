"""What the scan sheet and the configuration say about a scan's files. Only the standard library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DataSettings:
    """What the section ``data`` of the configuration says of every scan.

    Parameters
    ----------
    dimensions
        Spatial axes of an image, 2 or 3; None to take them from the files.
    channels
        Names of the channels in the run's order; None to take them from the files.
    counts
        Whether the values are counts, and so whole numbers that are not negative.
    """

    dimensions: int | None
    channels: Sequence[str] | None
    counts: bool


@dataclass(frozen=True)
class SourceSettings:
    """What a row of the scan sheet says of a scan's files; None stands for an empty cell.

    Parameters
    ----------
    noisy
        Sources of the noisy frames, one frame or several each: all frames are put one after the other.
    reference
        Sources of the reference, of which several are averaged, or the text "leave-one-out": the target of a frame is
        the mean of the others.
    group
        Name that scans of one field of view share; empty for none.
    axes, reference_axes
        One letter of RCZYX per axis of the noisy files, and of reference and truth, where the files do not say so.
    file_channels
        Names of the channels in the files' order, instead of those that the files give.
    pixel_size, pixel_unit
        One number, or one per spatial axis in the order [z], y, x, and its unit, instead of those that the files give.
    truth
        Source of the true signal of a simulated scan, which is kept to judge with.
    """

    noisy: Sequence[str]
    reference: Sequence[str] | str | None = None
    group: str = ""
    axes: str | None = None
    reference_axes: str | None = None
    file_channels: Sequence[str] | None = None
    pixel_size: float | Sequence[float] | None = None
    pixel_unit: str | None = None
    truth: str | None = None
