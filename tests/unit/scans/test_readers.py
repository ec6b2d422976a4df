"""Readers: what other programs wrote comes back with its axes, names and pixel size, and damage never passes."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.scans.readers import Image, read_header, read_image

DEMO = Path(__file__).parents[3] / "resources" / "demo"


def values(*shape: int, dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def refused(source: object, *words: str, axes: str | None = None) -> str:
    """The message of the InputError that reading ``source`` must raise; it names the file and a remedy."""
    with pytest.raises(InputError) as raised:
        read_image(str(source), axes=axes)
    message = str(raised.value)
    assert Path(str(source).split(":/")[0]).name in message
    assert "Remedy: " in message and len(raised.value.remedy) > 10
    for word in words:
        assert word in message, message
    return message


def attempt(source: Path) -> Image | InputError:
    """What reading gives: the image, or the error meant for the user; any other exception fails the test."""
    try:
        return read_image(source)
    except InputError as error:
        return error


def write_tiff(path: Path, kind: str, array: np.ndarray) -> None:
    """A TIFF of (T or R, C, Y, X) values in one of the dialects."""
    if kind == "ome":
        channel = {"Name": ["Mg_Ka", "Si_Ka", "Fe_Ka"]}
        metadata = {
            "axes": "TCYX",
            "Channel": channel,
            "PhysicalSizeX": 2.5,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 0.005,
            "PhysicalSizeYUnit": "µm",
        }
        tifffile.imwrite(path, array, ome=True, metadata=metadata, photometric="minisblack")
    elif kind == "imagej":
        labels = ["Mg", "Si", "Fe"] * len(array)
        metadata = {"axes": "TCYX", "unit": "um", "Labels": labels}
        tifffile.imwrite(path, array, imagej=True, metadata=metadata, resolution=(4.0, 2.0))
    else:
        compression = "zlib" if kind == "zlib" else None
        metadata = {"axes": "RCYX", "channels": ["Mg", "Si", "Fe"], "pixel_um": 0.25}
        tifffile.imwrite(path, array, metadata=metadata, compression=compression, photometric="minisblack")


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


def test_photographs_are_refused_unless_samples_are_called_channels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "rgb.tif", values(8, 9, 3, dtype="uint8"), photometric="rgb")
    refused(tmp_path / "rgb.tif", "colour samples")
    assert read_image(tmp_path / "rgb.tif", axes="YXC").axes == "YXC"


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


def test_hdf5_paths_that_name_no_dataset_list_those_there(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        stored["entry/data"] = values(8, 9)
        stored.create_dataset("unwritten", (8, 9), "uint16")
    for source in ("a.h5", "a.h5:/", "a.h5:/nope", "a.h5:/entry"):
        refused(tmp_path / source, "/entry/data")
    refused(f"{tmp_path}/a.h5:/unwritten", "never written", axes="YX")


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


@pytest.mark.parametrize("pages", [1, 4])
def test_every_cut_of_a_plain_tiff_is_refused(tmp_path: Path, pages: int) -> None:
    whole, cut = tmp_path / "plain.tif", tmp_path / "cut.tif"
    with tifffile.TiffWriter(whole) as writer:
        for page in range(pages):
            writer.write(values(8, 9, seed=page), metadata=None, contiguous=False)
    content = whole.read_bytes()
    for length in range(1, len(content), 7):
        cut.write_bytes(content[:length])
        axes = "RYX" if pages > 1 else "YX"
        refused(cut, axes=axes)
        with pytest.raises(InputError):
            read_header(cut, axes=axes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), compressed=st.booleans())
def test_a_truncated_hdf5_is_refused(tmp_path: Path, share: float, compressed: bool) -> None:
    whole, cut = tmp_path / f"{compressed}.h5", tmp_path / "cut.h5"
    if not whole.exists():
        with h5py.File(whole, "w") as stored:
            stored.create_dataset("data", data=values(4, 16, 17), compression="gzip" if compressed else None)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    refused(f"{cut}:/data", axes="RYX")


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


def ome(path: Path, **sizes: int) -> Path:
    """Six planes of 16 x 17 pixels whose OME metadata announce other ``sizes``."""
    said = {"SizeX": 17, "SizeY": 16, "SizeC": 2, "SizeZ": 1, "SizeT": 3, **sizes}
    attributes = " ".join(f'{key}="{value}"' for key, value in said.items())
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" {attributes}><TiffData/>'
        "</Pixels></Image></OME>"
    )
    array = values(3, 2, 16, 17)
    tifffile.imwrite(path, array, metadata=None, photometric="minisblack", description=xml.encode())
    return path


def test_ome_metadata_that_announce_more_than_is_there_take_no_memory(tmp_path: Path) -> None:
    assert read_image(ome(tmp_path / "a.ome.tif")).array.shape == (3, 2, 16, 17)
    tracemalloc.start()
    for sizes in ({"SizeT": 10**7}, {"SizeX": 10**9}, {"SizeY": 10**6}, {"SizeZ": 4}):
        refused(ome(tmp_path / "a.ome.tif", **sizes), "metadata announce")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def changed(path: Path, *changes: tuple[bytes, bytes]) -> Path:
    content = path.read_bytes()
    for old, new in changes:
        assert content.count(old) == 1 and len(old) == len(new)
        content = content.replace(old, new)
    path.write_bytes(content)
    return path


def test_an_imagej_file_that_counts_its_planes_in_two_ways_is_refused(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", "imagej", values(3, 3, 16, 17))
    refused(changed(tmp_path / "a.tif", (b"frames=3", b"framed=3")), "9 images")


def test_pages_and_places_of_a_tiff_must_fit_each_other(tmp_path: Path) -> None:
    """A header of another file, and a page that points into the pixels of the next."""
    array = np.random.default_rng(0).integers(0, 65535, (4, 16, 16)).astype("uint16")  # hardly to be compressed
    path, how = tmp_path / "a.tif", {"metadata": {"axes": "RYX"}, "photometric": "minisblack"}

    def first_value(code: int, page: int) -> int:
        with tifffile.TiffFile(path) as tiff:
            tiff.pages.useframes = False
            return tiff.pages[page].tags[code].valueoffset

    tifffile.imwrite(path, array, compression="zlib", **how)
    content = bytearray(path.read_bytes())
    for code, value in ((259, 1), (279, 512)):
        place = first_value(code, 0)
        content[place : place + 2] = value.to_bytes(2, "little")
    path.write_bytes(content)
    refused(path, "page 1", "otherwise")

    tifffile.imwrite(path, array, tile=(16, 16), **how)
    content, place = bytearray(path.read_bytes()), first_value(324, 1)
    content[place : place + 4] = (int.from_bytes(content[place : place + 4], "little") + 700).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "corrupt", "other pixels")


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_damaged_index_of_chunks_is_refused_instead_of_read_as_zeros(tmp_path: Path, compression: str | None) -> None:
    array = values(4, 16, 17)
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        data = stored.create_dataset("data", data=array, chunks=(1, 16, 17), compression=compression)
        places = [data.id.get_chunk_info(number).byte_offset.to_bytes(8, "little") for number in range(4)]
    whole = (tmp_path / "a.h5").read_bytes()
    changed(tmp_path / "a.h5", (places[2], places[1]))
    refused(f"{tmp_path}/a.h5:/data", "chunk", axes="RYX")
    # The key before the address: where the chunk begins in the array.
    begin = whole.index(places[2]) - 32
    (tmp_path / "a.h5").write_bytes(whole[:begin] + bytes([9]) + whole[begin + 1 :])
    refused(f"{tmp_path}/a.h5:/data", "chunk", axes="RYX")
