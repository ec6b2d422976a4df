"""Clusterings and their agreement on points whose clusters are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f_oneway
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from noisebound.structure.clustering import (
    agreement,
    agreement_over_halves,
    agreement_over_members,
    agreement_over_seeds,
    explained_variance,
    fit_centres,
    member_halves,
    nearest_centre,
    standardise,
)


def test_nearest_centre_is_the_nearest() -> None:
    rng = np.random.default_rng(7)
    scores, centres = rng.normal(size=(300, 4)), rng.normal(size=(9, 4))
    brute = np.linalg.norm(scores[:, None] - centres, axis=2).argmin(1)
    np.testing.assert_array_equal(nearest_centre(scores, centres), brute)
    found = fit_centres(np.repeat(centres, 20, axis=0), 9, np.random.SeedSequence(1))
    assert {tuple(row) for row in found.round(6)} == {tuple(row) for row in centres.round(6)}


def test_agreement_is_the_mean_over_all_pairs() -> None:
    labels = np.random.default_rng(0).integers(0, 3, (2, 200))
    apart = adjusted_rand_score(*labels)
    assert agreement([labels[0], labels[0], labels[1]]) == pytest.approx((1 + 2 * apart) / 3)
    assert np.isnan(agreement(labels[:1]))


def test_the_agreement_measures_tell_clusters_from_a_featureless_cloud() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 1500)
    clustered = rng.normal(size=(5, 6))[labels] * 6 + rng.normal(size=(1500, 6)) * 0.3
    cloud = rng.normal(size=(1500, 6))
    seed = np.random.SeedSequence(4)
    assert agreement_over_seeds(clustered, 5, 3, seed) > 0.99
    assert agreement_over_seeds(cloud, 5, 3, seed) < 0.8
    assert agreement_over_halves(clustered, None, 5, 3, seed) > 0.99
    assert agreement_over_halves(cloud, None, 5, 3, seed) < 0.6
    unrelated = {0: cloud[:, :3], 1: cloud[:, 3:]}
    assert abs(agreement_over_members(lambda m: unrelated[m[0]], [([0], [1])], 5, seed)) < 0.05
    assert explained_variance(clustered, labels) > 0.9
    assert explained_variance(cloud, rng.integers(0, 5, 1500)) < 0.02


def test_halves_keep_blocks_together() -> None:
    # Within a block all pixels sit on one of two far apart points: a half that splits no block can still see both.
    blocks = np.arange(40).repeat(50)[:, None]
    scores = np.stack([blocks[:, 0] % 2 * 100.0, np.zeros(2000)], axis=1)
    assert agreement_over_halves(scores, blocks, 2, 4, np.random.SeedSequence(5)) == pytest.approx(1)
    # With two blocks, each half holds one point only and its two clusters cannot be those of the other half.
    noisy = scores + np.random.default_rng(6).normal(size=scores.shape)
    two = (blocks >= 20).astype(int) * 0 + blocks % 2
    assert agreement_over_halves(noisy, two, 2, 4, np.random.SeedSequence(5)) < 0.9
    assert agreement_over_halves(noisy, None, 2, 4, np.random.SeedSequence(5)) == pytest.approx(1)


def test_halves_are_apart() -> None:
    """Two clumps per block: what is fitted on one block parts its own clumps and not those of the other."""
    blocks = np.arange(2).repeat(100)[:, None]
    clumps = np.array([[0.0, 0.0], [0.0, 1.0], [50.0, 0.0], [51.0, 0.0]]).repeat(50, axis=0)
    assert agreement_over_halves(clumps, blocks, 2, 3, np.random.SeedSequence(5)) < 0.5


def test_halves_of_the_ensemble_are_disjoint_and_differ() -> None:
    divisions = member_halves(5, 6, np.random.SeedSequence(1))
    assert len(divisions) == 6
    assert all(sorted(one + other) == [0, 1, 2, 3, 4] and len(one) == 2 for one, other in divisions)
    assert len({tuple(one) for one, _ in divisions}) == 6
    assert len(member_halves(2, 5, np.random.SeedSequence(1))) == 1
    assert member_halves(1, 5, np.random.SeedSequence(1)) == []


def test_explained_variance_is_the_mean_over_channels_that_vary() -> None:
    """The first channel is that of the labels, however large it is, the second has nothing to do with them."""
    values = np.array([[0, 0, 5], [0, 1, 5], [900, 0, 5], [900, 1, 5]], dtype=float)
    assert explained_variance(values, np.array([0, 0, 1, 1])) == pytest.approx(0.5)
    assert np.isnan(explained_variance(values[:, 2:], np.array([0, 0, 1, 1])))


def test_of_equally_near_centres_the_first_is_taken() -> None:
    assert nearest_centre(np.zeros((1, 2)), np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 1.0]])).tolist() == [1]


def test_centres_do_not_depend_on_the_number_of_threads() -> None:
    scores = np.random.default_rng(8).normal(size=(3000, 4)).astype(np.float32)
    found = []
    for threads in (1, 4):
        with threadpool_limits(limits=threads):
            found.append(fit_centres(scores, 9, np.random.SeedSequence(2)))
    np.testing.assert_array_equal(*found)


def test_a_start_that_ends_in_a_bad_clustering_is_not_kept() -> None:
    """Of single starts, several merge two of twelve clumps; of the best of five, none."""
    rng = np.random.default_rng(8)
    scores = rng.uniform(0, 60, (12, 2))[rng.integers(0, 12, 300)] + rng.normal(size=(300, 2))
    single = [KMeans(12, n_init=1, random_state=seed).fit(scores).inertia_ for seed in range(40)]
    limit = 1.1 * min(single)
    assert sum(inertia > limit for inertia in single) >= 4
    for seed in range(20):
        centres = fit_centres(scores, 12, np.random.SeedSequence(seed))
        assert ((scores - centres[nearest_centre(scores, centres)]) ** 2).sum() < limit


def test_standardised_columns_have_no_mean_and_unit_deviation_but_for_constant_ones() -> None:
    values = np.random.default_rng(9).gamma(2, 5, (500, 3)).astype(np.float32)
    values[:, 1] = 4
    found = standardise(values)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.std(axis=0), [1, 0, 1])


def test_explained_variance_is_that_of_the_analysis_of_variance() -> None:
    """F = (eta^2 / (k - 1)) / ((1 - eta^2) / (n - k))."""
    rng = np.random.default_rng(10)
    labels = rng.integers(0, 4, 300)
    values = rng.normal(size=300) + 0.3 * labels
    f = f_oneway(*(values[labels == label] for label in range(4))).statistic
    assert explained_variance(values[:, None], labels) == pytest.approx(3 * f / (3 * f + 296))


def test_where_nothing_can_be_compared_the_agreement_is_unknown() -> None:
    seed = np.random.SeedSequence(1)
    scores = np.arange(6.0)[:, None]
    assert np.isnan(agreement_over_halves(scores, None, 4, 3, seed)), "a half has three pixels"
    assert np.isnan(agreement_over_members(lambda m: None, [([0], [1])], 2, seed))
    assert np.isnan(agreement_over_members(lambda m: scores, [], 2, seed))
    assert not np.isnan(agreement_over_halves(scores, None, 3, 3, seed))
