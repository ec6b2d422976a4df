"""Phantoms whose truth is known, as the intervals for the signal take them."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from noisebound.calibration.image_slope import squared_slope
from noisebound.calibration.signal_pixels import BLOCK_SIDES, SignalPixels
from noisebound.geometry.blocks import block_labels


def phantom(seed: int, size: int = 96, frames: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth (Y, X) of two phases, Poisson frames (R, Y, X) and what a Gaussian filter of 2 px makes of each."""
    rng = np.random.default_rng(seed)
    truth = np.where(gaussian_filter(rng.standard_normal((size, size)), 6, mode="wrap") > 0, 4.0, 2.5)
    noisy = rng.poisson(truth, (frames, size, size)).astype(float)
    return truth, noisy, np.stack([gaussian_filter(frame, 2) for frame in noisy]).astype(np.float32)


def leave_one_out(noisy: np.ndarray, denoised: np.ndarray, columns: slice) -> SignalPixels:
    """Pixels of some columns; the target of a frame is the mean of the others."""
    part = (slice(None), slice(None), columns)
    others = len(noisy) - 1
    target = ((noisy.sum(axis=0) - noisy) / others)[part]
    median = denoised[part]
    slope = np.stack([squared_slope(frame) for frame in denoised])[part]
    blocks = [np.tile(block_labels(median.shape[1:], side)[0].ravel(), len(noisy)) for side in BLOCK_SIDES]
    between = float(median.var(axis=0, ddof=1).mean())
    residual = (target - median).ravel()
    noise = (target / others).ravel()
    return SignalPixels(
        median.ravel(), slope.ravel(), residual, noise, 1 / others, blocks, between, repeated=float(len(noisy))
    )
