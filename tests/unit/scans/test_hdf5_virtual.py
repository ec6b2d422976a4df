"""Virtual datasets are what HDF5 reads, and are refused where pixels lack."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
from h5py import h5s
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.scans.readers import read_header
from tests.unit.scans.linked import by_hdf5, read, read_here, refused, values, virtual, write

SHARED_FOLDER = [HealthCheck.function_scoped_fixture]


def test_a_virtual_dataset_names_its_sources(tmp_path: Path) -> None:
    stack = values(3, 8, 9)
    for number in range(3):
        write(tmp_path / f"part{number}.h5", stack[number])
    master = virtual(tmp_path / "a.h5", [(f"part{number}.h5", "data") for number in range(3)], (8, 9))
    image = read(master, axes="RYX")
    np.testing.assert_array_equal(image.array, stack)
    assert [Path(file.path).name for file in image.files] == ["a.h5", "part0.h5", "part1.h5", "part2.h5"]
    header = read_header(f"{master}:/data", axes="RYX")
    assert header.files == image.files and len({origin.path for origin in header.origins}) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(data=st.data())
def test_virtual_datasets_are_what_hdf5_reads(tmp_path: Path, data: st.DataObject) -> None:
    """Strides, blocks, unions, the same file, other types and virtual sources; refused only where pixels lack."""
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    write(folder / "plain.h5", values(6, 8).astype(data.draw(st.sampled_from(["uint8", "uint16", ">i4", "float32"]))))
    virtual(folder / "inner.h5", [("plain.h5", "data")], (6, 8))
    write(folder / "a.h5", values(6, 8, seed=2), "here")
    layout = h5py.VirtualLayout((6, 8), data.draw(st.sampled_from(["uint16", "float64"])))
    rows = data.draw(st.sampled_from([[range(6)], [range(0, 6, 2), range(1, 6, 2)], [range(2), range(2, 6)]]))
    for row in rows:
        source, name, shape = data.draw(
            st.sampled_from([("plain.h5", "data", (6, 8)), ("inner.h5", "data", (1, 6, 8)), (".", "here", (6, 8))])
        )
        part = h5py.VirtualSource(source, name, shape, "uint16")
        index = slice(row.start, row.stop, row.step)
        columns = data.draw(st.sampled_from([slice(None), [0, 1, 5, 6], slice(0, 8, 3)]))
        layout[index, columns] = part[index, columns] if len(shape) == 2 else part[0, index, columns]
        if columns != slice(None):
            rest = [c for c in range(8) if c not in np.arange(8)[columns]]
            if data.draw(st.booleans()):
                layout[index, rest] = part[index, rest] if len(shape) == 2 else part[0, index, rest]
    with h5py.File(folder / "a.h5", "a") as stored:
        stored.create_virtual_dataset("data", layout, fillvalue=65535)
    expected = by_hdf5(folder / "a.h5")
    assert expected is not None
    found = read_here(folder / "a.h5")
    if (expected == 65535).any():
        assert found is None
    else:
        assert found is not None and found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def endless(path: Path, file: str, space: h5s.SpaceID, source: h5s.SpaceID) -> None:
    """A virtual dataset that grows with its sources."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_virtual(space, file.encode(), b"data", source)
    with h5py.File(path, "w") as stored:
        h5py.h5d.create(stored.id, b"data", h5py.h5t.NATIVE_UINT16, space, properties)


def test_numbered_sources_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    stack = values(4, 3, 8)
    space = h5s.create_simple((1, 3, 8), (h5s.UNLIMITED, 3, 8))
    space.select_hyperslab((0, 0, 0), (h5s.UNLIMITED, 1, 1), (1, 1, 1), (1, 3, 8))
    for number in (0, 1, 2, 3):
        write(tmp_path / f"100%-{number}.h5", stack[number])
    endless(tmp_path / "a.h5", "100%%-%b.h5", space, h5s.create_simple((3, 8)))
    image = read(tmp_path / "a.h5", axes="RYX")
    np.testing.assert_array_equal(image.array, by_hdf5(tmp_path / "a.h5"))
    np.testing.assert_array_equal(image.array, stack)
    assert len(image.files) == 5
    (tmp_path / "100%-0.h5").unlink()
    refused(tmp_path / "a.h5", "'100%-0.h5'", axes="RYX")
    os.mkfifo(tmp_path / "100%-0.h5")
    refused(tmp_path / "a.h5", "no ordinary file", axes="RYX")


def test_a_source_that_grows_is_read_whole(tmp_path: Path) -> None:
    array = values(5, 8)
    write(tmp_path / "grows.h5", array, maxshape=(None, 8), chunks=(1, 8))
    space = h5s.create_simple((2, 8), (h5s.UNLIMITED, 8))
    space.select_hyperslab((0, 0), (h5s.UNLIMITED, 1), (1, 1), (1, 8))
    endless(tmp_path / "a.h5", "grows.h5", space, space)
    np.testing.assert_array_equal(read(tmp_path / "a.h5").array, array)
    (tmp_path / "grows.h5").unlink()
    refused(tmp_path / "a.h5", "'grows.h5'", "not there")


def test_virtual_datasets_that_contain_themselves_are_refused(tmp_path: Path) -> None:
    virtual(tmp_path / "a.h5", [("b.h5", "data")], (8, 9))
    virtual(tmp_path / "b.h5", [("a.h5", "data")], (8, 9))
    refused(tmp_path / "a.h5", "contains itself", axes="RYX")
    virtual(tmp_path / "c.h5", [(".", "data")], (8, 9))
    refused(tmp_path / "c.h5", "contains itself", axes="RYX")


def test_a_part_that_does_not_fit_its_source_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "small.h5", values(4, 9))
    virtual(tmp_path / "a.h5", [("small.h5", "data")], (8, 9))
    refused(tmp_path / "a.h5", "small.h5", "does not fit", axes="RYX")
