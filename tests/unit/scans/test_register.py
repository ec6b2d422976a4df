"""Scans are added to the sheet: nothing is lost, nothing unusable gets in, whoever else is writing."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError, LeakageError
from noisebound.scans.register import register_scan
from noisebound.scans.sheet import read_sheet
from noisebound.scans.sheet_row import SheetRow
from tests.unit.scans.sheets import image, sheet


def test_registering_keeps_comments_columns_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    image(tmp_path / "data" / "n.tif")
    header = "role\tscan\tgroup\taxes\tnoisy\treference"
    path = sheet(tmp_path, "# beamtime 7", "apply\told\t\tYX\tgone.tif\t", "", "# end", header=header)
    before = path.read_text()
    row = register_scan(
        path,
        SheetRow(
            "new",
            "train",
            (str(tmp_path / "data" / "n.tif"),),
            "leave-one-out",
            group="g",
            pixel_size=(0.5,),
            pixel_unit="nm",
        ),
    )
    assert row.noisy == ("data/n.tif",)
    assert read_sheet(path)[1] == row and row.pixel_size == (0.5,)
    lines, expected = path.read_text().split("\n"), before.split("\n")
    assert lines[0] == header + "\tpixel_size\tpixel_unit"
    assert lines[1 : len(expected) - 1] == expected[1:-1]
    assert lines[-2] == "train\tnew\tg\t\tdata/n.tif\tleave-one-out\t0.5\tnm" and lines[-1] == ""


def test_registering_begins_a_sheet_and_keeps_paths_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    outside = image(tmp_path / "n.tif")
    row = register_scan("config/scans.tsv", SheetRow("a", "apply", ("../n.tif",)))
    assert row.noisy == (outside,) and read_sheet("config/scans.tsv") == [row]


def test_registrations_that_are_refused_leave_the_sheet_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good, other = image(tmp_path / "good.tif"), image(tmp_path / "other.tif", seed=1)
    cut = tmp_path / "cut.tif"
    cut.write_bytes(Path(good).read_bytes()[:-40])
    wrong = tmp_path / "wrong.tif"
    tifffile.imwrite(wrong, np.arange(20).reshape(4, 5).astype("uint16"))
    path = sheet(tmp_path, f"taken\ttrain\t{good}\tleave-one-out\tg")
    before = path.read_text()
    for row, error, words in (
        (SheetRow("taken", "apply", (other,)), InputError, "two scans"),
        (SheetRow("b", "apply", ("absent.tif",)), InputError, "absent.tif"),
        (SheetRow("b", "apply", (str(cut),)), InputError, "cut.tif"),
        (SheetRow("b", "train", (other,), (str(wrong),)), InputError, "wrong.tif"),
        (SheetRow("b", "train", (other,), ("absent.tif",)), InputError, "absent.tif"),
        (SheetRow("b", "train", (other,)), InputError, "no reference"),
        (SheetRow("b", "calibrate", (good,), "leave-one-out"), LeakageError, "taken"),
        (SheetRow("b", "test", (other,), "leave-one-out", "g"), LeakageError, "taken"),
        (SheetRow("../b", "apply", (other,)), InputError, "letters, digits"),
    ):
        with pytest.raises(error, match=words):
            register_scan(path, row)
        assert path.read_text() == before
    with pytest.raises(InputError, match="no axis Z"):
        register_scan(path, SheetRow("b", "apply", (other,)), dimensions=3)
    assert path.read_text() == before


def _register(arguments: tuple[str, str, str]) -> str:
    path, name, source = arguments
    try:
        register_scan(path, SheetRow(name, "apply", (source,)))
    except InputError as error:
        return str(error)
    return ""


def test_registrations_at_the_same_time_lose_no_row(tmp_path: Path) -> None:
    source, path = image(tmp_path / "n.tif"), str(tmp_path / "scans.tsv")
    names = [f"scan-{number:02d}" for number in range(24)] + ["same"] * 6
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        answers = pool.map(_register, [(path, name, source) for name in names], chunksize=1)
    assert sorted(row.scan for row in read_sheet(path)) == sorted(set(names))
    assert answers[:24] == [""] * 24
    assert answers[24:].count("") == 1 and all("two scans" in answer for answer in answers[24:] if answer)
    assert not list(tmp_path.glob(".*part*"))
