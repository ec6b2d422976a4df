"""The names of coverages in files."""

from __future__ import annotations

import pytest

from noisebound.files.coverage_key import nominal_key


@pytest.mark.parametrize(("value", "key"), [(0.9, "0.9"), (0.95, "0.95"), (0.5, "0.5"), (0.9999999, "0.9999999")])
def test_nominal_key(value: float, key: str) -> None:
    assert nominal_key(value) == key
