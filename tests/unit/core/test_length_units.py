"""Units of length: every spelling is one unit, conversions are exact enough, and pages show numbers that read well."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.core.length_units import METRES, SPELLINGS, in_one_unit, ome_unit, reading_unit, unit_name

metric = st.sampled_from(["pm", "nm", "µm", "mm", "cm", "m"])


@pytest.mark.parametrize(
    ("spellings", "unit"),
    [
        (("nm", "nanometer", "Nanometre"), "nm"),
        (("um", "UM", "µm", "\u03bcm", "\\u00B5m", "micron", "Microns", "micrometer", "micrometre"), "µm"),
        (("mm", "millimetre", "Millimeter"), "mm"),
        (("Å", "A", "a", "angstrom", "Angstrom", "\\u00C5"), "Å"),
        (("furlong", " furlong "), "furlong"),
        (("", None, "px", "Pixels", "none", "inch", "reference frame"), None),
    ],
)
def test_one_unit_has_one_name(spellings: tuple[str | None, ...], unit: str | None) -> None:
    assert {unit_name(spelling) for spelling in spellings} == {unit}


def test_names_stay_as_they_are() -> None:
    assert {unit: unit_name(unit) for unit in METRES} == {unit: unit for unit in METRES}
    assert set(SPELLINGS.values()) <= set(METRES) and not set(SPELLINGS) & set(METRES)


@given(st.sampled_from(sorted(METRES)), st.sampled_from(sorted(METRES)), st.floats(1e-6, 1e6))
def test_sizes_are_converted_to_the_unit_of_x_and_back(unit: str, other: str, size: float) -> None:
    found = in_one_unit({"X": 1.0, "Y": size, "Z": 2.0}, {"X": unit, "Y": other, "Z": None})
    assert found is not None
    sizes, target = found
    assert target == unit and sizes["X"] == 1.0 and sizes["Z"] == 2.0, "an axis without unit has that of X"
    back = in_one_unit({"X": 1.0, "Y": sizes["Y"]}, {"X": other, "Y": unit})
    assert back is not None and math.isclose(back[0]["Y"], size, rel_tol=1e-12)


def test_sizes_of_one_unit_need_no_conversion_and_others_need_a_known_one() -> None:
    assert in_one_unit({"X": 1.0, "Y": 2.0}, {"X": "furlong", "Y": "furlong"}) == ({"X": 1.0, "Y": 2.0}, "furlong")
    assert in_one_unit({"X": 1.0, "Y": 2.0}, {"X": "furlong", "Y": "m"}) is None
    assert in_one_unit({"X": 1.0, "Y": 2.0}, {"X": "m", "Y": "furlong"}) is None
    assert in_one_unit({"X": 1.0}, {"X": None}) is None
    assert in_one_unit({"X": 1.0, "Y": 1.0}, {"X": "mm", "Y": "in"}) == ({"X": 1.0, "Y": pytest.approx(25.4)}, "mm")


@given(st.floats(1e-3, 1e3), metric)
def test_lengths_read_well_and_are_the_same_length(extent: float, unit: str) -> None:
    shown, factor = reading_unit(extent, unit)
    assert math.isclose(extent * factor * METRES[shown], extent * METRES[unit], rel_tol=1e-9)
    length = extent * METRES[unit]
    if 1e-12 <= length < 1000:
        assert 1 - 1e-9 <= extent * factor < 1000 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("extent", "unit", "shown"),
    [
        (1500, "nm", "µm"),
        (0.5, "µm", "nm"),
        (1000, "um", "mm"),
        (5, "um", "µm"),
        (12, "cm", "cm"),
        (0.2, "cm", "mm"),
        (1e-6, "pm", "pm"),
        (1e6, "m", "m"),
        (5000, "Å", "Å"),
        (5000, "px", "px"),
        (0, "nm", "nm"),
        (math.nan, "nm", "nm"),
    ],
)
def test_the_unit_to_show(extent: float, unit: str, shown: str) -> None:
    assert reading_unit(extent, unit)[0] == shown


def test_units_of_ome_are_known_by_any_spelling() -> None:
    assert {ome_unit(unit) for unit in METRES} == set(METRES)
    assert all(ome_unit(spelling) == unit for spelling, unit in SPELLINGS.items())
    assert ome_unit("A") == "Å" and ome_unit("Micron") == "µm" and ome_unit("inch") == "in"
    assert ome_unit("px") is ome_unit("") is ome_unit("furlong") is None


@pytest.mark.parametrize(
    ("units", "name"),
    [
        (("nm", "NM", "nanometre", "nanometer"), "nm"),
        (("um", "\u00b5m", "\u03bcm", "micron", "Microns", "micrometre", "micrometer"), "\u00b5m"),
        (("A", "\u00c5", "angstrom", "Angstrom"), "\u00c5"),
        (("in", "inch"), "in"),
        (("", "px", "s"), None),
    ],
)
def test_spellings_of_units_of_ome(units: tuple[str, ...], name: str | None) -> None:
    assert {ome_unit(unit) for unit in units} == {name}
