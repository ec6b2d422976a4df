"""One look: the same bytes on every run, names that stay text, no traces in matplotlib's settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from noisebound.figures import coverage_figures
from noisebound.figures.style import inline_svg, save_svg, to_png, to_svg, token_colours
from tests.unit.figures.tables import coverage_table

HOSTILE = "<script>alert(1)</script>"


def test_same_bytes_again_and_in_another_process(tmp_path: Path) -> None:
    table = coverage_table()
    assert to_svg(coverage_figures.reliability(table)) == to_svg(coverage_figures.reliability(table))
    assert to_png(coverage_figures.reliability(table)) == to_png(coverage_figures.reliability(table))
    save_svg(coverage_figures.reliability(table), tmp_path / "here.svg")
    table.to_csv(tmp_path / "table.csv", index=False)
    code = (
        "import sys; from pathlib import Path; from noisebound.core.data_frames import read_table; "
        "from noisebound.figures.coverage_figures import reliability; from noisebound.figures.style import to_svg; "
        "Path(sys.argv[2]).write_bytes(to_svg(reliability(read_table(sys.argv[1])), 'here.svg'))"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "table.csv"), str(tmp_path / "there.svg")]
    subprocess.run(arguments, check=True, env={"PYTHONPATH": ":".join(sys.path), "PATH": "", "HOME": str(tmp_path)})
    assert (tmp_path / "here.svg").read_bytes() == (tmp_path / "there.svg").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "here.svg").read_bytes()


@pytest.mark.parametrize("name", [HOSTILE, '" onmouseover="x', "$\\frac{", "a$b$c", "&amp;"])
def test_names_are_text_and_nothing_else(name: str) -> None:
    text = inline_svg(coverage_figures.reliability(coverage_table((name, "Fe"))), name)
    root = ElementTree.fromstring(text.replace("xlink:href", "href"))
    assert root.get("aria-label") == name
    words = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]
    assert name in words
    assert not any(element.tag.endswith("script") for element in root.iter())
    assert not any(key.startswith("on") for element in root.iter() for key in element.attrib)


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(mpl.rcParams)
    to_svg(coverage_figures.reliability(coverage_table()))
    assert dict(mpl.rcParams) == before


def test_inline_svgs_of_one_page_share_no_identifier() -> None:
    pictures = [inline_svg(coverage_figures.reliability(coverage_table()), f"picture {i}") for i in range(2)]
    clips = [set(re.findall(r'<clipPath id="([^"]+)"', text)) for text in pictures]
    assert clips[0]
    assert not clips[0] & clips[1]


def test_token_colours_differ_and_do_not_change_with_their_number() -> None:
    many = token_colours(40)
    assert len(set(many)) == 40
    assert token_colours(5) == many[:5]
