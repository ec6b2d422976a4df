"""Pixels decide whether two scans share anything: not names, formats, types or the files that lead to them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import LeakageError
from noisebound.core.storage import read_json
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.check_roles import check_roles
from noisebound.regions.settings import RegionSettings
from tests.unit.scans.fields import frames, ingest, save, wrapper


def check(folder: Path, roles: dict[str, str]) -> None:
    """Check scans that were ingested, as the step check_roles does; a role may be a row of a layout."""
    for scan, role in roles.items():
        layout = [role] if role.isupper() else None
        assign_regions(
            folder / f"{scan}.h5",
            folder / f"{scan}-regions.json",
            RegionSettings(layout, "auto", 1),
            role="split" if layout else role,
        )
    files = [[folder / f"{scan}{end}" for scan in roles] for end in (".h5", "-regions.json", ".json")]
    check_roles(*files, folder / "check.json")


def leaks(folder: Path, roles: dict[str, str], *words: str) -> None:
    with pytest.raises(LeakageError) as raised:
        check(folder, roles)
    for word in (*words, *(repr(scan) for scan in roles), "Remedy: "):
        assert word in str(raised.value), str(raised.value)


SAVED_AGAIN = {
    "compressed": lambda path, array: save(path / "b.tif", array, compression="zlib"),
    "big-endian": lambda path, array: save(path / "b.tif", array, byteorder=">"),
    "wider": lambda path, array: save(path / "b.tif", array.astype("int32")),
    "float": lambda path, array: save(path / "b.tif", array.astype("float32")),
    "other axes": lambda path, array: save(path / "b.tif", array.transpose(3, 1, 2, 0), "XCYR"),
    "hdf5": lambda path, array: save(path / "b.h5", array.astype(">u4"), compression="gzip"),
    "other order": lambda path, array: save(path / "b.tif", array[::-1]),
    "one frame": lambda path, array: save(path / "b.tif", np.concatenate([array[1:2], frames(9)])),
    "one channel": lambda path, array: save(path / "b.tif", np.stack([frames(9)[:, 0], array[:, 0]], axis=1)),
}


@pytest.mark.parametrize("how", SAVED_AGAIN)
@pytest.mark.parametrize(("one", "other"), [("train", "test"), ("TE", "TE")])
def test_the_same_pixels_saved_again_are_found(tmp_path: Path, how: str, one: str, other: str) -> None:
    ingest(tmp_path, "a", [save(tmp_path / "a.tif", frames())])
    ingest(tmp_path, "b", [SAVED_AGAIN[how](tmp_path, frames())])
    leaks(tmp_path, {"a": one, "b": other}, "same pixels", "noisy frame", "channel Mg")
    check(tmp_path, {"a": "train", "b": "train"})


def test_a_reference_is_compared_with_frames_of_other_scans(tmp_path: Path) -> None:
    reference = frames(5, 1)[0]
    ingest(tmp_path, "a", [save(tmp_path / "a.tif", frames())], [save(tmp_path / "r.tif", reference, "CYX")])
    noisy = np.concatenate([frames(7), reference[np.newaxis]])
    ingest(tmp_path, "b", [save(tmp_path / "b.tif", noisy)])
    leaks(tmp_path, {"a": "test", "b": "train"}, "reference frame 0", "noisy frame 3")


def test_empty_channels_are_no_shared_pixels(tmp_path: Path) -> None:
    for seed, scan in enumerate("ab"):
        array = frames(seed)
        array[:, 1] = 0
        ingest(tmp_path, scan, [save(tmp_path / f"{scan}.tif", array)])
    check(tmp_path, {"a": "train", "b": "test"})
    assert {entry["channel"] for entry in read_json(tmp_path / "a.json")["arrays"]} == {"Mg"}


def test_two_datasets_of_one_file_may_serve_two_roles_unless_their_pixels_are_equal(tmp_path: Path) -> None:
    file = tmp_path / "all.h5"
    named = {name: save(file, frames(seed), name=name) for name, seed in (("one", 1), ("two", 2), ("again", 1))}
    for scan, source in named.items():
        ingest(tmp_path, scan, [source])
    check(tmp_path, {"one": "train", "two": "test"})
    leaks(tmp_path, {"one": "train", "again": "test"}, "same pixels")


def test_a_copy_of_a_file_is_refused_also_with_other_axes(tmp_path: Path) -> None:
    """Transposed, no channel has the same digest; the array is the same all the same."""
    array = np.random.default_rng(0).integers(0, 200, (3, 2, 12, 12)).astype("uint16")
    ingest(tmp_path, "a", [save(tmp_path / "a.tif", array)])
    shutil.copy(tmp_path / "a.tif", tmp_path / "b.tif")
    ingest(tmp_path, "b", [str(tmp_path / "b.tif")], axes="RCXY")
    leaks(tmp_path, {"a": "train", "b": "test"}, "b.tif")


def test_two_wrappers_of_one_dataset_are_found(tmp_path: Path) -> None:
    array = frames()
    save(tmp_path / "raw.h5", array)
    for scan, part in {
        "link": None,
        "again": None,
        "top": slice(0, 7),
        "middle": slice(4, 9),
        "rest": slice(7, 12),
    }.items():
        ingest(tmp_path, scan, [wrapper(tmp_path / f"m-{scan}.h5", part, array)])
    leaks(tmp_path, {"link": "train", "again": "test"}, "same pixels")
    # Crops that overlap share no whole frame, and still share pixels.
    for one, other in (("top", "middle"), ("middle", "rest"), ("link", "rest")):
        leaks(tmp_path, {one: "train", other: "test"}, "raw.h5")
    check(tmp_path, {"top": "train", "rest": "test"})


def test_shared_pixels_are_found_as_soon_as_both_scans_are_read(tmp_path: Path) -> None:
    first, second = save(tmp_path / "a.tif", frames()), save(tmp_path / "b.tif", frames().astype("float32"))
    others = {"a": ("train", ingest(tmp_path, "a", [first]), [first]), "none": ("test", tmp_path / "none.json", [])}
    for role in ("test", "split"):
        with pytest.raises(LeakageError, match=r"'a' .*'b' .*same pixels"):
            ingest(tmp_path, "b", [second], role=role, others=others)
        assert not (tmp_path / "b.h5").exists() and not (tmp_path / "b.json").exists()
    ingest(tmp_path, "b", [second], role="train", others=others)
    # A scan compared with itself, as it was before, says nothing.
    ingest(tmp_path, "b", [second], role="test", others={"b": ("train", tmp_path / "b.json", [second])})


def test_what_is_no_longer_true_of_another_scan_is_not_held_against_a_new_one(tmp_path: Path) -> None:
    """Files exchanged between two scans: the old sources of the first are those of the second now."""
    first, second = save(tmp_path / "a.tif", frames()), save(tmp_path / "b.tif", frames())
    sidecar = ingest(tmp_path, "a", [first])
    ingest(tmp_path, "b", [second], role="test", others={"a": ("train", sidecar, ["other.tif"])})
    save(tmp_path / "a.tif", frames(3))
    os.utime(tmp_path / "a.tif", ns=(5, 5))
    ingest(tmp_path, "b", [second], role="test", others={"a": ("train", sidecar, [first])})
    sidecar.write_text(json.dumps({"format_version": 0}))
    ingest(tmp_path, "b", [second], role="test", others={"a": ("train", sidecar, [first])})


@pytest.mark.parametrize("made", ["sum", "mean", "mean of 32 bits"])
def test_a_reference_made_of_the_frames_of_another_scan_is_refused(tmp_path: Path, made: str) -> None:
    """The frames that one scan learns from would be what the other is judged by."""
    stack = frames(1)
    total = stack.sum(axis=0, dtype=np.int64)
    image = {"sum": total.astype("uint32"), "mean": total / 3, "mean of 32 bits": (total / 3).astype("float32")}[made]
    ingest(tmp_path, "learn", [save(tmp_path / "learn.tif", stack)])
    reference = save(tmp_path / "reference.h5", image, "CYX")
    ingest(tmp_path, "judge", [save(tmp_path / "judge.tif", frames(2))], [reference])
    with pytest.raises(LeakageError, match=f"{made.split()[0]} of the noisy frames.*reference frame 0"):
        check(tmp_path, {"learn": "train", "judge": "test"})
    check(tmp_path, {"learn": "train", "judge": "train"})
