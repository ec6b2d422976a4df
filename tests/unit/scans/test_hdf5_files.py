"""HDF5 files that refer to other files: read as HDF5 itself would, every file named, nothing taken from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest
from h5py import h5s
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.scans.hdf5_files import Hdf5Files
from noisebound.scans.hdf5_virtual import resolve
from noisebound.scans.readers import Image, read_header, read_image

SHARED_FOLDER = [HealthCheck.function_scoped_fixture]
RELATIVE = ("part.h5", "sub/part.h5", "../part.h5", "./sub/../part.h5")


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 60000, shape).astype("uint16")


def write(path: Path, array: np.ndarray, name: str = "data", **how: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as stored:
        stored.create_dataset(name, data=array, **how)
    return path


def link(path: Path, name: str, target: h5py.ExternalLink | h5py.SoftLink) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as stored:
        stored[name] = target
    return path


def virtual(path: Path, sources: Sequence[tuple[str, str]], shape: tuple[int, ...], name: str = "data") -> Path:
    """A virtual dataset that stacks whole sources of ``shape``."""
    layout = h5py.VirtualLayout((len(sources), *shape), "uint16")
    for number, (file, dataset) in enumerate(sources):
        layout[number] = h5py.VirtualSource(file, dataset, shape, "uint16")
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as stored:
        stored.create_virtual_dataset(name, layout)
    return path


def read(path: Path | str, dataset: str = "data", axes: str = "YX") -> Image:
    return read_image(f"{path}:/{dataset}", axes=axes)


def refused(path: Path | str, *words: str, dataset: str = "data", axes: str = "YX") -> None:
    for door in (read_image, read_header):
        with pytest.raises(InputError) as raised:
            door(f"{path}:/{dataset}", axes=axes)
        for word in ("Remedy: ", *words):
            assert word in str(raised.value), str(raised.value)


def read_here(path: Path | str, dataset: str = "data") -> np.ndarray | None:
    """The pixels as the readers find them, without a process of their own; ``None`` where they are refused."""
    try:
        with Hdf5Files() as files:
            array = resolve(files, files.find(str(path), dataset), every_chunk=True)
            out = np.empty(array.shape, array.dtype)
            array.read(files, out)
            return out
    except InputError:
        return None


def by_hdf5(path: Path | str, dataset: str = "data") -> np.ndarray | None:
    """What HDF5 itself reads; ``None`` where it finds no dataset."""
    with h5py.File(path) as stored:
        try:
            return np.asarray(stored[dataset][()])
        except (KeyError, OSError, TypeError, AttributeError, RuntimeError):
            return None


# -- pixels outside HDF5 ------------------------------------------------------------------------------------------


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


# -- links --------------------------------------------------------------------------------------------------------


def test_every_file_on_the_way_is_named(tmp_path: Path) -> None:
    array = values(8, 9)
    write(tmp_path / "c" / "end.h5", array, "entry/data")
    link(tmp_path / "b" / "middle.h5", "group", h5py.ExternalLink("../c/end.h5", "/entry"))
    link(tmp_path / "a.h5", "out", h5py.ExternalLink("b/middle.h5", "/group"))
    link(tmp_path / "a.h5", "data", h5py.SoftLink("/out/data"))
    image = read(tmp_path / "a.h5")
    np.testing.assert_array_equal(image.array, array)
    assert [Path(file.path).name for file in image.files] == ["a.h5", "middle.h5", "end.h5"]
    for file in image.files:
        status = os.stat(file.path)
        assert (file.size, file.mtime_ns) == (status.st_size, status.st_mtime_ns)


def test_axes_and_channels_come_from_where_the_dataset_lies(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "end.h5", "w") as stored:
        stored["entry/data"] = values(2, 8, 9)
        stored["entry/data"].attrs["axes"] = "CYX"
        stored["entry"].attrs["channels"] = ["Mg", "Si"]
    link(tmp_path / "a.h5", "data", h5py.ExternalLink("end.h5", "/entry/data"))
    header = read_header(f"{tmp_path}/a.h5:/data")
    assert header.axes == "CYX" and header.channels == ("Mg", "Si")


def test_missing_targets_are_named(tmp_path: Path) -> None:
    write(tmp_path / "there.h5", values(8, 9))
    link(tmp_path / "a.h5", "data", h5py.ExternalLink("not_copied.h5", "/data"))
    refused(tmp_path / "a.h5", "a.h5", "'not_copied.h5'", "not there")
    link(tmp_path / "b.h5", "data", h5py.ExternalLink("there.h5", "/elsewhere"))
    refused(tmp_path / "b.h5", "there.h5", "'/elsewhere'", "/data")
    link(tmp_path / "c.h5", "data", h5py.SoftLink("/nowhere"))
    refused(tmp_path / "c.h5", "c.h5", "'/nowhere'")
    virtual(tmp_path / "d.h5", [("there.h5", "data"), ("gone.h5", "data")], (8, 9))
    refused(tmp_path / "d.h5", "d.h5", "'gone.h5'", "not there", axes="RYX")
    virtual(tmp_path / "e.h5", [("there.h5", "data"), ("there.h5", "gone")], (8, 9))
    refused(tmp_path / "e.h5", "there.h5", "'gone'", axes="RYX")


def test_links_to_what_is_no_file_are_refused_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    for name in ("pipe.h5", "/dev/zero"):
        master = tmp_path / f"{len(name)}.h5"
        link(master, "data", h5py.ExternalLink(name, "/data"))
        refused(master, name, "no ordinary file")
        virtual(master, [(name, "data")], (8, 9), name="virtual")
        refused(master, name, "no ordinary file", dataset="virtual", axes="RYX")


@pytest.mark.parametrize("kind", ["soft", "external"])
def test_chains_are_followed_as_far_as_hdf5_does_and_circles_are_refused(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.h5", values(8, 9), "0")
    for number in range(1, 20):
        target = f"/{number - 1}"
        link(path, str(number), h5py.SoftLink(target) if kind == "soft" else h5py.ExternalLink("a.h5", target))
    for number in range(20):
        found = read_here(path, str(number))
        assert (found is None) == (by_hdf5(path, str(number)) is None) and (
            found is None or (found == values(8, 9)).all()
        )
    refused(path, "links", dataset="19")
    assert by_hdf5(path, "16") is not None and by_hdf5(path, "17") is None
    link(path, "circle", h5py.ExternalLink("a.h5", "/circle") if kind == "external" else h5py.SoftLink("circle"))
    refused(path, "circle", dataset="circle")


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(data=st.data())
def test_any_web_of_links_leads_where_hdf5_goes(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    places = ["one.h5", "two.h5", "sub/three.h5"]
    names = ["x", "y", "g/x", "g/y"]
    where = {"one.h5": "", "two.h5": "", "sub/three.h5": "../"}
    for seed, place in enumerate(places):
        write(folder / place, values(3, 4, seed=seed), "d")
        for name in names:
            kind = data.draw(st.sampled_from(["dataset", "soft", "external", "none"]))
            if kind == "dataset":
                write(folder / place, values(3, 4, seed=hash((place, name)) % 1000), name)
            elif kind != "none":
                path = data.draw(st.sampled_from(["d", "x", "g", "g/x", "/y", "/g/y", "./d", "//d", "/g/./x"]))
                other = where[place] + data.draw(st.sampled_from(places))
                link(folder / place, name, h5py.SoftLink(path) if kind == "soft" else h5py.ExternalLink(other, path))
    for place in places:
        for name in names:
            expected, found = by_hdf5(folder / place, name), read_here(folder / place, name)
            assert (expected is None) == (found is None)
            if expected is not None:
                np.testing.assert_array_equal(found, expected)


# -- where files are looked for -----------------------------------------------------------------------------------

SEARCHED = """
import itertools, os, sys
import h5py, numpy as np
from noisebound.core.errors import InputError
from noisebound.scans.hdf5_files import Hdf5Files
from noisebound.scans.hdf5_virtual import resolve

def read_here(path):
    try:
        with Hdf5Files() as files:
            array = resolve(files, files.find(path, "data"))
            out = np.empty(array.shape, array.dtype)
            array.read(files, out)
            return out
    except InputError as error:
        assert "not there" in str(error), error
        return None

folder, kind = sys.argv[1:]
os.chdir(folder)
number = compared = 0
# Every place that HDF5 may look at, in which the file lies or not; each holds other pixels.
for name in ("part.h5", "sub/part.h5", "../part.h5", "{absolute}/part.h5"):
    for present in itertools.product((False, True), repeat=5 if "absolute" in name else 4):
        base = f"{folder}/{number}"
        number += 1
        for part in ("master", "real", "first/sub", "second/sub", "cwd/sub", "master/sub", "real/sub", "absolute"):
            os.makedirs(f"{base}/{part}")
        os.chdir(f"{base}/cwd")
        place = name.format(absolute=f"{base}/absolute")
        last = "part.h5" if os.path.isabs(place) else place
        homes = [f"{base}/{part}/{last}" for part in ("first", "master", "cwd", "real")] + [f"{base}/absolute/part.h5"]
        for value, (home, there) in enumerate(zip(homes, present, strict=False), 1):
            if there:
                with h5py.File(home, "w") as stored:
                    stored["data"] = np.full((3, 4), value + 10 * number) + np.arange(4)
        with h5py.File(f"{base}/real/a.h5", "w") as stored:
            if kind == "link":
                stored["data"] = h5py.ExternalLink(place, "/data")
            else:
                layout = h5py.VirtualLayout((3, 4), "int64")
                layout[...] = h5py.VirtualSource(place, "data", (3, 4), "int64")
                stored.create_virtual_dataset("data", layout, fillvalue=0)
        os.symlink("../real/a.h5", f"{base}/master/a.h5")
        os.environ["HDF5_EXT_PREFIX"] = f"{base}/nothing:{base}/first"
        for master in (f"{base}/master/a.h5", "../real/a.h5"):
            try:
                with h5py.File(master) as stored:
                    expected = stored["data"][()]
            except KeyError:
                expected = np.zeros(1)
            found = read_here(master)
            found = np.zeros(1) if found is None else found
            same = (expected == found).all() if expected.any() else not found.any()
            assert same, (master, place, present, expected, found)
            compared += int(found.any())
assert compared > 60
"""


@pytest.mark.parametrize("kind", ["link", "virtual"])
def test_files_are_found_where_hdf5_finds_them(tmp_path: Path, kind: str) -> None:
    """In another process: HDF5 reads the prefix of virtual datasets once, when it is loaded."""
    folder = tmp_path / "places"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HDF5_VDS_PREFIX": "${ORIGIN}/../first"}
    command = [sys.executable, "-c", SEARCHED, str(folder), kind]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


# -- virtual datasets ---------------------------------------------------------------------------------------------


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


def test_very_many_sources_do_not_use_up_the_open_files(tmp_path: Path) -> None:
    stack = values(300, 4, 5)
    for number in range(300):
        write(tmp_path / f"{number}.h5", stack[number])
    master = virtual(tmp_path / "a.h5", [(f"{number}.h5", "data") for number in range(300)], (4, 5))
    image = read(master, axes="RYX")
    np.testing.assert_array_equal(image.array, stack)
    assert len(image.files) == 301 and len(os.listdir("/proc/self/fd")) < 100


# -- what was never written, and sizes that cannot be ---------------------------------------------------------------


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
