"""Residuals, noisy minus denoised, block by block: signs of invented or lost structure that need no reference.

If the denoised image is right, residuals are noise alone, and neighbouring ones are uncorrelated; and where the noisy
frame shows no structure, the denoised image should show none either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.variance import stabilise
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..geometry.boxes import Box, Region
from .autocorrelation import autocorrelation, lags
from .block_statistics import Doubles
from .block_tests import disagreement, without_structure
from .expected import Expected

# Smallest p-value (see ``without_structure``) of a block that counts as without structure.
FLAT = 0.1


@dataclass(frozen=True, eq=False)
class Residuals:
    """What N blocks say about the image.

    Parameters
    ----------
    correlation
        (N, C, L): autocorrelation of the residuals (see ``autocorrelation``).
    flat
        (N,): blocks in which no channel of the noisy frame shows structure.
    level, pattern
        (N, C): how far the noisy block contradicts the denoised one (see ``block_tests.disagreement``).
    beyond
        (N, C): share of the block's pixels whose interval excludes the level of the denoised block; NaN without
        intervals.
    off
        (N, C): share of those whose interval excludes the level of the noisy block; NaN without intervals.
    lower, upper
        (N, D): ends of the blocks in pixels of the scan.
    """

    correlation: Doubles
    flat: NDArray[np.bool_]
    level: Doubles
    pattern: Doubles
    beyond: Doubles
    off: Doubles
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence[Residuals]) -> Residuals:
        """All blocks of several scans."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def describe_residuals(
    scan: Scan,
    ensemble: Predictions,
    intervals: Predictions | None,
    boxes: Sequence[Box],
    side: int,
    expected: Expected,
) -> Residuals:
    """Residuals of the delivered frame in all blocks of ``boxes``, in the order of ``describe_blocks``.

    The residual is the noisy value minus the gain of ``expected`` times the ensemble's median, both after the Anscombe
    transform for counts. The level of a denoised block is the median of the means that are estimated in its pixels;
    that of a noisy block is its mean, less ``mean_offset``, over ``mean_gain``. Memory holds one row of blocks.

    Parameters
    ----------
    scan, ensemble
        The standard file and the predictions.
    intervals
        The calibrated predictions; None where intervals do not matter.
    boxes
        Parts of the scan.
    side
        Edge length of the blocks in pixels.
    expected
        What the image predicts of the noisy frame.
    """
    found: dict[str, list[NDArray[Any]]] = {field.name: [] for field in fields(Residuals)}
    for box in boxes:
        for row, blocks in blocks_of_box(box, side):
            images = _images(scan, ensemble, intervals, row, expected)
            for name, values in _describe_row(images, blocks, expected, scan.counts).items():
                found[name].append(values)
            for name, end in (("lower", "start"), ("upper", "stop")):
                ends = [[a.start + getattr(b, end) for a, b in zip(row, inside, strict=True)] for inside in blocks]
                found[name].append(np.array(ends, dtype=np.int64))
    return Residuals(**{name: np.concatenate(values) for name, values in found.items()})


def _images(
    scan: Scan, ensemble: Predictions, intervals: Predictions | None, region: Region, expected: Expected
) -> list[NDArray[Any]]:
    """The images of a region that blocks are cut from, (C, *spatial) each.

    They are the raw and the stabilised noisy frame, the residual, the estimated mean, what is expected of the noisy
    frame by level and by pattern, and lower and upper ends of the intervals where there are any.
    """
    transform = "anscombe" if scan.counts else "none"
    raw = scan.read_frame(ensemble.frame, region).astype(np.float64)
    noisy = stabilise(raw, transform).astype(np.float64)
    median = ensemble.read("median", region)
    scaled = median * expected.gain.reshape(-1, *(1,) * scan.ndim)
    residual = noisy - stabilise(np.maximum(scaled, 0) if scan.counts else scaled, transform)
    mean = expected.mean(median, scan.counts)
    images: list[NDArray[Any]] = [raw, noisy, residual, mean, expected.level(median), expected.pattern(mean)]
    if intervals is not None:
        images += [intervals.read(kind, region) for kind in ("lower", "upper")]
    return images


def _describe_row(
    images: Sequence[NDArray[Any]], blocks: Sequence[Region], expected: Expected, counts: bool
) -> dict[str, NDArray[Any]]:
    """What ``Residuals`` holds of ``blocks``, but for their ends, from the ``images`` of the region around them."""
    channels = len(images[0])
    sizes = [tuple(part.stop - part.start for part in inside) for inside in blocks]
    found: dict[str, NDArray[Any]] = {}
    for size in dict.fromkeys(sizes):
        same = [i for i, own in enumerate(sizes) if own == size]
        # Blocks of one size are described together, as if each were a few channels more.
        cut = [np.concatenate([image[(slice(None), *blocks[i])] for i in same]) for image in images]
        for name, values in _describe(cut, expected, counts).items():
            shape = (len(same), channels, *values.shape[1:])
            found.setdefault(name, np.empty((len(blocks), *shape[1:]), values.dtype))[same] = values.reshape(shape)
    found["flat"] = np.all(found["flat"], axis=1)
    return found


def _describe(images: Sequence[NDArray[Any]], expected: Expected, counts: bool) -> dict[str, NDArray[Any]]:
    """What ``Residuals`` holds of n blocks of one size; all C channels of a block follow each other, (n C, ...).

    ``images`` are those of :func:`_images`, (n C, *spatial) each.
    """
    raw, noisy, residual, mean, level, pattern, *ends = images
    ones = (1,) * (raw.ndim - 1)
    gain, offset = (np.tile(values, len(raw) // len(values)) for values in (expected.mean_gain, expected.mean_offset))
    by_level, by_pattern = disagreement(raw, level, pattern, counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = {
            "beyond": np.median(mean.reshape(len(mean), -1), axis=1),
            "off": (raw.reshape(len(raw), -1).mean(axis=1) - offset) / gain,
        }
    shares = {name: np.full(len(raw), np.nan) for name in levels}
    if ends:
        for name, values in levels.items():
            at = values.reshape(-1, *ones)
            shares[name] = ((ends[0] > at) | (ends[1] < at)).reshape(len(raw), -1).mean(axis=1)
    return {
        "correlation": autocorrelation(residual, lags(residual.ndim - 1)),
        "flat": without_structure(noisy) >= FLAT,
        "level": by_level,
        "pattern": by_pattern,
        **shares,
    }


def mean_and_error(values: Doubles) -> tuple[Doubles, Doubles]:
    """Mean over the first axis and its standard error, blocks taken as independent; NaN values are left out.

    The error is infinite where fewer than two values are known.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(known, np.square(values - mean), 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (count - 1) / count)
    return np.where(count > 0, mean, np.nan), np.where(count > 1, error, np.inf)
