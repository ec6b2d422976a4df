"""Agreement of two labellings and the error bar of a difference: against scikit-learn, by hand, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import adjusted_rand_score

from noisebound.structure.frame_agreement import agreement_of_table, cross_table, paired_difference, rand_indices


def labels(seed: int, n: int = 900, tokens: int = 4, kept: float = 0.6) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    first = random.integers(0, tokens, n)
    return [first, np.where(random.random(n) < kept, first, random.integers(0, tokens, n))]


@pytest.mark.parametrize("tokens", [2, 3, 7])
@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_the_index_is_that_of_scikit_learn(tokens: int, kept: float) -> None:
    pairs = [labels(seed, 200 + seed, tokens, kept) for seed in range(5)]
    tables = np.stack([cross_table(pair, tokens) for pair in pairs])
    np.testing.assert_allclose(rand_indices(tables), [adjusted_rand_score(*pair) for pair in pairs], atol=1e-12)
    for pair, table in zip(pairs, tables, strict=True):
        found = agreement_of_table(table)
        assert found.index == pytest.approx(adjusted_rand_score(*pair), abs=1e-12)
        assert found.same == pytest.approx(np.mean(pair[0] == pair[1]))
        frequent = [np.bincount(part, minlength=tokens) / len(part) for part in pair]
        assert found.chance == pytest.approx(frequent[0] @ frequent[1])


def test_maps_of_one_token_say_nothing() -> None:
    """scikit-learn calls two constant maps equal; but any frame gives such a map."""
    ones, others = np.zeros(50, int), labels(1, 50)[0]
    assert adjusted_rand_score(ones, ones) == 1
    for pair in ([ones, ones], [ones, others], [others, ones]):
        assert np.isnan(agreement_of_table(cross_table(pair, 4)).index)
    assert agreement_of_table(cross_table([ones, ones], 4)).same == 1
    assert np.isnan(agreement_of_table(np.zeros((3, 3), int)).same)


def test_the_error_bar_is_the_jackknife_over_blocks_largest_over_their_sides() -> None:
    rows, columns = np.divmod(np.arange(128 * 128), 128)
    places = np.column_stack([np.zeros(128 * 128, int), rows, columns])
    one, other = labels(2, 128 * 128, kept=0.7), labels(3, 128 * 128, kept=0.4)
    difference, low, high = paired_difference(one, other, places, 4)
    assert difference == pytest.approx(adjusted_rand_score(*one) - adjusted_rand_score(*other), abs=1e-12)
    halves = []
    for side in (16, 32):  # 64 blocks and 16 blocks; of 64 px there are only 4
        block = rows // side * 8 + columns // side
        left = []
        for name in np.unique(block):
            rest = block != name
            left.append(adjusted_rand_score(*(p[rest] for p in one)) - adjusted_rand_score(*(p[rest] for p in other)))
        count = len(left)
        halves.append(np.sqrt((count - 1) ** 2 / count * np.var(left, ddof=1)) * t.ppf(0.975, count - 1))
    assert (high - low) / 2 == pytest.approx(max(halves), rel=1e-9)
    assert (high + low) / 2 == pytest.approx(difference)


def test_fewer_than_eight_blocks_give_no_error_bar() -> None:
    rows, columns = np.divmod(np.arange(32 * 48), 48)
    places = np.column_stack([np.zeros(32 * 48, int), rows, columns])
    one, other = labels(4, 32 * 48), labels(5, 32 * 48)
    difference, low, high = paired_difference(one, other, places, 4)
    assert np.isfinite(difference) and np.isnan([low, high]).all()
    apart = np.column_stack([np.arange(32 * 48) % 2, rows, columns])  # the same places in two scans are 12 blocks
    assert np.isfinite(paired_difference(one, other, apart, 4)).all()


def test_the_interval_holds_where_whole_patches_change() -> None:
    """Patches of 16 px keep or lose their labels as a whole, so pixels are far from independent."""
    hits = []
    rows, columns = np.divmod(np.arange(96 * 96), 96)
    keep = slice(None, None, 7)
    places = np.column_stack([np.zeros(96 * 96, int), rows, columns])[keep]
    patch = (rows // 16 * 6 + columns // 16)[keep]
    for seed in range(120):
        random = np.random.default_rng([9, seed])
        pairs = []
        for kept in (0.7, 0.5):
            first = random.integers(0, 3, 36)
            second = np.where(random.random(36) < kept, first, random.integers(0, 3, 36))
            pairs.append([first[patch], second[patch]])
        hits.append(paired_difference(*pairs, places, 3))
    difference, low, high = np.array(hits).T
    truth = difference.mean()
    assert ((low <= truth) & (truth <= high)).mean() >= 0.9
    assert (high - low).mean() < 8 * difference.std(), "an interval that is always wide holds as well"
