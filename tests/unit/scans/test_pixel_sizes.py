"""The pixel size of a scan: given by hand, or what all files agree on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.scans.pixel_sizes import scan_pixel_size
from noisebound.scans.readers import Header
from tests.unit.scans.measured import ingest, refuse, save, values


def test_pixel_sizes_that_disagree(tmp_path: Path) -> None:
    first = save(tmp_path / "a.tif", values(2, 12, 13), "CYX", pixel_um=0.5)
    same = save(tmp_path / "b.tif", values(2, 12, 13, seed=1), "CYX", pixel_nm=500)
    other = save(tmp_path / "c.tif", values(2, 12, 13, seed=2), "CYX", pixel_um=0.505)
    with ingest(tmp_path / "out.h5", [first, same]) as scan:
        assert scan.pixel_size == (0.5, 0.5) and scan.pixel_unit == "µm"
    refuse(tmp_path / "none.h5", [first], [other], "c.tif", "0.505")
    with ingest(tmp_path / "given.h5", [first, other], pixel_size=3, pixel_unit="nm") as scan:
        assert scan.pixel_size == (3.0, 3.0)
    for wrong in ({"pixel_size": 3.0}, {"pixel_unit": "nm"}, {"pixel_size": [1, 2, 3], "pixel_unit": "nm"}):
        with pytest.raises(InputError, match="pixel_"):
            ingest(tmp_path / "none.h5", [first], **wrong)


def header(name: str, size: tuple[float, ...] | None, unit: str | None) -> Header:
    shape = (4, 5) if size is None or len(size) == 2 else (3, 4, 5)
    return Header(name, shape, np.dtype("uint16"), "ZYX"[-len(shape) :], None, size, unit)


def test_sizes_in_other_units_agree_and_the_first_is_taken() -> None:
    files = [header("a", None, None), header("b", (0.5, 0.25), "µm"), header("c", (500.0, 250.1), "nm")]
    assert scan_pixel_size(files, 2, None, None) == ((0.5, 0.25), "µm")
    assert scan_pixel_size(files[:1], 2, None, None) == ((1.0, 1.0), "px")
    with pytest.raises(InputError, match=r"'d'.*pixel size \(500\.0, 251\.0\) nm where 'b' has \(0\.5, 0\.25\) µm"):
        scan_pixel_size([*files, header("d", (500.0, 251.0), "nm")], 2, None, None)
    with pytest.raises(InputError, match="furlong"):
        scan_pixel_size([*files, header("d", (0.5, 0.25), "furlong")], 2, None, None)


def test_a_size_of_planes_is_left_out_where_planes_are() -> None:
    assert scan_pixel_size([header("a", (9.0, 0.5, 0.25), "nm")], 2, None, None) == ((0.5, 0.25), "nm")
    assert scan_pixel_size([header("a", (9.0, 0.5, 0.25), "nm")], 3, None, None) == ((9.0, 0.5, 0.25), "nm")


@pytest.mark.parametrize(
    ("given", "unit", "sizes", "name"),
    [
        (3, "nm", (3.0, 3.0), "nm"),
        ([3], "micron", (3.0, 3.0), "µm"),
        ((1, 2.5), "pixels", (1.0, 2.5), "px"),
    ],
)
def test_what_the_sheet_says_counts_whatever_files_say(
    given: float | list[float], unit: str, sizes: tuple[float, ...], name: str
) -> None:
    assert scan_pixel_size([header("a", (9.0, 9.0), "nm")], 2, given, unit) == (sizes, name)


@pytest.mark.parametrize("given", [0, -1.0, float("nan"), float("inf"), [1, 2, 3], [1, 0], []])
def test_sizes_that_are_none_are_refused(given: float | list[float]) -> None:
    with pytest.raises(InputError, match=r"'pixel_size'.*not usable as pixel size.*1 or 2 positive numbers"):
        scan_pixel_size([header("a", None, None)], 2, given, "nm")
