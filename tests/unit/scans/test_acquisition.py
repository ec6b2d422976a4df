"""A scan's files fit together, by their headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import LeakageError
from tests.unit.scans import fields
from tests.unit.scans.measured import ingest, refuse, save, values


def test_two_wrappers_within_one_scan_are_refused(tmp_path: Path) -> None:
    fields.save(tmp_path / "raw.h5", fields.frames())
    noisy, again = (fields.wrapper(tmp_path / name, None, fields.frames()) for name in ("a.h5", "b.h5"))
    for reference in ([again], None):
        with pytest.raises(LeakageError, match=r"raw\.h5.*Remedy"):
            fields.ingest(tmp_path, "a", [noisy] if reference else [noisy, again], reference)


def test_shapes_and_dimensions_that_do_not_fit(tmp_path: Path) -> None:
    flat = save(tmp_path / "flat.tif", values(2, 2, 12, 13), "RCYX")
    deep = save(tmp_path / "deep.tif", values(2, 5, 12, 13), "CZYX")
    other = save(tmp_path / "other.tif", values(2, 12, 14), "CYX")
    single = save(tmp_path / "single.tif", values(12, 13), "YX")
    thin = save(tmp_path / "thin.tif", values(2, 1, 12, 13), "CZYX")
    output = tmp_path / "out.h5"
    refuse(output, [flat, other], None, "other.tif", "(12, 14)", "(12, 13)")
    refuse(output, [flat], [other], "other.tif", "(12, 14)")
    refuse(output, [flat], [single], "single.tif", "1 channels")
    refuse(output, [deep], None, "deep.tif", "5 planes along Z", "`data.dimensions: 3`")
    refuse(output, [flat], None, "flat.tif", "no axis Z", dimensions=3)
    refuse(output, [flat, deep], None, "deep.tif")
    refuse(output, [str(tmp_path / "absent.tif")], None, "absent.tif", "does not exist")
    with ingest(tmp_path / "thin.h5", [thin]) as scan:
        assert scan.shape == (12, 13)


def test_leave_one_out_needs_two_frames(tmp_path: Path) -> None:
    source = save(tmp_path / "a.tif", values(1, 2, 12, 13), "RCYX")
    refuse(tmp_path / "out.h5", [source], "leave-one-out", "at least 2")
