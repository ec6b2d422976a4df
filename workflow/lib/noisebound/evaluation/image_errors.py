"""Errors of the denoised images beside those of the best Gaussian filter and of a flat image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..core.certainty import told_apart
from ..core.statistics import correlation
from .cells import CellSums
from .gaussian import SIGMAS
from .held_out import HeldOut
from .metrics import noise_removed_root, psnr, ratio
from .paired_errors import frame_means, ratio_intervals

# A channel has structure if the variance of its signal is at least this share of the noise variance of its target.
STRUCTURED_SHARE = 0.25


def _flat(parts: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    return np.concatenate([part.ravel() for part in parts]).astype(np.float64)


def _flat_error(regions: Sequence[HeldOut], c: int) -> float:
    """Sum of squared errors if every frame of every scan were replaced by the mean of its target."""
    means = frame_means(regions, c)
    return sum(
        float(np.square(region.target[c].reshape(len(means[region.scan]), -1) - means[region.scan][:, None]).sum())
        for region in regions
    )


def channel_errors(
    regions: Sequence[HeldOut], gaussian: Sequence[CellSums], c: int, calibration: Calibration
) -> dict[str, Any]:
    """Measure the errors of the median of one channel over all frames, of the best Gaussian filter and of a flat image.

    The flat image of a frame is constant: the mean of its target over the test regions of the scan.

    Parameters
    ----------
    regions
        Held-out regions.
    gaussian
        Sums of squared errors of the Gaussian filters over the cells of each region (see ``gaussian.gaussian_errors``).
    c
        Number of the channel.
    calibration
        Gives the estimate of the mean.

    Returns
    -------
    dict
        Values of the columns ``COLUMNS["errors"]`` other than channel and scan. "rmse", "bias" and "target_mean" are in
        the unit of the reference, "mse" in its square, "psnr" in dB relative to the range of the target.
        "noise_removed" marks mean squared errors, and their root, from which the mean variance of the target's own
        noise is subtracted; NaN where that is unknown. "bias" is mean(median - target), "bias_of_mean" the same for the
        estimate of the mean. "ratio_to_gaussian" is the mean squared error over that of the best filter, with its 95 %
        interval "_low" and "_high" (see ``paired_errors``); the noise is removed from both where it is known.
    """
    median, target = _flat([r.median[c] for r in regions]), _flat([r.target[c] for r in regions])
    known = all(region.noise is not None for region in regions)
    noise = float(_flat([r.noise[c] for r in regions if r.noise is not None]).mean()) if known else math.nan
    mse = float(np.square(median - target).mean())
    extent, flat_mse = float(target.max() - target.min()), _flat_error(regions, c) / target.size
    return {
        "rmse": math.sqrt(mse),
        "rmse_noise_removed": noise_removed_root(mse - noise),
        "bias": float((median - target).mean()),
        "bias_of_mean": float((_flat([calibration.mean(r.median)[c] for r in regions]) - target).mean()),
        "target_mean": float(target.mean()),
        "correlation": correlation(median, target),
        "psnr": psnr(mse, extent),
        "mse": mse,
        "mse_noise_removed": mse - noise,
        "target_noise": noise,
        **_beside_gaussian(regions, gaussian, c, mse, noise),
        "gaussian_psnr": psnr(_best(gaussian, c)[1] / target.size, extent),
        "flat_mse": flat_mse,
        "flat_mse_noise_removed": flat_mse - noise,
        "structured": bool(math.isnan(noise) or flat_mse - noise >= STRUCTURED_SHARE * noise),
        "n_pixels": int(target.size),
    }


def _best(gaussian: Sequence[CellSums], c: int) -> tuple[float, float]:
    """The standard deviation of the best filter of channel ``c``, and its sum of squared errors."""
    by_sigma = np.sum([part.sums[:, c].reshape(len(part.sums), -1).sum(axis=1) for part in gaussian], axis=0)
    best = int(np.argmin(by_sigma))
    return SIGMAS[best], float(by_sigma[best])


def _beside_gaussian(
    regions: Sequence[HeldOut], gaussian: Sequence[CellSums], c: int, mse: float, noise: float
) -> dict[str, float]:
    """Errors of the best Gaussian filter, and ours (``mse``) over it; ``noise`` is NaN where it is unknown."""
    sigma, squares = _best(gaussian, c)
    theirs, known = squares / sum(region.target[c].size for region in regions), not math.isnan(noise)
    removed = noise if known else 0.0
    _, ((low, high),) = ratio_intervals(regions, gaussian, [c], known)
    return {
        "gaussian_sigma": sigma,
        "gaussian_mse": theirs,
        "gaussian_mse_noise_removed": theirs - noise,
        "ratio_to_gaussian": quotient(mse - removed, theirs - removed),
        "ratio_to_gaussian_low": low,
        "ratio_to_gaussian_high": high,
    }


def quotient(ours: float, theirs: float) -> float:
    """Divide two errors.

    Parameters
    ----------
    ours, theirs
        Mean squared errors, from which the variance of the noise may have been subtracted.

    Returns
    -------
    float
        NaN where subtracting left less than 0 of ours, or nothing of theirs: too little to be told.
    """
    return ours / theirs if ours >= 0 and theirs > 0 else math.nan


def against_baselines(
    errors: Mapping[str, Mapping[str, Any]], regions: Sequence[HeldOut], gaussian: Sequence[CellSums]
) -> dict[str, Any]:
    """Compare the errors of the structured channels with those of the Gaussian filters and of flat images.

    Each mean squared error is divided by that of the flat image, then summed over channels. The noise of the reference
    is removed from the errors if it is known for all of these channels.

    Parameters
    ----------
    errors
        What :func:`channel_errors` returns, by name of the channel in the order of the channels.
    regions, gaussian
        As for :func:`channel_errors`.

    Returns
    -------
    dict
        relative_error and gaussian_relative_error, the two sums; ratio_to_gaussian, their quotient (all NaN without a
        structured channel), with its 95 % interval ratio_to_gaussian_low and _high, and told_from_gaussian, whether 1
        lies outside (None without an interval); noise_removed, whether the noise was removed; structured_channels,
        their names; structured_rule, which channels count as structured, in words.
    """
    structured = {name: row for name, row in errors.items() if row["structured"]}
    removed = all(not math.isnan(row["target_noise"]) for row in structured.values())
    suffix = "_noise_removed" if removed else ""
    pairs = [
        (row[f"mse{suffix}"] / flat, row[f"gaussian_mse{suffix}"] / flat)
        for row in structured.values()
        if (flat := row[f"flat_mse{suffix}"])
    ]
    ours, theirs = (sum(pair[of] for pair in pairs) for of in (0, 1))
    picked = [c for c, name in enumerate(errors) if name in structured]
    low, high = ratio_intervals(regions, gaussian, picked, removed)[0] if picked else (math.nan, math.nan)
    return {
        "ratio_to_gaussian": ratio(ours, theirs) if structured else math.nan,
        "ratio_to_gaussian_low": low,
        "ratio_to_gaussian_high": high,
        "told_from_gaussian": told_apart(low, high),
        "relative_error": ours if structured else math.nan,
        "gaussian_relative_error": theirs if structured else math.nan,
        "noise_removed": bool(structured) and removed,
        "structured_channels": list(structured),
        "structured_rule": (
            f"a channel whose target's variance, less that of the target's noise, is at least {STRUCTURED_SHARE} of "
            "the latter in the test regions; every channel where that noise is unknown"
        ),
    }
