"""Principal components against another library; channels that are live, and members that weigh the same."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from noisebound.latent.components import live_channels, member_slices, member_weights, principal_components


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_members_follow_each_other_without_gaps(sizes: list[int]) -> None:
    slices = member_slices(np.array(sizes))
    assert [part.stop - part.start for part in slices] == sizes
    assert np.concatenate([np.arange(sum(sizes))[part] for part in slices]).tolist() == list(range(sum(sizes)))


def test_components_are_those_of_another_library() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(400, 6)) * [4, 3, 2, 1, 0.5, 0.25] @ np.linalg.qr(random.normal(size=(6, 6)))[0]
    values -= values.mean(axis=0)
    loadings, variances = principal_components(values, 4)
    oracle = PCA(4, svd_solver="full").fit(values)
    signs = np.sign((loadings * oracle.components_).sum(axis=1))
    np.testing.assert_allclose(loadings, oracle.components_ * signs[:, None], atol=1e-9)
    np.testing.assert_allclose(variances[:4], oracle.explained_variance_ * 399 / 400, rtol=1e-9)
    assert len(variances) == 6 and (np.diff(variances) <= 0).all()
    assert (loadings[np.arange(4), np.abs(loadings).argmax(axis=1)] > 0).all()
    np.testing.assert_array_equal(principal_components(-values, 4)[0], loadings)


@pytest.mark.parametrize("rank", [1, 3])
def test_there_are_no_more_components_than_directions(caplog: pytest.LogCaptureFixture, rank: int) -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(100, rank)) @ random.normal(size=(rank, 8))
    with caplog.at_level(logging.WARNING, logger="noisebound"):
        loadings, _ = principal_components(values - values.mean(axis=0), 5)
    assert loadings.shape == (rank, 8) and f"rank {rank}: {rank} components instead of 5" in caplog.text


def test_dead_channels_are_told_by_themselves_and_by_their_member() -> None:
    members = member_slices(np.array([4, 3]))
    sd = np.array([1.0, 2.0, 1e-4, 0.0, 1e-4, 2e-4, 1e-4])
    magnitude = np.array([5.0, 1e6, 1.0, 0.0, 1.0, 1.0, 100.0])
    # Rounding of a large number; a sliver of what its member's others vary by; constant; rounding again.
    assert live_channels(sd, magnitude, members).tolist() == [True, False, False, False, True, True, False]


def test_members_weigh_the_same_and_dead_ones_nothing(caplog: pytest.LogCaptureFixture) -> None:
    members = member_slices(np.array([4, 2, 3]))
    keep = np.array([1, 0, 1, 1, 0, 0, 1, 1, 1], dtype=bool)
    with caplog.at_level(logging.WARNING, logger="noisebound"):
        weight = member_weights(keep, members)
    assert [float((weight[member] ** 2).sum()) for member in members] == pytest.approx([1, 0, 1])
    assert (weight[~keep] == 0).all() and "member 1: all 2 latent channels are dead" in caplog.text
