"""One image has one digest, in whatever type and order it lies in memory."""

from __future__ import annotations

import hashlib

import numpy as np

from noisebound.scans.pixel_digests import pixel_digest


def test_the_digest_of_pixels_is_that_of_float64_in_order_z_y_x() -> None:
    image = np.random.default_rng(0).normal(size=(4, 5, 6)).astype("float32")
    expected = hashlib.sha256(b"4 5 6\n" + image.astype("<f8").tobytes()).hexdigest()
    for same in (
        image,
        image.astype(">f8"),
        np.asfortranarray(image),
        image.transpose(2, 1, 0).copy().transpose(2, 1, 0),
    ):
        assert pixel_digest(same) == expected
    assert pixel_digest(image[0]) == pixel_digest(image[:1]) != pixel_digest(image[0].reshape(6, 5))
    assert pixel_digest(np.array([[0.0, 1.0]])) == pixel_digest(np.array([[-0.0, 1.0]]))
    assert pixel_digest(np.array([[0.0, 1.0]])) != pixel_digest(np.array([[0.0, 1.5]]))
