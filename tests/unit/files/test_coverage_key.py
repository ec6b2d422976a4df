"""The names of coverages in files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.files.coverage_key import nominal_key


@pytest.mark.parametrize(("value", "key"), [(0.9, "0.9"), (0.95, "0.95"), (0.5, "0.5"), (0.9999999, "0.9999999")])
def test_nominal_key(value: float, key: str) -> None:
    assert nominal_key(value) == key


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_every_coverage_comes_back_from_its_name(value: float) -> None:
    assert float(nominal_key(value)) == value
    assert nominal_key(np.float64(value)) == nominal_key(value)
