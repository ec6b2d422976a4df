"""Ranked regions, and greedy boxes against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from noisebound.decisions.rank_regions import rank_regions, ranked_labels, remeasure_boxes


def test_regions_connect_over_corners_and_rank_by_excess() -> None:
    above = np.zeros((6, 6), bool)
    above[0, 0] = above[1, 1] = above[4, 4] = True
    excess = np.full((6, 6), -7.0)
    excess[0, 0], excess[1, 1], excess[4, 4] = 1, 2, 5
    assert rank_regions(above, excess) == [
        {"score": 5.0, "pixels": 1, "bounds": [(4, 5), (4, 5)]},
        {"score": 3.0, "pixels": 2, "bounds": [(0, 2), (0, 2)]},
    ]
    assert rank_regions(np.zeros((3, 3), bool), excess[:3, :3]) == []


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=3), st.integers(1, 5), st.integers(0, 4), st.integers(0, 2**32 - 1)
)
@settings(max_examples=80, deadline=None)
def test_greedy_boxes_equal_brute_force(shape: list[int], size: int, count: int, seed: int) -> None:
    need = np.random.default_rng(seed).uniform(0, 1, shape)
    sides = [min(size, extent) for extent in shape]
    corners = itertools.product(*[range(extent - side + 1) for extent, side in zip(shape, sides, strict=True)])
    candidates = {c: need[tuple(slice(a, a + s) for a, s in zip(c, sides, strict=True))].mean() for c in corners}
    expected = []
    while candidates and len(expected) < count:
        best = max(candidates, key=lambda c: candidates[c])
        expected.append((best, candidates[best]))
        candidates = {
            c: v for c, v in candidates.items() if any(abs(a - b) >= s for a, b, s in zip(c, best, sides, strict=True))
        }
    got = remeasure_boxes(need, size, count)
    assert [tuple(start for start, _ in box["bounds"]) for box in got] == [corner for corner, _ in expected]
    np.testing.assert_allclose([box["score"] for box in got], [score for _, score in expected])
    assert all([stop - start for start, stop in box["bounds"]] == sides for box in got)


@given(st.integers(0, 2**32 - 1), st.integers(2, 3))
@settings(max_examples=30, deadline=None)
def test_regions_share_out_all_pixels_and_fall_in_score(seed: int, ndim: int) -> None:
    rng = np.random.default_rng(seed)
    above = rng.random((7,) * ndim) < 0.2
    excess = rng.random(above.shape)
    regions, labels = ranked_labels(above, excess)
    assert regions == rank_regions(above, excess)
    assert ((labels > 0) == above).all()
    for number, region in enumerate(regions, 1):
        assert (labels == number).sum() == region["pixels"]
        assert excess[labels == number].sum() == pytest.approx(region["score"])
    assert sum(region["pixels"] for region in regions) == above.sum()
    assert sum(region["score"] for region in regions) == pytest.approx(excess[above].sum())
    scores = [region["score"] for region in regions]
    assert scores == sorted(scores, reverse=True)
    expected = ndimage.label(above, np.ones((3,) * ndim))[1]
    assert len(regions) == expected
    for region in regions:
        inside = above[tuple(slice(*bounds) for bounds in region["bounds"])]
        assert all(inside.any(axis=tuple(a for a in range(ndim) if a != axis))[[0, -1]].all() for axis in range(ndim))
