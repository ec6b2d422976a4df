"""Digests of pixels: the same for an image in any file format, data type, byte order and order of axes."""

from __future__ import annotations

import hashlib

import numpy as np


def pixel_digest(image: np.ndarray) -> str:
    """Compute the digest of one channel of an image.

    It covers the shape (Z, Y, X), with Z = 1 for a plane, and the values as little-endian float64 in C order, with 0
    for negative zero. Planes are converted one at a time.

    Parameters
    ----------
    image
        ([Z], Y, X), real numbers of any type.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    volume = image[np.newaxis] if image.ndim == 2 else image
    digest = hashlib.sha256(f"{' '.join(map(str, volume.shape))}\n".encode())
    for plane in volume:
        # Adding zero turns negative zero into zero.
        digest.update(np.ascontiguousarray(plane.astype("<f8") + 0.0).data)
    return digest.hexdigest()


def varies(image: np.ndarray) -> bool:
    """Tell whether an image has more than one value.

    An image of one value, such as an empty channel, cannot distinguish two scans.

    Parameters
    ----------
    image
        Real numbers, at least one.

    Returns
    -------
    bool
        True if the values differ.
    """
    return bool(image.min() != image.max())
