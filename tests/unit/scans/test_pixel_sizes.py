"""The pixel size of a scan: given by hand, or what all files agree on."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from tests.unit.scans.measured import ingest, refuse, save, values


def test_pixel_sizes_that_disagree(tmp_path: Path) -> None:
    first = save(tmp_path / "a.tif", values(2, 12, 13), "CYX", pixel_um=0.5)
    same = save(tmp_path / "b.tif", values(2, 12, 13, seed=1), "CYX", pixel_nm=500)
    other = save(tmp_path / "c.tif", values(2, 12, 13, seed=2), "CYX", pixel_um=0.505)
    with ingest(tmp_path / "out.h5", [first, same]) as scan:
        assert scan.pixel_size == (0.5, 0.5) and scan.pixel_unit == "µm"
    refuse(tmp_path / "none.h5", [first], [other], "c.tif", "0.505")
    with ingest(tmp_path / "given.h5", [first, other], pixel_size=3, pixel_unit="nm") as scan:
        assert scan.pixel_size == (3.0, 3.0)
    for wrong in ({"pixel_size": 3.0}, {"pixel_unit": "nm"}, {"pixel_size": [1, 2, 3], "pixel_unit": "nm"}):
        with pytest.raises(InputError, match="pixel_"):
            ingest(tmp_path / "none.h5", [first], **wrong)
