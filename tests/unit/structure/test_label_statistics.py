"""Statistics per label against numpy on the whole image."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.structure.label_statistics import label_statistics, ordered_keys, values_of_keys


def test_keys_keep_the_order_of_floats_and_can_be_undone():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=500) * 10.0 ** rng.integers(-38, 38, 500), [0.0, 1.0, -1.0]])
    values = values.astype(np.float32)
    keys = ordered_keys(values)
    assert keys.dtype == np.uint32
    np.testing.assert_array_equal(values_of_keys(keys), values)
    np.testing.assert_array_equal(values[np.argsort(keys, kind="stable")], np.sort(values))


def test_the_rank_of_a_quantile_is_that_of_decimals():
    """7 % of 100 values are seven of them, although 0.07 * 100 is a little more in binary numbers."""
    assert 0.07 * 100 > 7
    values = np.random.default_rng(0).permutation(np.arange(1, 101)).astype(np.float32)
    found = label_statistics(lambda: [(np.zeros(100, dtype=int), values[None])], 1, 1, [0.07, 0.5, 0.95])
    assert found.quantiles[:, 0, 0].tolist() == [7, 50, 95]


@pytest.mark.parametrize("block", [7, 100, 5000])
def test_statistics_equal_those_of_the_whole_image_however_it_is_cut(block):
    rng = np.random.default_rng(1)
    label = rng.choice([0, 1, 3], size=3000, p=[0.6, 0.39, 0.01])
    values = np.stack(
        [rng.normal(size=3000), rng.poisson(0.5, 3000), -1e5 + rng.gamma(0.2, 1e-3, 3000)]  # ties; a large offset
    ).astype(np.float32)

    def blocks():
        for start in range(0, 3000, block):
            yield label[start : start + block], values[:, start : start + block]

    levels = [0.0, 0.05, 0.25, 0.5, 0.95, 1.0]
    found = label_statistics(blocks, 4, 3, levels)
    for token in (0, 1, 3):
        inside = values[:, label == token]
        assert found.count[token] == inside.shape[1]
        np.testing.assert_allclose(found.mean[token], inside.astype(float).mean(1), rtol=1e-12)
        np.testing.assert_allclose(found.sd[token], inside.astype(float).std(1), rtol=1e-6, atol=1e-12)
        expected = np.quantile(inside, levels, axis=1, method="inverted_cdf")
        np.testing.assert_array_equal(found.quantiles[:, token], expected)
    assert found.count[2] == 0
    assert np.isnan(found.mean[2]).all()
    assert np.isnan(found.sd[2]).all()
    assert np.isnan(found.quantiles[:, 2]).all()
