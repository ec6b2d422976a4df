"""TIFF files of every dialect: read as they were written, or refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.scans.readers import read_image
from tests.unit.scans.images import attempt, refused, values, write_tiff


def test_ome_tiff_keeps_axes_names_and_pixel_size_in_one_unit(tmp_path: Path) -> None:
    array = values(4, 3, 8, 9)
    write_tiff(tmp_path / "a.ome.tif", "ome", array)
    image = read_image(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(image.array, array)
    assert image.axes == "RCYX" and image.channels == ("Mg_Ka", "Si_Ka", "Fe_Ka")
    assert image.pixel_size == pytest.approx((5.0, 2.5)) and image.pixel_unit == "nm"


def test_sizes_of_an_ome_tiff_without_unit_are_micrometres(tmp_path: Path) -> None:
    metadata = {"axes": "YX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "a.ome.tif", values(8, 9), ome=True, metadata=metadata)
    image = read_image(tmp_path / "a.ome.tif")
    assert image.pixel_size == (0.5, 0.25) and image.pixel_unit == "µm"


def test_imagej_keeps_axes_names_spacing_and_resolution(tmp_path: Path) -> None:
    array = values(2, 5, 3, 8, 9)
    labels = ["Mg", "Si", "Fe"] * 10
    metadata = {"axes": "TZCYX", "unit": "\\u00B5m", "spacing": 1.5, "Labels": labels}
    tifffile.imwrite(tmp_path / "a.tif", array, imagej=True, metadata=metadata, resolution=(4.0, 2.0))
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, array)
    assert image.axes == "RZCYX" and image.channels == ("Mg", "Si", "Fe")
    assert image.pixel_size == pytest.approx((1.5, 0.5, 0.25)) and image.pixel_unit == "µm"


def test_imagej_without_unit_has_no_pixel_size_and_slice_names_are_no_channels(tmp_path: Path) -> None:
    metadata = {"axes": "CYX", "Labels": ["frame"] * 3}
    tifffile.imwrite(tmp_path / "a.tif", values(3, 8, 9), imagej=True, metadata=metadata)
    image = read_image(tmp_path / "a.tif")
    assert (image.axes, image.channels, image.pixel_size, image.pixel_unit) == ("CYX", None, None, None)


def test_photographs_are_refused_unless_samples_are_called_channels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "rgb.tif", values(8, 9, 3, dtype="uint8"), photometric="rgb")
    refused(tmp_path / "rgb.tif", "colour samples")
    assert read_image(tmp_path / "rgb.tif", axes="YXC").axes == "YXC"


def test_several_images_in_one_file(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.tif") as writer:
        writer.write(values(8, 9), metadata=None)
        writer.write(values(5, 6), metadata=None)
    refused(tmp_path / "two.tif", "2 separate images", "(5, 6)")


@pytest.mark.parametrize("kind", ["shaped", "zlib", "ome", "imagej"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_tiff_is_refused_or_whole(tmp_path: Path, kind: str, share: float) -> None:
    array = values(4, 3, 16, 17)
    whole, cut = tmp_path / f"{kind}.tif", tmp_path / f"{kind}-cut.tif"
    if not whole.exists():
        write_tiff(whole, kind, array)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    result = attempt(cut)
    if isinstance(result, InputError):
        assert cut.name in str(result) and "Remedy" in str(result)
    else:
        np.testing.assert_array_equal(result.array, array)


@pytest.mark.parametrize("kind", ["shaped", "zlib", "ome", "imagej"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_raise_nothing_but_input_errors(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    whole, damaged = tmp_path / f"{kind}.tif", tmp_path / f"{kind}-damaged.tif"
    if not whole.exists():
        write_tiff(whole, kind, values(2, 3, 16, 17))
    content = bytearray(whole.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged.write_bytes(content)
    result = attempt(damaged)
    if isinstance(result, InputError):
        assert damaged.name in str(result)
    else:
        assert result.array.ndim == len(result.axes)
