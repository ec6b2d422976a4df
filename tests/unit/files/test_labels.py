"""Label images: written plane by plane, read whole, with units that ImageJ understands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.files.labels import imagej_unit
from noisebound.scans.readers import read_header


@pytest.mark.parametrize("unit", ["Å", "µm", "nm", "光年"])
def test_units_beyond_ascii_survive_the_way_through_imagej(tmp_path: Path, unit: str) -> None:
    """A unit of ångström ended the step that writes the token map, after all training."""
    metadata = {"axes": "YX", "unit": imagej_unit(unit)}
    tifffile.imwrite(tmp_path / "a.tif", np.eye(4, dtype=np.uint8), imagej=True, resolution=(2, 2), metadata=metadata)
    assert read_header(tmp_path / "a.tif").pixel_unit == unit
