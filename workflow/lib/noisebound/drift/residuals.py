"""Residuals, noisy minus denoised, block by block: signs of invented or lost structure that need no reference.

If the denoised image is right, residuals are noise alone, and neighbouring ones are uncorrelated. Where the noisy frame
shows no structure, the denoised image should show none either.
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

# Smallest p-value (see ``without_structure``) at which a block counts as without structure.
FLAT = 0.1


@dataclass(frozen=True, eq=False)
class Residuals:
    """What N blocks of the noisy frame say about the denoised image.

    Parameters
    ----------
    correlation
        (N, C, L) float64, autocorrelation of the residuals.
    flat
        (N,) bool, blocks in which no channel of the noisy frame shows structure.
    level, pattern
        (N, C) float64, z-scores by which the noisy block contradicts the denoised one (see
        ``block_tests.disagreement``).
    beyond
        (N, C) float64, share of the block's pixels whose interval excludes the level of the denoised block; NaN without
        intervals.
    off
        (N, C) float64, share of the block's pixels whose interval excludes the level of the noisy block; NaN without
        intervals.
    lower, upper
        (N, ndim) int64, first pixel of each block and the one after its last, along each axis of the scan.
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
        """Join the blocks of several scans.

        Parameters
        ----------
        parts
            One for each scan.

        Returns
        -------
        Residuals
            All blocks, in the order of the scans.
        """
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def describe_residuals(
    scan: Scan,
    ensemble: Predictions,
    intervals: Predictions | None,
    boxes: Sequence[Box],
    side: int,
    expected: Expected,
) -> Residuals:
    """Compute residuals and tests for all blocks of some boxes, in the delivered frame. Memory holds one row of blocks.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, and what the ensemble predicts.
    intervals
        The calibrated predictions; None where intervals do not matter.
    boxes
        Parts of the scan.
    side
        Edge length of the blocks in pixels, about.
    expected
        What the image predicts of the noisy frame.

    Returns
    -------
    Residuals
        In the order of ``describe_blocks``.

    Notes
    -----
    The residual is the noisy value minus ``expected.gain`` times the ensemble's median; for counts, both after the
    Anscombe transform. The level of a denoised block is the median over its pixels of the estimated mean. The level of
    a noisy block is its mean in the unit of the reference, (mean - mean_offset) / mean_gain.
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

    They are the raw and the stabilised noisy frame, the residual, the estimated mean of the reference, the noisy frame
    as predicted for its level and for its pattern, and lower and upper ends of the intervals where there are any.
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
    """The fields of ``Residuals`` for ``blocks``, without their ends, from the ``images`` of the region around them."""
    channels = len(images[0])
    sizes = [tuple(part.stop - part.start for part in inside) for inside in blocks]
    found: dict[str, NDArray[Any]] = {}
    for size in dict.fromkeys(sizes):
        same = [i for i, own in enumerate(sizes) if own == size]
        # Blocks of one size are described together: their channels are stacked along the first axis.
        cut = [np.concatenate([image[(slice(None), *blocks[i])] for i in same]) for image in images]
        for name, values in _describe(cut, expected, counts).items():
            shape = (len(same), channels, *values.shape[1:])
            found.setdefault(name, np.empty((len(blocks), *shape[1:]), values.dtype))[same] = values.reshape(shape)
    found["flat"] = np.all(found["flat"], axis=1)
    return found


def _describe(images: Sequence[NDArray[Any]], expected: Expected, counts: bool) -> dict[str, NDArray[Any]]:
    """The fields of ``Residuals`` for n blocks of one size, (n C, ...); the C channels of a block follow each other.

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
    """Compute the mean over the first axis and its standard error, with blocks taken as independent.

    Parameters
    ----------
    values
        (N, ...) float64; values that are not finite are left out.

    Returns
    -------
    mean : NDArray
        (...) float64; NaN where no value is known.
    error : NDArray
        (...) float64; infinite where fewer than two values are known.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(known, np.square(values - mean), 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (count - 1) / count)
    return np.where(count > 0, mean, np.nan), np.where(count > 1, error, np.inf)
