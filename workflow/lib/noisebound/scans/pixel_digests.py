"""Digests of pixels: an image has the same one in whatever format, type, byte order or order of axes it is saved."""

from __future__ import annotations

import hashlib

import numpy as np


def pixel_digest(image: np.ndarray) -> str:
    """Digest one channel of an image.

    Digested are the shape (Z, Y, X), with Z = 1 for a plane, and the values as float64, little-endian, in C order, with
    zero for negative zero. One plane at a time is converted.

    Parameters
    ----------
    image
        ([Z], Y, X), real numbers of any type.

    Returns
    -------
    str
        SHA-256 as hexadecimal digits.
    """
    volume = image[np.newaxis] if image.ndim == 2 else image
    digest = hashlib.sha256(f"{' '.join(map(str, volume.shape))}\n".encode())
    for plane in volume:
        # Adding zero turns negative zero into zero.
        digest.update(np.ascontiguousarray(plane.astype("<f8") + 0.0).data)
    return digest.hexdigest()


def varies(image: np.ndarray) -> bool:
    """Whether an image holds more than one value; one that does not, like an empty channel, tells no scans apart."""
    return bool(image.min() != image.max())
