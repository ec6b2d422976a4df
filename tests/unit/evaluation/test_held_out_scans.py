"""The test regions of all scans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.evaluation.gaussian import SIGMAS
from noisebound.evaluation.held_out_scans import load_held_out_scans
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import fit, predicted
from tests.unit.evaluation.simulated import run, simulate


def test_a_test_region_needs_a_reference(tmp_path: Path) -> None:
    one = simulate(tmp_path / "a")
    two = simulate(tmp_path / "b", name="t", reference=None, reference_kind="none")
    with pytest.raises(InputError, match="no reference"):
        run(tmp_path, [one, two][::1])


def test_scans_are_read_by_name_with_the_errors_of_the_filters(tmp_path: Path) -> None:
    files = [simulate(tmp_path / "a"), simulate(tmp_path / "b", name="t"),
             simulate(tmp_path / "c", name="u", boxes=[Box("apply", (0, 0), (48, 64))])]  # fmt: skip
    fitted = fit(files[0], tmp_path / "c.json")
    found = load_held_out_scans(predicted(files), fitted, 8, ["t"])
    assert list(found) == ["s", "t"]
    for part in found.values():
        assert len(part.regions) == 2
        assert [cells.sums.shape[:2] for cells in part.gaussian] == [(len(SIGMAS), 2)] * 2
        assert all((cells.sums > 0).all() for cells in part.gaussian)
    assert found["s"].regions[0].border.max() > found["t"].regions[0].border.max()
    for one, other in zip(found["s"].gaussian, found["t"].gaussian, strict=True):
        np.testing.assert_array_equal(one.sums, other.sums)


def test_other_channels_than_the_calibrated_ones_are_refused(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    fitted = fit(files, tmp_path / "c.json")
    other = simulate(tmp_path / "other", channels=("Fe", "Mg"))
    with pytest.raises(InputError, match=r"other/s\.ensemble\.h5.*not the calibrated ones"):
        load_held_out_scans(predicted([other]), fitted, 8, [])
