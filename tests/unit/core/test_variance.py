"""Transforms stabilise the variance of counts, and their inverses give values and quantiles back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.core.variance import TRANSFORMS, stabilise, unstabilise

every = pytest.mark.parametrize("transform", TRANSFORMS)
FORMULAS = {"none": lambda x: x, "sqrt": np.sqrt, "anscombe": lambda x: 2 * np.sqrt(x + 3 / 8)}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_inverse_gives_values_back(transform: str) -> None:
    values = np.array([[0, 0.5, 1], [7, 1e3, 1e6]], dtype=np.float32)
    there = stabilise(values, transform)
    assert there.dtype == np.float32 and there.shape == values.shape
    back = unstabilise(there, transform)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, values, rtol=1e-5, atol=1e-6)


@given(st.lists(st.floats(-50, 1e6, width=32), min_size=2, max_size=20), st.sampled_from(TRANSFORMS))
def test_the_order_of_values_stays(values: list[float], transform: str) -> None:
    ordered = np.sort(np.array(values, dtype=np.float32))
    assert (np.diff(stabilise(ordered, transform)) >= 0).all()
    assert (np.diff(unstabilise(ordered, transform)) >= 0).all()


def test_quantiles_go_through_the_transform_and_back() -> None:
    counts = np.random.default_rng(0).poisson(6, 999).astype(np.float32)
    for transform in TRANSFORMS:
        for level in (0.05, 0.5, 0.95):
            inside = np.quantile(stabilise(counts, transform), level, method="lower")
            expected = np.quantile(counts, level, method="lower")
            assert unstabilise(inside, transform) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("transform", "variance"), [("anscombe", 1.0), ("sqrt", 0.25)])
def test_the_variance_of_counts_no_longer_depends_on_their_mean(transform: str, variance: float) -> None:
    random = np.random.default_rng(1)
    for mean in (8, 30, 200):
        found = float(stabilise(random.poisson(mean, 200_000), transform).var())
        assert found == pytest.approx(variance, rel=0.08)


def test_values_below_the_domain_count_as_its_end() -> None:
    assert stabilise(np.array([-3.0]), "sqrt") == stabilise(np.array([0.0]), "sqrt") == 0
    assert stabilise(np.array([-3.0]), "anscombe") == stabilise(np.array([-0.375]), "anscombe") == 0
    assert stabilise(np.array([-3.0]), "none") == -3


@pytest.mark.parametrize("function", [stabilise, unstabilise])
def test_another_name_is_refused(function) -> None:
    with pytest.raises(InputError, match=r"'log'.*use one of .*anscombe"):
        function(np.ones(2), "log")


@every
def test_formulas(transform: str) -> None:
    values = np.random.default_rng(0).uniform(0, 1000, (2, 5, 7))
    result = stabilise(values, transform)
    assert result.dtype == np.float32 and result.shape == values.shape
    np.testing.assert_allclose(result, FORMULAS[transform](values), rtol=1e-6)


@every
def test_counts_come_back_exactly(transform: str) -> None:
    counts = np.arange(65536, dtype=np.uint16)
    back = unstabilise(stabilise(counts, transform), transform)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(np.round(back), counts)
    np.testing.assert_allclose(back, counts, rtol=1e-6, atol=1e-6)


@every
def test_monotone_over_all_numbers_in_both_directions(transform: str) -> None:
    values = np.concatenate([-(np.logspace(4, -6, 400)), [0], np.logspace(-6, 4, 400)])
    assert (np.diff(stabilise(values, transform)) >= 0).all()
    assert (np.diff(unstabilise(values, transform)) >= 0).all()
    assert np.isfinite(stabilise(values, transform)).all()


@pytest.mark.parametrize(("transform", "end"), [("sqrt", 0.0), ("anscombe", -0.375)])
def test_the_ends_of_the_domain(transform: str, end: float) -> None:
    assert stabilise(np.array([-5.0, end]), transform).tolist() == [0, 0]
    assert unstabilise(np.array([-5.0, 0.0]), transform).tolist() == [end, end]
