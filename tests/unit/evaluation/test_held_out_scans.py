"""The test regions of all scans."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from tests.unit.evaluation.simulated import run, simulate


def test_a_test_region_needs_a_reference(tmp_path: Path) -> None:
    one = simulate(tmp_path / "a")
    two = simulate(tmp_path / "b", name="t", reference=None, reference_kind="none")
    with pytest.raises(InputError, match="no reference"):
        run(tmp_path, [one, two][::1])
