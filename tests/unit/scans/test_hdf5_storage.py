"""HDF5 datasets whose pixels are not all stored are refused, wherever they hide."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
from h5py import h5s
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.scans import images
from tests.unit.scans.linked import link, refused, values, virtual


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A dataset whose pixels lie in a file of the user's disk that nobody meant to publish."""
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"nobody meant to publish this" * 20)
    with h5py.File(tmp_path / "raw.h5", "w") as stored:
        stored.create_dataset("data", (8, 9), "uint16", external=[(str(secret), 0, 144)])
    return tmp_path / "raw.h5"


def test_pixels_in_raw_files_are_refused(raw: Path) -> None:
    refused(raw, "raw.h5", "secret.txt", "outside HDF5")


@pytest.mark.parametrize("hidden", ["soft", "external", "virtual", "nested", "linked source", "same file"])
def test_pixels_in_raw_files_are_refused_wherever_they_hide(raw: Path, hidden: str) -> None:
    folder = raw.parent
    master, axes = folder / "master.h5", "RYX"
    if hidden == "soft":
        link(raw, "soft", h5py.SoftLink("/data"))
        return refused(raw, "secret.txt", dataset="soft")
    if hidden == "external":
        link(master, "data", h5py.ExternalLink("raw.h5", "/data"))
        return refused(master, "secret.txt")
    if hidden == "virtual":
        virtual(master, [("raw.h5", "data")], (8, 9))
    elif hidden == "nested":
        virtual(folder / "inner.h5", [("raw.h5", "data")], (8, 9))
        virtual(master, [("inner.h5", "data")], (1, 8, 9))
        axes = "RCYX"
    elif hidden == "linked source":
        link(folder / "link.h5", "data", h5py.ExternalLink("raw.h5", "/data"))
        virtual(master, [("link.h5", "data")], (8, 9))
    else:
        master = virtual(raw, [(".", "data")], (8, 9), name="virtual")
        return refused(master, "secret.txt", dataset="virtual", axes=axes)
    refused(master, "secret.txt", axes=axes)


def test_chunks_that_were_never_written_are_counted(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        data = stored.create_dataset("data", (6, 8, 9), "uint16", chunks=(1, 8, 9))
        data[:4] = values(4, 8, 9)
    refused(tmp_path / "a.h5", "2 of the 6 chunks", "never written", axes="RYX")
    virtual(tmp_path / "b.h5", [("a.h5", "data")], (6, 8, 9))
    refused(tmp_path / "b.h5", "2 of the 6 chunks", axes="RCYX")


@pytest.mark.parametrize("written", ["nothing", "one chunk", "virtual", "repeated"])
def test_terabytes_are_refused_before_anything_is_allocated(tmp_path: Path, written: str) -> None:
    shape = (10**6, 10**6, 10)
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as stored:
        if written in ("nothing", "one chunk"):
            data = stored.create_dataset("data", shape, "uint16", chunks=(64, 64, 1), compression="gzip")
            if written == "one chunk":
                data[:64, :64, 0] = 1
        else:
            row = stored.create_dataset("row", data=values(8, 9))
            layout = h5py.VirtualLayout((10**6, 10**6, 9), "uint16")
            if written == "repeated":
                properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                space = h5s.create_simple((8, 9))
                for number in range(3):
                    whole = h5s.create_simple((10**6, 10**6, 9))
                    whole.select_hyperslab((number, 0, 0), (1, 8, 9))
                    properties.set_virtual(whole, b".", b"row", space)
                h5py.h5d.create(stored.id, b"data", h5py.h5t.NATIVE_UINT16, whole, properties)
            else:
                layout[0, :8, :] = h5py.VirtualSource(row)
                stored.create_virtual_dataset("data", layout)
    refused(path, "a.h5", axes="ZYX")


def test_a_shape_that_the_stored_bytes_cannot_fill_is_refused(tmp_path: Path) -> None:
    """One chunk of 32 GB in a few bytes: no compressor packs that."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as stored:
        data = stored.create_dataset("data", (60000, 30000), "uint16", chunks=(60000, 30000), compression="gzip")
        data.id.write_direct_chunk((0, 0), b"x" * 300)
    refused(path, "a.h5", "3600000000 bytes")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), compressed=st.booleans())
def test_a_truncated_hdf5_is_refused(tmp_path: Path, share: float, compressed: bool) -> None:
    whole, cut = tmp_path / f"{compressed}.h5", tmp_path / "cut.h5"
    if not whole.exists():
        with h5py.File(whole, "w") as stored:
            stored.create_dataset("data", data=images.values(4, 16, 17), compression="gzip" if compressed else None)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    images.refused(f"{cut}:/data", axes="RYX")


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_damaged_index_of_chunks_is_refused_instead_of_read_as_zeros(tmp_path: Path, compression: str | None) -> None:
    array = images.values(4, 16, 17)
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        data = stored.create_dataset("data", data=array, chunks=(1, 16, 17), compression=compression)
        places = [data.id.get_chunk_info(number).byte_offset.to_bytes(8, "little") for number in range(4)]
    whole = (tmp_path / "a.h5").read_bytes()
    images.changed(tmp_path / "a.h5", (places[2], places[1]))
    images.refused(f"{tmp_path}/a.h5:/data", "chunk", axes="RYX")
    # The key before the address: where the chunk begins in the array.
    begin = whole.index(places[2]) - 32
    (tmp_path / "a.h5").write_bytes(whole[:begin] + bytes([9]) + whole[begin + 1 :])
    images.refused(f"{tmp_path}/a.h5:/data", "chunk", axes="RYX")
