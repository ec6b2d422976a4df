"""HDF5 files and the links between them: followed as HDF5 does, every file named, nothing taken from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.scans.readers import read_header
from tests.unit.scans import images
from tests.unit.scans.linked import by_hdf5, link, read, read_here, refused, values, virtual, write

SHARED_FOLDER = [HealthCheck.function_scoped_fixture]


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


def test_very_many_sources_do_not_use_up_the_open_files(tmp_path: Path) -> None:
    stack = values(300, 4, 5)
    for number in range(300):
        write(tmp_path / f"{number}.h5", stack[number])
    master = virtual(tmp_path / "a.h5", [(f"{number}.h5", "data") for number in range(300)], (4, 5))
    image = read(master, axes="RYX")
    np.testing.assert_array_equal(image.array, stack)
    assert len(image.files) == 301 and len(os.listdir("/proc/self/fd")) < 100


def test_hdf5_paths_that_name_no_dataset_list_those_there(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        stored["entry/data"] = values(8, 9)
        stored.create_dataset("unwritten", (8, 9), "uint16")
    for source in ("a.h5", "a.h5:/", "a.h5:/nope", "a.h5:/entry"):
        images.refused(tmp_path / source, "/entry/data")
    images.refused(f"{tmp_path}/a.h5:/unwritten", "never written", axes="YX")
