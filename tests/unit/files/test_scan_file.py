"""What the file of a scan says of itself."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.files.scan_file import ScanFile
from tests.unit.scans.measured import ingest, save, values


def test_attributes_are_those_of_the_scan(tmp_path: Path) -> None:
    ingest(tmp_path / "a.h5", [save(tmp_path / "a.tif", values(4, 2, 12, 13), "RCYX")], "leave-one-out").close()
    with ScanFile(tmp_path / "a.h5") as scan:
        assert (scan.n_frames, scan.shape, scan.ndim) == (4, (12, 13), 2)
        assert (scan.noise_source, scan.count_unit) == ("counts", pytest.approx(1 / 3))
        assert scan.has_reference and not scan.has_truth and scan.field_of_view == "scan a"


def test_files_of_before_know_less_of_their_noise(tmp_path: Path) -> None:
    """Without the attributes that newer files have, a measured reference has unknown noise."""
    files = (
        [save(tmp_path / "n.tif", values(2, 2, 12, 13), "RCYX")],
        [save(tmp_path / "r.tif", values(2, 12, 13, seed=1), "CYX")],
    )
    ingest(tmp_path / "a.h5", *files).close()
    with h5py.File(tmp_path / "a.h5", "r+") as stored:
        for name in ("reference_repeats", "reference_events", "reference_is_truth"):
            del stored.attrs[name]
    with ScanFile(tmp_path / "a.h5") as scan:
        assert scan.noise_source is None and scan.count_unit is None


def test_another_file_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "b.h5", "w") as stored:
        stored["noisy"] = np.zeros((1, 1, 4, 4))
    with pytest.raises(InputError, match="not a scan of format 1"):
        ScanFile(tmp_path / "b.h5")
