"""Transforms against their formulas: exact inverses, monotone, quantiles carried over, statistics kept to the bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from noisebound.core.variance import TRANSFORMS
from noisebound.networks.normalisation import Normalisation

every = pytest.mark.parametrize("transform", TRANSFORMS)


def make(transform: str = "anscombe", *, counts: bool = True, target: str | None = None) -> Normalisation:
    """Statistics that no decimal fraction gives."""
    values = np.random.default_rng(5).uniform(0.1, 3, (4, 3)).astype(np.float32)
    return Normalisation(transform, target or transform, counts, *values)


@every
@pytest.mark.parametrize("counts", [True, False])
def test_quantiles_of_transformed_targets_restore_to_quantiles_of_targets(transform: str, counts: bool) -> None:
    targets = np.random.default_rng(1).poisson(4.0, (3, 1001, 1)).astype(np.float32)
    normalisation = make(transform, counts=counts)
    transformed = normalisation.normalise_target(targets)
    for level in (0.05, 0.5, 0.95):
        quantile = np.quantile(transformed, level, axis=1, method="inverted_cdf", keepdims=True)
        expected = np.quantile(targets, level, axis=1, method="inverted_cdf", keepdims=True)
        np.testing.assert_allclose(normalisation.restore_target(quantile), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 2, 4, 5), (3, 1, 1, 1)])
def test_each_channel_has_its_own_statistics_in_every_dimension(shape: tuple[int, ...]) -> None:
    normalisation = make("sqrt", target="none", counts=False)
    image = np.random.default_rng(2).uniform(0, 20, shape).astype(np.float32)
    ours = normalisation.normalise_input(image), normalisation.normalise_target(image)
    for c in range(3):
        expected = (np.sqrt(image[c]) - normalisation.input_mean[c]) / normalisation.input_spread[c]
        np.testing.assert_allclose(ours[0][c], expected, rtol=1e-5, atol=1e-5)
        expected = (image[c] - normalisation.target_mean[c]) / normalisation.target_spread[c]
        np.testing.assert_allclose(ours[1][c], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(normalisation.restore_target(ours[1]), image, rtol=1e-5, atol=1e-5)


def test_restored_counts_are_never_negative_and_intensities_may_be() -> None:
    low = np.full((3, 2, 2), -100, np.float32)
    for transform in TRANSFORMS:
        assert (make(transform, counts=True).restore_target(low) == 0).all()
    assert (make("none", counts=False).restore_target(low) < -1).all()


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (3, 3), elements=st.floats(-(2.0**40), 2.0**40, width=32)), st.sampled_from(TRANSFORMS))
def test_restored_quantiles_keep_their_order(quantiles: np.ndarray, transform: str) -> None:
    normalisation = make(transform)
    restored = [normalisation.restore_target(part.reshape(3, 1, 1)) for part in np.sort(quantiles, axis=0)]
    assert (restored[0] <= restored[1]).all() and (restored[1] <= restored[2]).all()


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (4, 2), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)), st.booleans())
def test_json_keeps_every_bit(statistics: np.ndarray, counts: bool) -> None:
    before = Normalisation("sqrt", "anscombe", counts, *statistics)
    after = Normalisation.from_json(json.loads(json.dumps(before.to_json())))
    assert (after.input_transform, after.target_transform, after.counts) == ("sqrt", "anscombe", counts)
    for name in ("input_mean", "input_spread", "target_mean", "target_spread"):
        assert getattr(after, name).dtype == np.float32
        assert getattr(after, name).tobytes() == getattr(before, name).tobytes()
