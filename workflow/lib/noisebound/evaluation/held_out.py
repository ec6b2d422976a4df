"""The held-out regions in memory: predictions of every frame beside their targets, and which targets are covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..calibration.image_slope import read_with_slope
from ..calibration.intervals import Calibration
from ..calibration.tie_draws import tie_draws_at
from ..files.labels import read_tokens
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import block_labels
from ..geometry.boxes import Box

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class HeldOut:
    """One test box of one scan; every frame is predicted on its own.

    Shapes: C channels, R frames, M members; *box is the shape of the box, ([Z], Y, X).

    Attributes
    ----------
    scan
        Name of the scan.
    field
        Field of view: "group <name>" where the scan sheet names a group, else "scan <name>". Its repeats count as one.
    box
        Where the region is.
    frames
        Numbers of the R frames in the scan.
    delivered
        Place among ``frames`` of the delivered one.
    lower, median, upper, target
        float32 (C, R, *box), in the unit of the reference.
    noise
        Variance of the targets' noise, of the same shape; None where unknown.
    truth
        True signal, float32 (C, *box); None where unknown.
    blocks, n_blocks
        Number of each pixel's block, from 0, (*box), and how many blocks there are.
    border
        Distance of each pixel to the border of its image in px, 0 for the outermost pixel, (*box).
    tokens
        Labels of the delivered frame, (*box), or None.
    members
        Medians of the members for the delivered frame, float32 (M, C, *box), or None.
    slope
        Squared slope of the median (see ``calibration.image_slope``), float32 (C, R, *box); None where it is not
        needed.
    """

    scan: str
    field: str
    box: Box
    frames: tuple[int, ...]
    delivered: int
    lower: Floats
    median: Floats
    upper: Floats
    target: Floats
    noise: Floats | None
    truth: Floats | None
    blocks: NDArray[np.intp]
    n_blocks: int
    border: NDArray[np.intp]
    tokens: NDArray[np.integer] | None
    members: Floats | None
    slope: Floats | None = None


def border_distance(shape: Sequence[int], box: Box) -> NDArray[np.intp]:
    """Compute the distance of the pixels of a box to the border of an image.

    Parameters
    ----------
    shape
        Shape of the image, one extent per spatial axis.
    box
        The box in this image.

    Returns
    -------
    ndarray
        Integers of the shape of the box, in px; 0 for the outermost pixel.
    """
    axes = [
        np.minimum(np.arange(low, high), extent - 1 - np.arange(low, high))
        for low, high, extent in zip(box.lower, box.upper, shape, strict=True)
    ]
    return np.min(np.stack(np.meshgrid(*axes, indexing="ij")), axis=0)


def load_held_out(
    predictions: Predictions,
    scan: Scan,
    boxes: Sequence[Box],
    tokens: Path | None,
    block: int,
    only_delivered: bool = False,
    montage: bool = False,
    slopes: bool = True,
) -> list[HeldOut]:
    """Read the test regions of one scan.

    Parameters
    ----------
    predictions, scan, boxes, tokens
        Of one scan: predictions, images, test regions, and label TIFF or None.
    block
        Side of a block (px).
    only_delivered
        Whether to read the delivered frame alone, the only one with tokens.
    montage
        Whether every box is an image of its own, whose border is that of the box.
    slopes
        Whether to compute slopes, which only intervals for the signal need.

    Returns
    -------
    list of HeldOut
        One per box.
    """
    labels = read_tokens(tokens, scan.shape)
    frames = (predictions.frame,) if only_delivered else tuple(range(predictions.n_frames))
    loaded = []
    for box in boxes:
        region = box.slices
        images = [predictions.read_frame(k, region) for k in frames]
        lower, median, upper = (np.stack([image[i] for image in images], axis=1) for i in range(3))
        blocks, n_blocks = block_labels(box.shape, block)
        loaded.append(
            HeldOut(
                scan=scan.name,
                field=scan.field_of_view,
                box=box,
                frames=frames,
                delivered=frames.index(predictions.frame),
                lower=lower,
                median=median,
                upper=upper,
                target=np.stack([scan.read_target(k, region) for k in frames], axis=1),
                noise=_target_noise(scan, frames, box),
                truth=scan.read_truth(region),
                blocks=blocks,
                n_blocks=n_blocks,
                border=_border(scan, box, montage),
                tokens=None if labels is None else labels[region],
                members=_members(predictions, box),
                slope=np.stack([_slope(predictions, k, box) for k in frames], axis=1) if slopes else None,
            )
        )
    return loaded


def _border(scan: Scan, box: Box, montage: bool) -> NDArray[np.intp]:
    """Distances to the border of the scan; in a montage, to that of the box, which is an image of its own."""
    if montage:
        return border_distance(box.shape, Box(box.role, (0,) * len(box.shape), box.shape))
    return border_distance(scan.shape, box)


def _target_noise(scan: Scan, frames: Sequence[int], box: Box) -> Floats | None:
    """Variance of the targets of ``frames``, (C, R, *box); None where it is unknown for any of them."""
    noise = [scan.read_reference_noise(k, box.slices) for k in frames]
    known = [part for part in noise if part is not None]
    return np.stack(known, 1) if len(known) == len(noise) else None


def _slope(predictions: Predictions, k: int, box: Box) -> Floats:
    """Squared slopes of the median of one frame, (C, *box)."""
    return read_with_slope(lambda region: predictions.read_frame(k, region)[1], box.slices, predictions.shape)[1]


def _members(predictions: Predictions, box: Box) -> Floats | None:
    """Medians of the members, (M, C, *box); None where they are not stored."""
    if not predictions.has_members:
        return None
    return np.stack([predictions.read_member(m, box.slices) for m in range(predictions.n_members)])


@dataclass(frozen=True)
class HeldOutIntervals:
    """A held-out region with its calibrated intervals at one nominal coverage.

    Attributes
    ----------
    region
        The held-out region.
    low, high
        Ends of the intervals, float32 (C, R, *box), in the unit of the reference.
    """

    region: HeldOut
    low: Floats
    high: Floats

    @property
    def below(self) -> NDArray[np.bool_]:
        """Whether a target lies below its interval, (C, R, *box)."""
        return self.region.target < self.low

    @property
    def above(self) -> NDArray[np.bool_]:
        """Whether a target lies above its interval, (C, R, *box)."""
        return self.region.target > self.high

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Whether a target lies in its interval, ends included, (C, R, *box)."""
        return ~(self.below | self.above)

    @property
    def width(self) -> Floats:
        """Width of the interval in the unit of the reference, (C, R, *box)."""
        return self.high - self.low


def held_out_intervals(region: HeldOut, calibration: Calibration, nominal: float) -> HeldOutIntervals:
    """Apply the calibrated interval to every frame of a held-out region, exactly as it is delivered.

    Parameters
    ----------
    region
        The held-out region.
    calibration
        The corrections.
    nominal
        One of the coverages that were calibrated.

    Returns
    -------
    HeldOutIntervals
        The region with its intervals.

    Raises
    ------
    InputError
        Where ``nominal`` was not calibrated, or corrections depend on tokens and the region has none.
    """
    draws = None
    if calibration.random_ties:
        channels = len(region.target)
        draws = np.stack([tie_draws_at(region.scan, k, channels, region.box.slices) for k in region.frames], axis=1)
    tokens = region.tokens if calibration.by_token else None
    low, high, _ = calibration.interval(region.lower, region.median, region.upper, nominal, tokens, draws)
    return HeldOutIntervals(region, low, high)


def held_out_signal(region: HeldOut, calibration: Calibration, nominal: float) -> HeldOutIntervals:
    """Apply the interval for the signal to every frame of a held-out region, exactly as it is delivered.

    Parameters
    ----------
    region
        The held-out region.
    calibration
        The calibration, with intervals for the signal.
    nominal
        One of the coverages that were calibrated.

    Returns
    -------
    HeldOutIntervals
        The region with its intervals.

    Raises
    ------
    InputError
        Where the calibration has no intervals for the signal.
    """
    assert region.slope is not None
    return HeldOutIntervals(region, *calibration.signal_interval(region.median, region.slope, nominal))
