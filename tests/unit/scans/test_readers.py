"""Images from files: axes, names, sizes and values, or an error in words."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from noisebound.scans.readers import read_header, read_image
from tests.unit.scans.images import DEMO, refused, values


def test_pixel_sizes_are_those_of_z_y_x_in_any_order_of_axes(tmp_path: Path) -> None:
    """Where the distance of planes is not said, it is that of lines."""
    path, array = tmp_path / "a.tif", values(9, 3, 8)
    for sizes, expected in (([2.0, 0.5, 0.25], (2.0, 0.5, 0.25)), ([0.5, 0.25], (0.5, 0.5, 0.25))):
        metadata = {"axes": "XZY", "pixel_size": sizes, "pixel_unit": "nm"}
        tifffile.imwrite(path, array, metadata=metadata, photometric="minisblack")
        image = read_image(path)
        assert image.axes == "XZY" and image.pixel_size == expected and image.pixel_unit == "nm"


def test_demo_files_say_what_they_are() -> None:
    edx = read_image(DEMO / "edx_71GPa_frames10_RCYX.tif")
    assert edx.axes == "RCYX" and edx.array.shape == (10, 6, 201, 201) and edx.array.dtype == np.uint8
    assert edx.channels == ("O_Ka", "Mg_Ka", "Al_Ka", "Si_Ka", "Ca_Ka", "Fe_Ka")
    assert edx.pixel_size == pytest.approx((0.0017165364,) * 2) and edx.pixel_unit == "µm"
    full = read_image(DEMO / "edx_71GPa_full_CYX.tif")
    np.testing.assert_array_equal(edx.array.sum(axis=0, dtype=np.int64), full.array)
    bone = read_header(DEMO / "xct_bone_64x96x96_reference_ZYX.tif")
    assert (bone.axes, bone.shape, bone.channels, bone.pixel_size) == ("ZYX", (64, 96, 96), None, None)


def test_given_axes_override_and_a_plane_needs_none(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "plain.tif", values(5, 8, 9), metadata=None, photometric="minisblack")
    refused(tmp_path / "plain.tif", "`axes` column")
    assert read_image(tmp_path / "plain.tif", axes="ZYX").axes == "ZYX"
    assert read_image(tmp_path / "plain.tif", axes="tyx").axes == "RYX"
    refused(tmp_path / "plain.tif", "4 axes", "`axes` column", axes="RCYX")
    refused(tmp_path / "plain.tif", "twice", axes="YYX")
    refused(tmp_path / "plain.tif", "lack Y or X", axes="RZX")
    refused(tmp_path / "plain.tif", "not known", axes="QYX")
    tifffile.imwrite(tmp_path / "one.tif", values(1, 3, 8, 9), imagej=True, metadata={"axes": "TCYX"})
    assert read_image(tmp_path / "one.tif", axes="CYX").array.shape == (3, 8, 9)
    assert read_image(tmp_path / "one.tif", axes="RZCYX").array.shape == (1, 1, 3, 8, 9)
    tifffile.imwrite(tmp_path / "plane.tif", values(8, 9), metadata=None)
    assert read_image(tmp_path / "plane.tif").axes == "YX"


def test_missing_empty_foreign_and_unknown_files(tmp_path: Path) -> None:
    refused(tmp_path / "absent.tif", "does not exist")
    refused(f"{tmp_path}/absent.h5:/data", "does not exist")
    (tmp_path / "empty.tif").touch()
    refused(tmp_path / "empty.tif", "empty")
    (tmp_path / "noise.tif").write_bytes(np.random.default_rng(0).bytes(4096))
    refused(tmp_path / "noise.tif", "corrupt")
    (tmp_path / "noise.h5").write_bytes(np.random.default_rng(0).bytes(4096))
    refused(f"{tmp_path}/noise.h5:/data", "corrupt")
    (tmp_path / "a.png").write_bytes(b"x")
    refused(tmp_path / "a.png", ".tif", ".h5")
    (tmp_path / "folder.tif").mkdir()
    refused(tmp_path / "folder.tif", "directory")


def test_values_that_are_no_finite_real_numbers(tmp_path: Path) -> None:
    array = values(3, 8, 9, dtype="float32")
    array[0, 0, 0], array[1, 2, 3], array[2, 4, 5] = np.nan, np.nan, -np.inf
    tifffile.imwrite(tmp_path / "nan.tif", array, metadata={"axes": "RYX"}, photometric="minisblack")
    refused(tmp_path / "nan.tif", "2 NaN and 1 infinite")
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        stored["complex"] = array.astype(np.complex64)
        stored["flags"] = array > 3
        stored["words"] = ["a", "b"]
        stored["none"] = np.zeros((0, 8, 9))
        stored["nan"] = np.full((8, 9), np.nan)
    for name in ("complex", "flags", "words"):
        refused(f"{tmp_path}/a.h5:/{name}", "not real numbers", axes="RYX")
    refused(f"{tmp_path}/a.h5:/none", "no pixel", axes="RYX")
    refused(f"{tmp_path}/a.h5:/nan", "72 NaN", axes="YX")
