"""Statistics of blocks against their definitions, on noise and waves that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.drift.block_statistics import (
    IMAGE_STATISTICS,
    describe_blocks,
    image_statistics,
    latent_scale,
    latent_statistics,
)
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.drift.simulated import latents, measured, scene, write, write_basis


def statistics(block: np.ndarray, counts: bool = False) -> dict[str, np.ndarray]:
    """By name, (C,) each."""
    found = image_statistics(block.astype(np.float32), counts)
    assert found.shape == (len(block), 6) and found.dtype == np.float64
    return dict(zip(IMAGE_STATISTICS, found.T, strict=True))


@pytest.mark.parametrize("shape", [(200, 16, 16), (50, 4, 16, 16)], ids=["plane", "volume"])
def test_white_noise_is_described_by_its_strength_and_even_power(shape: tuple[int, ...]) -> None:
    block = 7 + 0.5 * np.random.default_rng(0).normal(size=shape)
    found = statistics(block)
    np.testing.assert_allclose(found["mean"], block.reshape(len(block), -1).mean(axis=1), rtol=1e-6)
    assert np.exp(found["noise"]).mean() == pytest.approx(0.5, rel=0.02)
    assert np.exp(found["contrast"]).mean() == pytest.approx(0.5, rel=0.02)
    # White noise has the same power at all frequencies but 0, which the mean takes away.
    radius = np.hypot(np.fft.fftfreq(16)[:, None], np.fft.fftfreq(16))
    assert found["middle"].mean() == pytest.approx(((radius >= 1 / 8) & (radius < 1 / 4)).sum() / 255, rel=0.05)
    assert found["fine"].mean() == pytest.approx((radius >= 1 / 4).sum() / 255, rel=0.02)


def test_a_slope_is_no_noise() -> None:
    y, x = np.mgrid[:16, :16]
    noise = np.random.default_rng(1).normal(size=(1, 16, 16))
    plain, sloped = statistics(noise), statistics(noise + 3 * y - 2 * x)
    assert sloped["noise"][0] == pytest.approx(plain["noise"][0], abs=1e-4)
    assert sloped["contrast"][0] > plain["contrast"][0] + 2


@pytest.mark.parametrize(("cycles", "band"), [(1, None), (3, "middle"), (5, "fine")])
def test_a_wave_is_in_the_band_of_its_frequency(cycles: int, band: str | None) -> None:
    wave = np.cos(2 * np.pi * cycles / 16 * np.arange(16)) * np.ones((16, 1))
    found = statistics(wave[None])
    assert [found[name][0] for name in ("middle", "fine")] == pytest.approx(
        [float(band == "middle"), float(band == "fine")], abs=1e-6
    )


def test_a_gain_moves_strengths_alone() -> None:
    block = np.random.default_rng(2).gamma(2, 1, size=(3, 16, 16))
    before, after = statistics(block), statistics(8 * block)
    for name in ("contrast", "noise"):
        np.testing.assert_allclose(after[name] - before[name], np.log(8), atol=1e-5)
    for name in ("middle", "fine", "zeros"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-6)


def test_the_noise_of_counts_does_not_depend_on_their_number() -> None:
    rng = np.random.default_rng(3)
    few, many = (statistics(rng.poisson(rate, size=(200, 16, 16)), counts=True) for rate in (8, 200))
    assert few["noise"].mean() == pytest.approx(many["noise"].mean(), abs=0.05), "log 5 without the transform"
    sparse = statistics(rng.poisson(0.5, size=(200, 16, 16)), counts=True)
    assert sparse["zeros"].mean() == pytest.approx(np.exp(-0.5), abs=0.01)


def test_a_block_without_variation_has_finite_statistics() -> None:
    for value in (0.0, 5.0):
        assert np.isfinite(image_statistics(np.full((1, 16, 16), value, np.float32), False)).all()
    assert np.isfinite(image_statistics(np.ones((1, 2, 2), np.float32), True)).all(), "too small for differences"


def test_latents_of_training_lie_at_distance_one() -> None:
    scale = np.array([3.0, 1.0, 0.2])
    scores = (np.random.default_rng(4).normal(size=(3, 40, 50)) * scale[:, None, None]).astype(np.float32)
    found = latent_statistics(scores, scale)
    np.testing.assert_allclose(found[:3], scores.mean(axis=(1, 2)) / scale, atol=1e-6)
    assert found[3] == pytest.approx(1, abs=0.05)
    assert latent_statistics(scores + 6 * scale[:, None, None].astype(np.float32), scale)[3] == pytest.approx(37, abs=1)


def test_scales_are_relative_to_the_first_component(tmp_path: Path) -> None:
    assert latent_scale(write_basis(tmp_path)).tolist() == [1, 1, 0.8, 0.8]


def test_blocks_are_described_one_by_one_in_the_order_of_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    truth = scene(rng, np.array([[2.0, 9.0], [12.0, 3.0]]), 64)
    noisy = measured(truth, rng, counts=True)
    noisy[0, 20, 40] = 500
    files = write(tmp_path, "s", noisy, truth, "apply", counts=True)
    box, scale = Box("apply", (8, 16), (56, 60)), np.array([1.0, 1.0, 0.8, 0.8])
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as ensemble:
        found = describe_blocks(scan, ensemble, [box], 16, scale)
    rows, columns = [(8, 24), (24, 40), (40, 56)], [(16, 31), (31, 45), (45, 60)]
    # The stand-in's latents are stored in half precision.
    scores = latents(noisy).astype(np.float16).astype(np.float32)
    for number, ((top, bottom), (left, right)) in enumerate((row, column) for row in rows for column in columns):
        block = noisy[:, top:bottom, left:right]
        np.testing.assert_array_equal(found["image"][number], image_statistics(block, True))
        np.testing.assert_allclose(
            found["latent"][number], latent_statistics(scores[:, top:bottom, left:right], scale), rtol=1e-6
        )
        np.testing.assert_array_equal(found["top"][number], block.max(axis=(1, 2)))
        share = (block == block.max(axis=(1, 2), keepdims=True)).mean(axis=(1, 2))
        np.testing.assert_allclose(found["at_top"][number], share)
        mean = truth[:, top:bottom, left:right].mean(axis=(1, 2))
        np.testing.assert_allclose(found["median"][number], mean, rtol=1e-5)
    assert all(len(values) == 9 for values in found.values())
