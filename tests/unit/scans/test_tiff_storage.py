"""TIFF files that do not hold what they announce are refused, before memory is taken."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError
from noisebound.scans.readers import read_header, read_image
from tests.unit.scans.images import changed, refused, values, write_tiff


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
