"""What image files say of themselves: axes, names and sizes, cleaned."""

from __future__ import annotations

import json

from noisebound.core.length_units import unit_name
from noisebound.core.texts import NAME, UNIT
from noisebound.scans.metadata import from_imagej, from_ome, names


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
