"""Text from files and users: cleaned or refused where it enters, harmless where it leaves, and read back as it was."""

from __future__ import annotations

import csv
import json
import logging
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core.data_frames import read_table
from noisebound.core.errors import InputError
from noisebound.core.length_units import unit_name
from noisebound.core.tables import cell_of, text_of, write_table
from noisebound.core.texts import NAME, UNIT, hidden_in, is_hidden, one_line, visible
from noisebound.figures.style import inline_svg, new_figure, style, to_svg
from noisebound.files.labels import imagej_unit
from noisebound.files.ome_tiff import write_ome_tiff
from noisebound.jobs.log import VisibleFormatter
from noisebound.report import template
from noisebound.scans.metadata import from_imagej, from_ome, names
from noisebound.scans.readers import read_header
from noisebound.scans.sheet import read_sheet
from noisebound.scans.sheet_row import SheetRow
from noisebound.settings.texts import check_texts
from tests.unit.scans.sheets import write_sheet

# C0, C1, DEL, directions, zero width, separators, a surrogate, a code point that means nothing.
HIDDEN = "\x00\x07\x1b\x7f\x85\x9b\u00ad\u200b\u200d\u202a\u202e\u2066\u2069\u2028\u2029\ufeff\ud800\ufffe"
FORMULAS = ("=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "＝1", "Mg;=1+1")
MARKUP = (
    "</script><!--",
    "<img src=x onerror=alert(1)>",
    "\"' onload=x",
    "&lt;",
    "]]>",
    "<!--",
    "{{ 7 * 7 }}",
    "--><b>",
)

pieces = st.sampled_from(
    [*HIDDEN, *FORMULAS, *MARKUP, "Mg", " ", "é", "漢", "µ", "-3.5", "NA", "7", "\n", '"', ",", ";"]
)
hostile = st.lists(pieces | st.text(max_size=3), min_size=1, max_size=6).map("".join)


@given(hostile)
def test_one_line_is_plain_and_cleaning_it_again_changes_nothing(text: str) -> None:
    line = one_line(text)
    assert hidden_in(line) == [] and line == line.strip() and "  " not in line and "\n" not in line
    assert one_line(line) == line and len(one_line(text, 10)) <= 10
    assert hidden_in(visible(text).replace("\n", "")) == []


@pytest.mark.parametrize("character", HIDDEN)
def test_every_kind_of_hidden_character_is_one(character: str) -> None:
    assert is_hidden(character) and hidden_in(f"a{character}b") == [f"U+{ord(character):04X}"]
    assert one_line(f"a{character}") == "a"


def test_text_of_every_language_stays() -> None:
    for text in ("Fe Kα₁", "naïve", "日本語", "Å", "µm", "الحديد", "n\u0303", "10⁻³"):
        assert one_line(text) == visible(text) == text


# ---- tables


@settings(deadline=None)
@given(st.lists(hostile, min_size=1, max_size=4), st.floats(), st.integers(-9, 9))
def test_a_table_holds_no_formula_and_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], number: float, whole: int
) -> None:
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    header = ["name", f"{texts[0]}_mean", "whole"]
    write_table(path, header, [(text, number, whole) for text in texts])
    raw = path.read_bytes().decode("utf-8")
    assert hidden_in(raw.replace("\n", "")) == []
    rows = list(csv.reader(raw.splitlines()))
    for cell in [cell for row in rows for cell in row]:
        for part in cell.split(";"):  # as spreadsheets of some countries part them
            assert not re.match(r"[=+\-@＝＋－＠]", part) or re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?|-inf", part, re.I)
    table = read_table(path)
    assert list(table["name"]) == [one_line(text) for text in texts]
    assert list(table.columns) == [one_line(column) for column in header]
    assert list(table["whole"]) == [whole] * len(texts)
    assert table.iloc[0, 1] == pytest.approx(number, rel=1e-8, nan_ok=True)


@given(hostile)
def test_the_apostrophe_comes_off_again(text: str) -> None:
    assert text_of(cell_of(text)) == one_line(text)


def test_numbers_stay_as_they_are(tmp_path: Path) -> None:
    write_table(
        tmp_path / "t.csv", ["a", "b", "c", "d"], [(-3.5, -2, np.float32(-0.25), "-3.5"), (None, 1, np.nan, "")]
    )
    assert (tmp_path / "t.csv").read_text() == "a,b,c,d\n-3.5,-2,-0.25,-3.5\n,1,,\n"


def test_tables_are_those_that_pandas_would_write(tmp_path: Path) -> None:
    table = pd.DataFrame({"channel": ["Mg", "a,b"], "x": [1 / 3, np.nan], "n": [1, 2], "yes": [True, False]})
    write_table(tmp_path / "ours.csv", table.columns, table.itertuples(index=False))
    assert (tmp_path / "ours.csv").read_text() == table.to_csv(index=False, float_format="%.9g")


def test_names_that_look_like_something_else_stay_names(tmp_path: Path) -> None:
    channels = ["NA", "7", "007", "1e3", "None", "-3.5", "true"]
    write_table(tmp_path / "t.csv", ["channel", "x"], [(channel, 0.5) for channel in channels])
    assert list(read_table(tmp_path / "t.csv")["channel"]) == channels


def test_there_is_one_writer_of_tables() -> None:
    library = Path(template.__file__).parent
    for path in library.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name == "tables.py" or not re.search(r"to_csv\(|csv\.(?:Dict)?[wW]riter", text), path.name


# ---- where text leaves for people


class Texts(HTMLParser):
    """Names of the elements of a page, the values of their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


TEMPLATE = (
    '<p title="{{ text }}">{{ text }}</p>{% macro of(words) %}<i>{{ words }}</i>{% endmacro %}{{ of(text) }}'
    '<script type="application/json">{{ {text: [text]} | tojson }}</script><b>{{ " " ~ text }}</b>'
)


@settings(deadline=None)
@given(hostile)
def test_a_page_shows_text_and_nothing_of_it_becomes_markup(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    for name, content in {"t.html": TEMPLATE, "page.css": ""}.items():
        (folder / name).write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "TEMPLATES", folder)
        template.render("t.html", folder / "out.html", {"text": text}, filters={})
    raw = (folder / "out.html").read_bytes().decode("utf-8")
    assert hidden_in(raw.replace("\n", "")) == []
    page = Texts(raw)
    assert page.tags == ["p", "i", "script", "b"]
    shown = visible(text)
    stored = re.search(r"<script[^>]*>(.*?)</script>", raw, flags=re.DOTALL)
    assert stored is not None and json.loads(stored[1]) == {shown: [shown]}
    assert page.values[0] == shown and "<!--" not in stored[1]
    assert "".join(page.words) == shown + shown + stored[1] + " " + shown


@pytest.mark.filterwarnings("ignore:Glyph")
@settings(deadline=None, max_examples=8)
@given(hostile)
def test_a_figure_is_well_formed_and_holds_the_text(text: str) -> None:
    with style():
        figure, grid = new_figure(2, 1)
        grid[0][0].set_ylabel(text)
        root = ElementTree.fromstring(to_svg(figure))
        found = ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")]
        page = inline_svg(figure, text)
    lines = [line for line in visible(text).split("\n") if line.strip()]
    assert all(any(line.split() == one.split() for one in found) for line in lines)
    svg = ElementTree.fromstring(page.replace("xlink:href", "href"))
    assert svg.get("aria-label") == " ".join(visible(text).split("\n")) if "\n" not in text else True
    assert hidden_in(page.replace("\n", "")) == []


def test_a_name_that_is_a_colour_keeps_its_name() -> None:
    with style():
        figure, grid = new_figure(2, 1)
        grid[0][0].set_ylabel("#23272e")
        assert ">#23272e</text>" in inline_svg(figure, "a")


@settings(deadline=None, max_examples=20)
@given(st.lists(hostile, min_size=2, max_size=2), hostile)
def test_image_files_carry_names_and_units_that_readers_understand(
    tmp_path_factory: pytest.TempPathFactory, channels: list[str], unit: str
) -> None:
    path = tmp_path_factory.mktemp("tiff") / "a.ome.tif"
    planes = np.zeros((2, 4, 4), np.float32)
    write_ome_tiff(path, planes, shape=planes.shape, channels=channels, pixel_size=(1, 1), pixel_unit=unit, digest="x")
    with tifffile.TiffFile(path) as stored:
        root = ElementTree.fromstring(stored.ome_metadata or "")
        assert [node.get("Name", "") for node in root.iter() if node.tag.endswith("}Channel")] == [
            one_line(channel) for channel in channels
        ]
    plain = imagej_unit(unit)
    assert plain.isascii() and plain.isprintable()


@pytest.mark.parametrize("unit", ["Å", "µm", "nm", "光年"])
def test_units_beyond_ascii_survive_the_way_through_imagej(tmp_path: Path, unit: str) -> None:
    """A unit of ångström ended the step that writes the token map, after all training."""
    metadata = {"axes": "YX", "unit": imagej_unit(unit)}
    tifffile.imwrite(tmp_path / "a.tif", np.eye(4, dtype=np.uint8), imagej=True, resolution=(2, 2), metadata=metadata)
    assert read_header(tmp_path / "a.tif").pixel_unit == unit


def test_messages_and_logs_hold_no_control_characters() -> None:
    error = InputError("no dataset\x1b[2J in\u202e it", file="a\x07.h5", value="v" * 10_000, remedy="write \x9b it")
    assert hidden_in(str(error)) == [] and len(str(error)) < 1000
    assert "file" not in error.without_file() and hidden_in(error.without_file()) == []
    line = logging.LogRecord("n", logging.INFO, "p", 1, "\x1b]0;title\x07 two\nlines", None, None)
    assert VisibleFormatter("%(message)s").format(line) == "]0;title two\nlines"


# ---- where text enters


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


def test_an_hdf5_file_with_hostile_text_is_read_and_its_text_cleaned(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        data = stored.create_dataset("d", data=np.arange(32.0).reshape(2, 4, 4))
        data.attrs.update({"axes": "CYX", "channels": ["=Mg\u202e", "F\x1be"], "pixel_size": [1.0, 1.0]})
        data.attrs["pixel_unit"] = b"n\x7fm\xff"
    header = read_header(f"{tmp_path / 'a.h5'}:/d")
    assert header.channels == ("=Mg", "Fe") and header.pixel_unit is not None and hidden_in(header.pixel_unit) == []


CONFIG = yaml.safe_load("""
run: r
data: {channels: [Mg], intensity_unit: counts}
decisions: {exceed: [{name: rich, channel: Mg, above: 1}]}
report: {title: ""}
""")
PLACES: dict[str, list[Any]] = {
    "data.channels.0": ["data", "channels", 0],
    "data.intensity_unit": ["data", "intensity_unit"],
    "decisions.exceed.0.name": ["decisions", "exceed", 0, "name"],
    "report.title": ["report", "title"],
}


def changed(place: list[Any], value: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(json.dumps(CONFIG))
    inner: Any = config
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return config


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("M\x1bg", "U+001B"),
        ("M\u202eg", "U+202E"),
        ("M\u200bg", "U+200B"),
        ("a\nb", "U+000A"),
        (" Mg", "spaces"),
        ("M  g", "spaces"),
        ("M" * 5000, "too many"),
    ],
)
def test_a_configuration_with_such_text_is_refused(key: str, value: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        check_texts(changed(PLACES[key], value), "c.yaml")
    assert caught.value.key == key and caught.value.file == "c.yaml" and len(str(caught.value)) < 1200


def test_hidden_characters_are_refused_everywhere_and_plain_text_is_not() -> None:
    check_texts(CONFIG, "c.yaml")
    for key, place in PLACES.items():
        check_texts(changed(place, "=Fe <Kα> & 'x' -3.5"), "c.yaml")
        assert key
    with pytest.raises(InputError, match=r"U\+0007"):
        check_texts({**CONFIG, "results": "a\x07"}, "c.yaml")
    with pytest.raises(InputError, match=r"U\+200B"):
        check_texts({**CONFIG, "cluster": {"account\u200b": None}}, "c.yaml")


@pytest.mark.parametrize("column", ["noisy", "reference", "group", "channels", "pixel_unit"])
def test_a_sheet_with_hidden_characters_or_endless_names_is_refused(tmp_path: Path, column: str) -> None:
    row = {"scan": "a", "role": "train", "noisy": "a.tif", "reference": "b.tif", "group": "g"}
    row |= {"channels": "Mg", "pixel_size": "1", "pixel_unit": "nm"}
    sheet = tmp_path / "s.tsv"
    bad = ["\u202e", "\x1b", "\u200b"] + (["x" * 500] if column in ("group", "channels", "pixel_unit") else [])
    for text in bad:
        cells = {**row, column: row[column] + text}
        sheet.write_text("\t".join(cells) + "\n" + "\t".join(cells.values()) + "\n", encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_sheet(sheet)
        assert caught.value.key == column and hidden_in(str(caught.value)) == []


def test_names_that_begin_like_a_formula_are_names(tmp_path: Path) -> None:
    row = SheetRow("a", "train", ("=a.tif",), ("-b.tif",), group="+g", channels=("-CH3", "@x"))
    write_sheet(tmp_path / "s.tsv", [row])
    assert read_sheet(tmp_path / "s.tsv") == [row]


@pytest.mark.parametrize("blank", ["\u3164", "\ufe0f", "\u2800", "\u034f", "\u115f", "\u17b4"])
def test_letters_that_are_drawn_as_nothing_are_hidden(blank: str) -> None:
    assert hidden_in(f"Fe{blank}") == [f"U+{ord(blank):04X}"]
    assert one_line(f"Fe{blank}") == "Fe"
