"""Calibration pixels in memory."""

from __future__ import annotations

import numpy as np

from noisebound.calibration.field_pixels import CalibrationPixels, FieldPixels


def parts(rng: np.random.Generator, *sizes: int) -> list[np.ndarray]:
    return [rng.normal(size=(4, 2, size)).astype(np.float32) for size in sizes]


def test_parts_are_put_together_in_their_order() -> None:
    rng = np.random.default_rng(0)
    one, two = FieldPixels("scan a", parts=parts(rng, 3, 5)), FieldPixels("scan b", whole=False, parts=parts(rng, 4))
    for c in (0, 1):
        expected = np.concatenate([part[:, c] for part in one.parts], axis=1)
        for got, want in zip(one.channel(c), expected, strict=True):
            np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(one.median(c), expected[1])
        np.testing.assert_array_equal(one.target(c), expected[3])
    assert one.all_tokens().size == 0
    one.tokens = [np.array([1, 2, 3]), np.array([4, 5, 6, 7, 8])]
    assert one.all_tokens().tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    pixels = CalibrationPixels(("Mg", "Fe"), (0.05, 0.5, 0.95), {"scan a": one, "scan b": two})
    np.testing.assert_array_equal(pixels.median(1), np.concatenate([one.median(1), two.median(1)]))
    np.testing.assert_array_equal(pixels.target(0), np.concatenate([one.target(0), two.target(0)]))


def test_statements_about_scans_count_those_that_served_calibration_alone() -> None:
    one, two = FieldPixels("scan a"), FieldPixels("scan b", whole=False)
    pixels = CalibrationPixels(("Mg",), (0.05, 0.5, 0.95), {"scan a": one, "scan b": two})
    assert pixels.counted("pixel") == [one, two]
    assert pixels.counted("scan") == pixels.counted("pac") == [one]
    pixels.sources += [{"pixels": 40, "frames": 4}, {"pixels": 10, "frames": 1}]
    assert (pixels.n_pixels, pixels.n_frames) == (50, 5)
