"""What the scan sheet and the configuration say about the files of a scan. Only the standard library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DataSettings:
    """What the section ``data`` of the configuration says of every scan.

    Parameters
    ----------
    dimensions
        Number of spatial axes, 2 or 3; None to take it from the files.
    channels
        Names of the channels in the order of the run; None to take them from the files.
    counts
        Whether the values are counts, that is, non-negative whole numbers.
    """

    dimensions: int | None
    channels: Sequence[str] | None
    counts: bool


@dataclass(frozen=True)
class SourceSettings:
    """What a row of the scan sheet says of the files of a scan; None stands for an empty cell.

    Parameters
    ----------
    noisy
        Sources of the noisy frames. A source may hold several frames; all frames are put one after the other.
    reference
        Sources of the reference, which are averaged; or the text "leave-one-out": the target of a frame is the mean of
        the others.
    group
        Name that scans of one field of view share; empty for none.
    axes, reference_axes
        One letter of RCZYX per axis: of the noisy files, and of reference and truth. They override what the files say.
    file_channels
        Names of the channels in the order of the files. They override what the files say.
    pixel_size, pixel_unit
        One number, or one per spatial axis ([z], y, x), and its unit. They override what the files say.
    truth
        Source of the true signal of a simulated scan, with which results are judged.
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
