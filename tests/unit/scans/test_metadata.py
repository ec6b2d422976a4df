"""What image files say of themselves: axes, names and sizes, cleaned."""

from __future__ import annotations

import json

import pytest

from noisebound.core.length_units import unit_name
from noisebound.core.texts import NAME, UNIT
from noisebound.scans.metadata import Metadata, from_imagej, from_json, from_ome, names, sizes_in_order


def test_names_and_units_of_files_are_cleaned() -> None:
    assert names(json.dumps(["Mg\x00", "\u202eFe\x1b[31m", "a\nb"])) == ("Mg", "Fe[31m", "a b")
    assert names(["x" * 5000]) == (f"{'x' * (NAME - 1)}…",)
    assert names(["\x00", "a"]) is None, "names that are nothing but hidden are none"
    assert unit_name("µ\x00m\u200b") == "µm" and unit_name("\\u00c5") == "Å" and unit_name("\x1b") is None
    assert len(unit_name("n" * 5000) or "") == UNIT
    found = from_imagej(
        {"unit": "n\x01m", "Labels": ["c:1/2 - M\x02g", "c:2/2 - Fe\u2029"]}, {"X": 2, "Y": 2}, "CYX", (2,)
    )
    assert found.channels == ("Mg", "Fe") and found.pixel_unit == "nm"
    xml = '<OME xmlns="http://o"><Image><Pixels PhysicalSizeX="1" PhysicalSizeXUnit="n&#x200B;m" PhysicalSizeY="1"'
    xml += ' PhysicalSizeYUnit="nm"><Channel Name="M&#x202E;g"/></Pixels></Image></OME>'
    assert from_ome(xml, "CYX").channels == ("Mg",) and from_ome(xml, "CYX").pixel_unit == "nm"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Mg, Si", ("Mg", "Si")),
        ('["Mg", "Si"]', ("Mg", "Si")),
        (["Mg", "Si"], ("Mg", "Si")),
        ("Mg", ("Mg",)),
        (["Mg", None], None),
        ([], None),
        ("", None),
        (7, None),
        ('{"a": 1}', None),
    ],
)
def test_names_in_every_form(value: object, found: tuple[str, ...] | None) -> None:
    assert names(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (2, {"Z": 2.0, "Y": 2.0, "X": 2.0}),
        ([0.5, 0.25], {"Y": 0.5, "X": 0.25}),
        ([3, 0.5, 0.25], {"Z": 3.0, "Y": 0.5, "X": 0.25}),
        ([1, 2, 3, 4], None),
        ([], None),
        ("wide", None),
        ("12", None),
        ("3", None),
        (None, None),
    ],
)
def test_sizes_are_in_the_order_z_y_x(value: object, found: dict[str, float] | None) -> None:
    assert sizes_in_order(value) == found


def test_json_says_sizes_in_three_ways_and_none_without_a_unit() -> None:
    assert from_json({"pixel_size": [2, 1], "pixel_unit": "um"}) == Metadata(None, None, {"Y": 2.0, "X": 1.0}, "µm")
    for key, unit in (("pixel_um", "µm"), ("pixel_nm", "nm")):
        found = from_json({"axes": "CYX", key: 3, "channels": ["Mg"]})
        assert found == Metadata("CYX", ("Mg",), dict.fromkeys("ZYX", 3.0), unit)
    assert from_json({"pixel_size": 2}).pixel_size is None and from_json({"axes": 7}).axes is None


def test_imagej_names_channels_by_their_slices() -> None:
    def channels(labels: list[str], axes: str, shape: tuple[int, ...]) -> tuple[str, ...] | None:
        return from_imagej({"Labels": labels}, {}, axes, shape).channels

    assert channels(["Mg", "Si"] * 3, "ZCYX", (3, 2, 4, 4)) == ("Mg", "Si")
    numbered = [f"c:{c}/2 z:{z}/2 - {name}" for z in (1, 2) for c, name in ((1, "Mg"), (2, "Si"))]
    assert channels(numbered, "ZCYX", (2, 2, 4, 4)) == ("Mg", "Si")
    assert channels(["Mg", "Si", "Mg", "Fe"], "ZCYX", (2, 2, 4, 4)) is None, "slices of one channel differ"
    assert channels(["a", "a"], "CYX", (2, 4, 4)) is None, "two channels share a name"
    assert channels(["a", "b"], "ZYX", (2, 4, 4)) is None, "no channels at all"
    assert channels(["a"], "CYX", (2, 4, 4)) is None, "too few labels"


def test_imagej_has_a_size_only_with_a_unit_and_a_resolution() -> None:
    found = from_imagej({"unit": "micron", "spacing": 2}, {"X": 4.0, "Y": 2.0}, "ZYX", (3, 4, 5))
    assert found.pixel_size == {"X": 0.25, "Y": 0.5, "Z": 2.0} and found.pixel_unit == "µm"
    assert from_imagej({"unit": "pixel"}, {"X": 4.0, "Y": 2.0}, "YX", (4, 5)).pixel_size is None
    assert from_imagej({"unit": "nm"}, {"X": 4.0, "Y": 0.0}, "YX", (4, 5)) == Metadata("YX")


def test_ome_sizes_are_put_into_the_unit_of_x() -> None:
    def sizes(attributes: str) -> tuple[dict[str, float] | None, str | None]:
        xml = f'<OME xmlns="http://o"><Image><Pixels {attributes}><Channel/></Pixels></Image></OME>'
        found = from_ome(xml, "YX")
        assert found.channels is None, "a channel without a name"
        return found.pixel_size, found.pixel_unit

    both = 'PhysicalSizeX="5" PhysicalSizeXUnit="nm" PhysicalSizeY="0.25"'
    assert sizes(both) == ({"X": 5.0, "Y": pytest.approx(250)}, "nm"), "µm where no unit is given"
    assert sizes('PhysicalSizeX="5" PhysicalSizeXUnit="furlong" PhysicalSizeY="1"') == (None, None)
    assert sizes('PhysicalSizeX="wide"') == (None, None)
    assert from_ome("<OME/>", "YX") == Metadata("YX")
    with pytest.raises(ValueError, match="not XML"):
        from_ome("<OME", "YX")
