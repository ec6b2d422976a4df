"""The step calibrate_scan: calibrated images of one scan, for programs and for viewers."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.storage import sha256_file
from ..files.coverage_key import nominal_key
from ..files.labels import read_tokens
from ..files.ome_tiff import write_ome_tiff
from ..files.prediction_writers import create_denoised
from ..files.predictions_about import KINDS
from ..files.predictions import Predictions
from ..geometry.blocks import slabs
from .conformal import Doubles, Floats
from .intervals import SIDES, Calibration
from .tie_draws import chance_at

logger = logging.getLogger("noisebound")


def calibrate_scan(
    ensemble: str | Path,
    calibration: str | Path,
    output_h5: str | Path,
    output_tif: str | Path,
    tokens: str | Path | None = None,
) -> None:
    """Deliver one scan: ``denoised/<scan>.h5`` with every nominal coverage, and an OME-TIFF with the primary one.

    The TIFF is float32 with axes CYX or CZYX; its channels are "<channel> median", "<channel> lower <nominal>",
    "<channel> upper <nominal>" and "<channel> mean", the estimate of the mean. ``tokens`` is the scan's label TIFF,
    needed where corrections depend on it. Memory is bounded by slabs, apart from those labels. Raises ``InputError``
    where the channels differ.
    """
    fitted = Calibration.read(calibration)
    with Predictions(ensemble) as predictions:
        fitted.check_channels(predictions.channels, ensemble)
        n_channels, n_pixels = len(predictions.channels), math.prod(predictions.shape)
        projected = {value: np.zeros(n_channels) for value in fitted.nominal}
        without_width = {value: np.zeros(n_channels) for value in fitted.nominal}
        labels = read_tokens(tokens, predictions.shape) if fitted.by_token else None
        with create_denoised(output_h5, predictions, nominal=fitted.nominal, primary=fitted.primary) as writer:
            for region in slabs(predictions.shape, n_channels):
                lower, median, upper, spread = (predictions.read(kind, region) for kind in KINDS)
                around: dict[str, Any] = {"tokens": None if labels is None else labels[region]}
                if fitted.random_ties:
                    around["chance"] = chance_at(predictions.scan, predictions.frame, n_channels, region)
                intervals = {}
                for value in fitted.nominal:
                    low, high, fraction = fitted.interval(lower, median, upper, value, **around)
                    intervals[value] = (low, high)
                    projected[value] += fraction * (median[0].size / n_pixels)
                    without_width[value] += (low == high).reshape(n_channels, -1).sum(axis=1) / n_pixels
                writer.write(region, fitted.centre(median), fitted.mean(median), spread, intervals)
            writer.set_projected_fraction(_by_name(projected, fitted.channels))
            writer.set_zero_width(_by_name(without_width, fitted.channels))
    write_denoised_tiff(output_h5, output_tif)
    logger.info("intervals projected to hold the median: %s", projected)
    for value, shares in without_width.items():
        for name, share in zip(fitted.channels, shares, strict=True):
            if share > 0:
                logger.warning("%s: %.3g of the intervals at %g have no width", name, share, value)


def _by_name(shares: Mapping[float, Doubles], channels: Sequence[str]) -> dict[str, dict[str, float]]:
    return {nominal_key(value): dict(zip(channels, map(float, of), strict=True)) for value, of in shares.items()}


def write_denoised_tiff(denoised: str | Path, output: str | Path) -> None:
    """Write median, primary interval and estimated mean of ``denoised/<scan>.h5`` as OME-TIFF, plane by plane."""
    with Predictions(denoised) as images:
        suffix = {
            "median": "median",
            "mean": "mean",
            **{side: f"{side} {nominal_key(images.primary or 0)}" for side in SIDES},
        }
        kinds = ("median", *SIDES, "mean")

        def planes() -> Iterator[Floats]:
            for channel in range(len(images.channels)):
                for kind in kinds:
                    if images.ndim == 2:
                        yield images.read(kind, channel=channel)
                        continue
                    for region in slabs(images.shape, 1):
                        yield from images.read(kind, region, channel)

        write_ome_tiff(
            output,
            planes(),
            shape=(len(images.channels) * len(kinds), *images.shape),
            channels=[f"{channel} {suffix[kind]}" for channel in images.channels for kind in kinds],
            pixel_size=images.pixel_size,
            pixel_unit=images.pixel_unit,
            digest=sha256_file(denoised),
        )
