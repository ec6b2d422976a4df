"""Files of several scans, opened one after the other."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from noisebound.calibration.predicted_scans import PredictedScans
from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import poisson_scan, predicted


def test_scans_with_a_role_are_opened_in_their_order_and_closed(tmp_path: Path) -> None:
    boxes = {"a": "test", "b": "calibrate", "c": "test"}
    files = [
        poisson_scan(tmp_path / name, name=name, boxes=[Box(role, (0, 0), (9, 9))]) for name, role in boxes.items()
    ]
    scans = predicted(files, [tmp_path / "c.tif", tmp_path / "a.tif"])
    found = []
    for ensemble, scan, regions in scans.with_role("test"):
        assert ensemble.scan == scan.name == regions.scan
        assert ensemble.read("median").shape == (2, 40, 48)
        found.append(scan.name)
    assert found == ["a", "c"]
    with h5py.File(files[0].ensemble, "r+") as file:  # which HDF5 refuses while the file is open for reading
        assert "median" in file
    assert list(scans.with_role("select")) == []
    assert scans.token_maps == {"c": tmp_path / "c.tif", "a": tmp_path / "a.tif"}


@pytest.mark.parametrize("role", ["calibrate", "test"])
def test_a_role_needs_a_reference(tmp_path: Path, role: str) -> None:
    files = poisson_scan(tmp_path, boxes=[Box(role, (0, 0), (9, 9))], reference=None, reference_kind="none")
    words = rf"s\.scan\.h5.*the scan has {role} regions but no reference to {role} against.*Remedy: name its reference"
    with pytest.raises(InputError, match=words):
        list(predicted([files]).with_role(role))


def test_lists_that_are_not_parallel_are_refused(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        list(PredictedScans([files.ensemble], [files.scan, files.scan], [files.regions], []).with_role("test"))
