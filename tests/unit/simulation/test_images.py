"""Synthetic images against the statistics that their data set is known by, and their noise against its quantiles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from noisebound.simulation import images as simulate


@pytest.fixture(scope="module")
def images() -> simulate.SimulatedImages:
    return simulate.simulate_images(500, np.random.default_rng(1000))


def test_images_have_the_known_statistics_of_the_data_set(images: simulate.SimulatedImages) -> None:
    truth, noisy = images.truth.ravel(), images.noisy.ravel()
    assert_allclose(np.corrcoef(truth, noisy)[0, 1], 0.545, atol=0.012)
    assert_allclose(truth.std(), 0.413, atol=0.012)
    low, high = np.quantile(truth, [0.05, 0.95])
    assert_allclose(high - low, 1.17, atol=0.04)


def test_truth_is_the_signal_less_its_offset(images: simulate.SimulatedImages) -> None:
    assert images.truth.shape == images.noisy.shape == (500, 64, 64)
    assert images.truth.dtype == images.noisy.dtype == np.float32
    assert images.signal.min() >= 0
    assert_allclose(images.truth, images.signal - 0.12, atol=1e-6)


@pytest.mark.parametrize("level", [0.05, 0.3, 0.5, 0.95])
def test_share_of_noise_below_its_quantile_is_the_level_whatever_the_signal(
    images: simulate.SimulatedImages, level: float
) -> None:
    noise = images.noisy - images.truth
    bound = simulate.two_piece_quantile(level, 0.85 * (1 + 0.1 * images.signal), 0.85 * (1 + 0.9 * images.signal))
    for part in (images.signal < 0.1, images.signal > 0.8):
        assert_allclose(np.mean(noise[part] < bound[part]), level, atol=0.005)


def test_a_seed_gives_the_same_images_and_another_seed_others() -> None:
    first, again = (simulate.simulate_images(3, np.random.default_rng(7)) for _ in range(2))
    assert_array_equal(first.noisy, again.noisy)
    assert not np.array_equal(first.truth, simulate.simulate_images(3, np.random.default_rng(8)).truth)


def test_images_differ_in_their_number_of_blobs_and_come_in_other_sizes() -> None:
    images = simulate.simulate_images(40, np.random.default_rng(0), size=32)
    assert images.truth.shape == (40, 32, 32)
    assert images.signal.sum(axis=(1, 2)).std() > 0


def test_two_piece_normal_falls_below_its_mode_as_often_as_its_scales_say() -> None:
    random = np.random.default_rng(0)
    draws = simulate.two_piece_normal(np.full(200_000, 1.0), 3.0, random)
    assert_allclose(np.mean(draws < 0), 0.25, atol=0.004)
    assert_allclose(np.sqrt(np.mean(draws[draws < 0] ** 2)), 1, atol=0.02)
    assert_allclose(np.sqrt(np.mean(draws[draws > 0] ** 2)), 3, atol=0.03)
    assert_allclose(
        simulate.two_piece_quantile([0.1, 0.25, 0.9], 1.0, 3.0), np.quantile(draws, [0.1, 0.25, 0.9]), atol=0.03
    )


def test_equal_scales_give_the_normal_distribution() -> None:
    assert_allclose(simulate.two_piece_quantile([0.025, 0.5, 0.975], 2.0, 2.0), [-3.919928, 0, 3.919928], atol=1e-6)
