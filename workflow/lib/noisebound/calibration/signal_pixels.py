"""Calibration pixels of one channel with the noise of their reference: what the signal intervals are learned from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import block_labels
from ..geometry.boxes import Box, Region
from .image_slope import read_with_slope
from .predicted_scans import PredictedScans

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
# Sides in px of the blocks whose differences show how far an estimate may be off.
BLOCK_SIDES = (8, 16, 32)
# Most pixels, over all frames, that are used of a channel.
_MOST_PIXELS = 1_500_000
# Counts pass as Poisson where their variance is their mean to within this part.
_POISSON = 0.03
# Standard deviations that a difference must exceed.
_CHANCE = 4.0


@dataclass(frozen=True)
class SignalPixels:
    """Calibration pixels of one channel, flat, over all scans, boxes and frames.

    Attributes
    ----------
    median, slope
        Predicted median, and its squared slope (see ``image_slope``), float32.
    residual
        Target minus median, float64, in the unit of the reference.
    noise
        Variance of the target's noise, float64; unbiased, though perhaps noisy itself.
    count_unit
        What one event adds to a target, where targets are Poisson counts in such units; else None.
    blocks
        Number of each pixel's block, one array per side of ``BLOCK_SIDES``; last, number of its field of view. The same
        place in all frames is one block.
    frame_variance
        Mean variance of the median from frame to frame at one pixel; 0 where there is a single frame.
    dispersion
        For counts, the variance of frames (or of repeats of the reference) over that of Poisson counts, where they show
        it and it differs from 1 by more than ``_POISSON``; then ``noise`` has this factor and ``count_unit`` is None. 1
        otherwise.
    repeated
        Mean number of frames in which a place occurs.
    """

    median: Floats
    slope: Floats
    residual: Doubles
    noise: Doubles
    count_unit: float | None
    blocks: Sequence[NDArray[np.intp]]
    frame_variance: float
    dispersion: float = 1.0
    repeated: float = 1.0


@dataclass
class _Box:
    """What one box adds: medians (R, C, n), slopes, targets and noise likewise; blocks (n,) per side.

    ``spread`` holds per channel the sums of the variance that frames or repeats show and of the Poisson variance, and
    the number of pixels.
    """

    medians: Floats
    slopes: Floats
    targets: Floats
    noises: Floats
    blocks: list[NDArray[np.intp]]
    spread: Doubles


def read_signal_pixels(scans: PredictedScans) -> list[SignalPixels] | None:
    """Read the calibrate regions of all scans with the noise of their references.

    Parameters
    ----------
    scans
        Files of the scans.

    Returns
    -------
    list of SignalPixels or None
        One per channel; None where the noise of some scan's reference is not known.
    """
    boxes: list[_Box] = []
    units: set[float | None] = set()
    counts = [0] * len(BLOCK_SIDES)
    fields: dict[str, int] = {}
    budget = _MOST_PIXELS // max(1, sum(1 for _ in scans.with_role("calibrate")))
    for ensemble, scan, regions in scans.with_role("calibrate"):
        if scan.noise_source is None:
            return None
        units.add(scan.count_unit)
        own = regions.of("calibrate")
        for box in own:
            found = _read_box(ensemble, scan, box, budget // len(own), counts)
            field = fields.setdefault(scan.field_of_view, len(fields))
            found.blocks.append(np.full_like(found.blocks[0], field))
            boxes.append(found)
    if not boxes:
        return None
    unit = units.pop() if len(units) == 1 else None
    return [_channel(boxes, c, unit) for c in range(boxes[0].medians.shape[1])]


def _read_box(ensemble: Predictions, scan: Scan, box: Box, budget: int, counts: list[int]) -> _Box:
    """Read a box of all frames, or of so many frames and pixels, evenly spread, as the budget allows."""
    frames = np.arange(ensemble.n_frames)
    kept = max(1, min(len(frames), budget // box.size))
    frames = frames[np.linspace(0, len(frames) - 1, kept).round().astype(int)]
    step = max(1, math.ceil(box.size / budget))
    parts: list[list[Floats]] = [[], [], [], []]
    for k in frames:

        def read(region: Region, frame: int = int(k)) -> Floats:
            return ensemble.read_frame(frame, region)[1]

        median, slope = read_with_slope(read, box.slices, scan.shape)
        noise = scan.read_reference_noise(int(k), box.slices)
        assert noise is not None
        for part, image in zip(parts, (median, slope, scan.read_target(int(k), box.slices), noise), strict=True):
            part.append(image.reshape(len(image), -1)[:, ::step])
    blocks = []
    for number, side in enumerate(BLOCK_SIDES):
        labels, count = block_labels(box.shape, side)
        blocks.append(labels.ravel()[::step] + counts[number])
        counts[number] += count
    medians, slopes, targets, noises = (np.stack(part) for part in parts)
    return _Box(medians, slopes, targets, noises, blocks, _spread(scan, box))


def _spread(scan: Scan, box: Box) -> Doubles:
    """Sums over a box of the variance that frames or repeats show, of that of Poisson counts, and of 1, (3, C)."""
    shown = scan.read_shown_variance(box.slices) if scan.count_unit is not None else None
    if shown is None:
        return np.zeros((3, scan.n_channels))
    sums = [image.reshape(scan.n_channels, -1).sum(axis=1, dtype=np.float64) for image in shown]
    return np.stack([*sums, np.full(scan.n_channels, float(box.size))])


def _channel(boxes: Sequence[_Box], c: int, unit: float | None) -> SignalPixels:
    def flat(images: Iterator[Floats]) -> Floats:
        return np.concatenate([image[:, c].ravel() for image in images])

    median = flat(box.medians for box in boxes)
    dispersion = 1.0 if unit is None else _dispersion(np.sum([box.spread[:, c] for box in boxes], axis=0))
    repeated = [box.medians[:, c] for box in boxes if len(box.medians) > 1]
    pixels = sum(part.shape[1] for part in repeated)
    between = sum(float(part.var(axis=0, ddof=1, dtype=np.float64).sum()) for part in repeated)
    return SignalPixels(
        median,
        flat(box.slopes for box in boxes),
        flat(box.targets for box in boxes).astype(np.float64) - median,
        flat(box.noises for box in boxes).astype(np.float64) * dispersion,
        unit if dispersion == 1 else None,
        [
            np.concatenate([np.tile(box.blocks[i], len(box.medians)) for box in boxes])
            for i in range(len(BLOCK_SIDES) + 1)
        ],
        between / pixels if pixels else 0.0,
        dispersion,
        median.size / sum(box.medians.shape[2] for box in boxes),
    )


def _dispersion(sums: Doubles) -> float:
    """Variance over that of Poisson counts; 1 where the two differ by little, or by what chance allows."""
    shown, poisson, pixels = (float(value) for value in sums)
    if poisson <= 0:
        return 1.0
    # Over two frames of one pixel, the variance of Poisson counts of mean m scatters by sqrt(1/m + 2) of itself.
    chance = np.sqrt((pixels / poisson + 2) / pixels)
    ratio = shown / poisson
    return ratio if abs(ratio - 1) > max(_POISSON, _CHANCE * chance) else 1.0
