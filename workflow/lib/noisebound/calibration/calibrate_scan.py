"""The step calibrate_scan: calibrated images of one scan, for programs and for viewers."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.storage import sha256_file
from ..files.coverage_key import nominal_key
from ..files.labels import read_tokens
from ..files.ome_tiff import write_ome_tiff
from ..files.prediction_writers import DenoisedWriter, create_denoised
from ..files.predictions import Predictions
from ..files.predictions_about import KINDS
from ..files.scan import Scan
from ..geometry.blocks import slabs
from ..geometry.boxes import Region
from .image_slope import read_with_slope
from .interval_ends import SIDES
from .intervals import Calibration
from .raking import block_totals, factors_at, rake_factors
from .rounding import Doubles, Floats
from .tie_draws import tie_draws_at

logger = logging.getLogger("noisebound")


def calibrate_scan(
    ensemble: str | Path,
    calibration: str | Path,
    output_h5: str | Path,
    output_tif: str | Path,
    tokens: str | Path | None = None,
    scan: str | Path | None = None,
) -> None:
    """Write the calibrated images of one scan: all nominal coverages as HDF5, the primary one as OME-TIFF.

    Images are read in slabs, so that memory stays bounded; only the token map is held as a whole.

    Parameters
    ----------
    ensemble
        ``ensemble/<scan>.h5``.
    calibration
        ``calibration.json``.
    output_h5
        ``denoised/<scan>.h5``.
    output_tif
        See :func:`write_denoised_tiff`.
    tokens
        Label TIFF of the scan where corrections depend on tokens, else None.
    scan
        ``scans/<scan>.h5``, to whose counts the estimated mean is raked (see ``raking``); None to leave it as it is.

    Raises
    ------
    InputError
        Where the channels are not the calibrated ones, or tokens are needed and missing.
    """
    fitted = Calibration.read(calibration)
    with Predictions(ensemble) as predictions:
        fitted.check_channels(predictions.channels, ensemble)
        labels = read_tokens(tokens, predictions.shape) if fitted.by_token else None
        factors = None if scan is None else _factors(scan, predictions, fitted)
        with create_denoised(
            output_h5, predictions, nominal=fitted.nominal, primary=fitted.primary, signal=fitted.signal is not None
        ) as writer:
            projected, without_width = _write_images(writer, predictions, fitted, labels, factors)
            writer.set_projected_fraction(_by_name(projected, fitted.channels))
            writer.set_zero_width(_by_name(without_width, fitted.channels))
    write_denoised_tiff(output_h5, output_tif)
    logger.info("intervals projected to hold the median: %s", projected)
    for value, shares in without_width.items():
        for name, share in zip(fitted.channels, shares, strict=True):
            if share > 0:
                logger.warning("%s: %.3g of the intervals at %g have no width", name, share, value)


def _factors(path: str | Path, predictions: Predictions, fitted: Calibration) -> tuple[Doubles, Doubles] | None:
    """By what the estimated mean is multiplied in each block, and its totals; None where values are not counts."""
    with Scan(path) as scan:
        if not (scan.counts and predictions.counts):
            return None

        def read(region: Region) -> tuple[Floats, Floats]:
            return scan.read_frame(predictions.frame, region), fitted.mean(predictions.read("median", region))

        counts, means = block_totals(read, predictions.shape, len(predictions.channels))
    return rake_factors(counts, means, np.array([fitted.noisy_scale(name) for name in fitted.channels])), means


def _write_images(
    writer: DenoisedWriter,
    predictions: Predictions,
    fitted: Calibration,
    labels: NDArray[Any] | None,
    factors: tuple[Doubles, Doubles] | None,
) -> tuple[dict[float, Doubles], dict[float, Doubles]]:
    """Write all images, slab by slab.

    Returns, by nominal coverage, the share of each channel's intervals that were projected to hold the median, and the
    share that have no width.
    """
    n_channels, n_pixels = len(predictions.channels), math.prod(predictions.shape)
    projected = {value: np.zeros(n_channels) for value in fitted.nominal}
    without_width = {value: np.zeros(n_channels) for value in fitted.nominal}
    for region in slabs(predictions.shape, n_channels):
        lower, median, upper, spread = (predictions.read(kind, region) for kind in KINDS)
        tokens = None if labels is None else labels[region]
        draws = None
        if fitted.random_ties:
            draws = tie_draws_at(predictions.scan, predictions.frame, n_channels, region)
        intervals = {}
        for value in fitted.nominal:
            low, high, fraction = fitted.interval(lower, median, upper, value, tokens, draws)
            intervals[value] = (low, high)
            projected[value] += fraction * (median[0].size / n_pixels)
            without_width[value] += (low == high).reshape(n_channels, -1).sum(axis=1) / n_pixels
        mean = fitted.mean(median)
        if factors is not None:
            mean = (mean * factors_at(factors[0], predictions.shape, region, factors[1])).astype(np.float32)
        signal = _signal_intervals(predictions, fitted, region)
        writer.write(region, fitted.centre(median), mean, spread, intervals, signal)
    return projected, without_width


def _signal_intervals(
    predictions: Predictions, fitted: Calibration, region: Region
) -> dict[float, tuple[Floats, Floats]]:
    """Intervals for the signal by nominal coverage; none where the noise of the reference is not known."""
    if fitted.signal is None:
        return {}
    median, slope = read_with_slope(lambda part: predictions.read("median", part), region, predictions.shape)
    return {value: fitted.signal_interval(median, slope, value) for value in fitted.nominal}


def _by_name(shares: Mapping[float, Doubles], channels: Sequence[str]) -> dict[str, dict[str, float]]:
    return {nominal_key(value): dict(zip(channels, map(float, of), strict=True)) for value, of in shares.items()}


def write_denoised_tiff(denoised: str | Path, output: str | Path) -> None:
    """Write median, primary intervals and estimated mean of a denoised scan as OME-TIFF, plane by plane.

    The TIFF is float32 with axes CYX or CZYX, in the unit of the reference. Its channels are, in this order for each
    channel: "<channel> median"; "<channel> signal lower <nominal>" and "<channel> signal upper <nominal>", where the
    noise of the reference is known; "<channel> repeat lower <nominal>" and "<channel> repeat upper <nominal>"; and
    "<channel> mean".

    Parameters
    ----------
    denoised
        ``denoised/<scan>.h5``.
    output
        TIFF file to write.
    """
    with Predictions(denoised) as images:
        primary = images.primary or 0
        abouts = ("signal", "repeat") if images.has_signal else ("repeat",)
        kinds = ["median", *(f"{about} {side} {nominal_key(primary)}" for about in abouts for side in SIDES), "mean"]

        def read(kind: str, region: Region | None, channel: int) -> Floats:
            if kind in ("median", "mean"):
                return images.read(kind, region, channel)
            ends = images.read_signal if kind.startswith("signal") else images.read_interval
            return ends(primary, region, channel)[SIDES.index(kind.split()[1])]

        def planes() -> Iterator[Floats]:
            for channel in range(len(images.channels)):
                for kind in kinds:
                    if images.ndim == 2:
                        yield read(kind, None, channel)
                        continue
                    for region in slabs(images.shape, 1):
                        yield from read(kind, region, channel)

        write_ome_tiff(
            output,
            planes(),
            shape=(len(images.channels) * len(kinds), *images.shape),
            channels=[f"{channel} {kind}" for channel in images.channels for kind in kinds],
            pixel_size=images.pixel_size,
            pixel_unit=images.pixel_unit,
            digest=sha256_file(denoised),
        )
