"""OME-TIFF files: what is written is what other readers find, and the same content gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core.texts import one_line
from noisebound.files.ome_tiff import write_ome_tiff
from noisebound.scans.readers import read_image
from tests.unit.core.hostile import hostile


def write(path: Path, digest: str = "a", **changes: Any) -> np.ndarray:
    image = np.random.default_rng(0).normal(size=(2, 3, 8, 9)).astype(np.float32)
    about: dict[str, Any] = {"channels": ["Mg", "Fe"], "pixel_size": (2.0, 0.5, 0.25), "pixel_unit": "nm"}
    planes = image.reshape(-1, 8, 9)
    write_ome_tiff(path, planes, shape=image.shape, digest=digest, **about | changes)
    return image


def test_axes_names_and_sizes_come_back(tmp_path: Path) -> None:
    written = write(tmp_path / "a.ome.tif")
    found = read_image(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(found.array, written)
    assert found.axes == "CZYX" and found.channels == ("Mg", "Fe")
    assert found.pixel_size == (2.0, 0.5, 0.25) and found.pixel_unit == "nm"


@pytest.mark.parametrize("unit", ["px", "furlong"])
def test_a_unit_that_ome_does_not_know_is_left_out(tmp_path: Path, unit: str) -> None:
    write(tmp_path / "a.ome.tif", pixel_unit=unit)
    assert read_image(tmp_path / "a.ome.tif").pixel_size is None


def test_bytes_follow_from_the_content_and_its_digest(tmp_path: Path) -> None:
    for name, digest in (("one", "a"), ("again", "a"), ("other", "b")):
        write(tmp_path / f"{name}.ome.tif", digest)
    one, again, other = ((tmp_path / f"{name}.ome.tif").read_bytes() for name in ("one", "again", "other"))
    assert one == again != other


@settings(deadline=None, max_examples=20)
@given(st.lists(hostile, min_size=2, max_size=2), hostile)
def test_image_files_carry_names_and_units_that_readers_understand(
    tmp_path_factory: pytest.TempPathFactory, channels: list[str], unit: str
) -> None:
    path = tmp_path_factory.mktemp("tiff") / "a.ome.tif"
    planes = np.zeros((2, 4, 4), np.float32)
    write_ome_tiff(path, planes, shape=planes.shape, channels=channels, pixel_size=(1, 1), pixel_unit=unit, digest="x")
    with tifffile.TiffFile(path) as stored:
        root = ElementTree.fromstring(stored.ome_metadata or "")
        assert [node.get("Name", "") for node in root.iter() if node.tag.endswith("}Channel")] == [
            one_line(channel) for channel in channels
        ]
