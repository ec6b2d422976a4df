"""HDF5 datasets as images: axes, names and sizes from attributes, of the dataset and of its group."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.core.texts import hidden_in
from noisebound.scans.readers import read_header, read_image
from tests.unit.scans.images import values


def test_an_hdf5_file_with_hostile_text_is_read_and_its_text_cleaned(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        data = stored.create_dataset("d", data=np.arange(32.0).reshape(2, 4, 4))
        data.attrs.update({"axes": "CYX", "channels": ["=Mg\u202e", "F\x1be"], "pixel_size": [1.0, 1.0]})
        data.attrs["pixel_unit"] = b"n\x7fm\xff"
    header = read_header(f"{tmp_path / 'a.h5'}:/d")
    assert header.channels == ("=Mg", "Fe") and header.pixel_unit is not None and hidden_in(header.pixel_unit) == []


@pytest.mark.parametrize("labelled", ["attribute", "list", "dimensions"])
def test_hdf5_keeps_axes_names_and_pixel_size(tmp_path: Path, labelled: str) -> None:
    array = values(2, 3, 4, 8, 9, dtype="float32")
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        dataset = stored.create_dataset("entry/data", data=array)
        if labelled == "attribute":
            dataset.attrs["axes"] = "tczyx"
        elif labelled == "list":
            dataset.attrs["axes"] = ["frame", "channel", "z", "y", "x"]
        else:
            for dimension, label in zip(dataset.dims, "tczyx", strict=True):
                dimension.label = label
        dataset.attrs["channels"] = json.dumps(["a", "b", "c"])
        dataset.attrs["element_size_um"] = np.array([3.0, 2.0, 1.0])
    image = read_image(f"{tmp_path}/a.h5:/entry/data")
    np.testing.assert_array_equal(image.array, array)
    assert image.axes == "RCZYX" and image.channels == ("a", "b", "c")
    assert image.pixel_size == (3.0, 2.0, 1.0) and image.pixel_unit == "µm"


def test_hdf5_own_attributes_and_big_endian_values(tmp_path: Path) -> None:
    array = values(8, 9).astype(">u2")
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        stored["data"] = array
        stored["data"].attrs.update({"axes": "YX", "pixel_size": "[0.5, 0.25]", "pixel_unit": "nm"})
    image = read_image(f"{tmp_path}/a.h5:/data")
    np.testing.assert_array_equal(image.array, array)
    assert image.array.dtype.isnative and image.pixel_size == (0.5, 0.25) and image.pixel_unit == "nm"


def test_hdf5_takes_from_the_group_what_the_dataset_does_not_say(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        dataset = stored.create_dataset("entry/data", data=values(2, 8, 9))
        dataset.attrs.update({"axes": "CYX", "pixel_size": [0.5, 0.25], "pixel_unit": "nm", "element_size_um": [7, 7]})
        stored["entry"].attrs.update(
            {"axes": "XYC", "pixel_size": [9, 9], "pixel_unit": "mm", "channels": ["Mg", "Si"]}
        )
    image = read_image(f"{tmp_path}/a.h5:/entry/data")
    assert image.axes == "CYX" and image.channels == ("Mg", "Si")
    assert image.pixel_size == (0.5, 0.25) and image.pixel_unit == "nm"
