"""A uniform number for every pixel of every scan, the same whichever part of the scan is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)


def tie_draws_at(scan: str, frame: int, channels: int, region: Sequence[slice]) -> NDArray[np.float64]:
    """Draw numbers uniform over [0, 1) that depend on scan, frame, channel and pixel alone.

    Parameters
    ----------
    scan
        Name of the scan.
    frame
        Number of the frame in the scan.
    channels
        Number of channels.
    region
        Pixels, one slice with start and stop per spatial axis.

    Returns
    -------
    ndarray
        float64 (channels, *region).

    References
    ----------
    Each coordinate is mixed in with the finaliser of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable
    pseudorandom number generators", OOPSLA 2014). It needs no state, so any part of an image gets the same numbers as
    the whole image.
    """
    state = np.frombuffer(hashlib.sha256(f"{scan} {frame}".encode()).digest()[:8], dtype=np.uint64)
    axes = [np.arange(channels), *(np.arange(part.start, part.stop) for part in region)]
    for number, axis in enumerate(axes):
        shape = [-1 if other == number else 1 for other in range(len(axes))]
        state = _mix(state + (axis.astype(np.uint64).reshape(shape) + np.uint64(number + 1)) * _STEP)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
