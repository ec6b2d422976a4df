"""Rows of the scan sheet: what their cells may say, and what comes back from them."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.core.texts import hidden_in
from noisebound.scans.sheet import read_sheet
from noisebound.scans.sheet_row import SheetRow
from tests.unit.scans.sheets import HEADER, sheet, write_sheet


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


def test_rows_as_they_are_written(tmp_path: Path) -> None:
    header = HEADER + "\taxes\treference_axes\tchannels\tpixel_size\tpixel_unit\ttruth"
    path = sheet(
        tmp_path,
        "# first beamtime",
        "a\ttrain\tn 1.tif; n2.tif\tr.h5:/entry/data\tgrain 1\trcyx\tCYX\tMg;Si\t0.5;0.25\tµm\tt.h5:/s",
        "",
        "b\ttest\tb.h5:/x\tleave-one-out\t",
        "c\tapply\tc.tif",
        header=header,
    )
    first, second, third = read_sheet(path)
    assert first == SheetRow(
        scan="a",
        role="train",
        noisy=("n 1.tif", "n2.tif"),
        reference=("r.h5:/entry/data",),
        group="grain 1",
        axes="RCYX",
        reference_axes="CYX",
        channels=("Mg", "Si"),
        pixel_size=(0.5, 0.25),
        pixel_unit="µm",
        truth="t.h5:/s",
    )
    assert first.files == ("n 1.tif", "n2.tif", "r.h5", "t.h5")
    assert second.reference == "leave-one-out" and second.reference_sources == () and second.files == ("b.h5",)
    assert third == SheetRow("c", "apply", ("c.tif",))


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        (HEADER, "../x\ttrain\tn\tr\t", "letters, digits"),
        (HEADER, "a b\ttrain\tn\tr\t", "a b"),
        (HEADER, "$(x)\ttrain\tn\tr\t", "letters, digits"),
        (HEADER, "<script>\ttrain\tn\tr\t", "letters, digits"),
        (HEADER, "\ttrain\tn\tr\t", "letters, digits"),
        (HEADER, f"{'a' * 240}\ttrain\tn\tr\t", "240 characters"),
        (HEADER, "calibrated\ttrain\tn\tr\t", "drift/calibrated.npz"),
        (HEADER, "Stability\ttrain\tn\tr\t", "tokens/stability.csv"),
        (HEADER, "a\ttrain\tn\0.tif\tr\t", "hidden characters"),
        (HEADER, "a\ttrain\tn\tr\x1b[0m.tif\t", "hidden characters"),
        (HEADER, f"a\ttrain\tn\tr\t{'g' * 2000}", "at most 100 characters"),
        (HEADER, "a\tTrain\tn\tr\t", "train, select, calibrate, test, apply, split"),
        (HEADER, "a\ttrain\t\tr\t", "'noisy'"),
        (HEADER, "a\ttrain\tn;;m\tr\t", "'noisy'"),
        (HEADER, "a\ttrain\tn\tr;\t", "'reference'"),
        (HEADER, "a\ttrain\tn\t\t", "no reference"),
        (HEADER, "a\tsplit\tn\t\t", "no reference"),
        (HEADER, "a\ttrain\tn\tleave-one-out;r\t", "alone"),
        (HEADER, "a\ttrain\tleave-one-out\tr\t", "alone"),
        (HEADER, "a\ttrain\tn\tr\t<b>", "'group'"),
        (HEADER, "a\ttrain\tn\tr\tg\textra", "6 cells under 5 columns"),
        (HEADER + "\taxes", "a\ttrain\tn\tr\tg\tRCQX", "RCQX"),
        (HEADER + "\taxes", "a\ttrain\tn\tr\tg\tRTYX", "RTYX"),
        (HEADER + "\tpixel_size\tpixel_unit", "a\ttrain\tn\tr\tg\t0.5\t", "`pixel_unit`"),
        (HEADER + "\tpixel_size\tpixel_unit", "a\ttrain\tn\tr\tg\t\tnm", "`pixel_size`"),
        (HEADER + "\tpixel_size\tpixel_unit", "a\ttrain\tn\tr\tg\t-1\tnm", "positive"),
        *(
            (HEADER + "\tpixel_size\tpixel_unit", f"a\ttrain\tn\tr\tg\t{size}\tnm", "positive")
            for size in ("nan", "inf", "1e400", "1e-400", "0", "1;nan")
        ),
        (HEADER + "\tpixel_size\tpixel_unit", "a\ttrain\tn\tr\tg\t1,5\tnm", "'1,5'"),
    ],
)
def test_rows_that_are_refused_name_line_and_remedy(tmp_path: Path, header: str, line: str, words: str) -> None:
    path = sheet(tmp_path, "ok\ttrain\to.tif\tp.tif\t", line, header=header)
    with pytest.raises(InputError) as raised:
        read_sheet(path)
    message = str(raised.value)
    assert words in message and "scans.tsv, line 3" in message and "Remedy: " in message


PLAIN = st.text(string.ascii_letters + string.digits + "_.µ -", min_size=1).map(str.strip).filter(bool)


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,12}", fullmatch=True)


ROWS = st.builds(
    SheetRow,
    scan=NAMES,
    role=st.just("apply"),
    noisy=st.lists(PLAIN, min_size=1, max_size=3).map(tuple),
    reference=st.none() | st.just("leave-one-out") | st.lists(PLAIN, min_size=1, max_size=3).map(tuple),
    group=st.just("") | PLAIN,
    axes=st.sampled_from([None, "RCYX", "ZYX"]),
    reference_axes=st.sampled_from([None, "CYX"]),
    channels=st.none() | st.lists(PLAIN, min_size=1, max_size=3).map(tuple),
)


SIZES = st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=3).map(tuple)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROWS, max_size=5, unique_by=lambda row: row.scan.lower()), size=st.none() | SIZES)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[SheetRow], size: tuple[float, ...] | None
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "scans.tsv"
    if size and rows:
        rows = [SheetRow(**{**vars(rows[0]), "pixel_size": size, "pixel_unit": "nm"}), *rows[1:]]
    write_sheet(path, rows)
    assert read_sheet(path) == rows


@pytest.mark.parametrize("path", ["a;b.tif", "a\tb.tif", "a\nb.tif", " a.tif"])
def test_paths_that_a_cell_cannot_hold(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_sheet(tmp_path / "scans.tsv", [SheetRow("a", "apply", (path,))])
    assert not (tmp_path / "scans.tsv").exists()


@pytest.mark.parametrize("spelling", ["./data/a.h5:/x", "data//a.h5:/x", "data/./a.h5:/x"])
def test_spellings_of_one_path_are_one(tmp_path: Path, spelling: str) -> None:
    """Another spelling reads no file again."""
    sheets = []
    for number, source in enumerate((spelling, "data/a.h5:/x")):
        sheet = tmp_path / f"{number}.tsv"
        sheet.write_text(f"scan\trole\tnoisy\treference\tgroup\na\ttrain\t{source}\t{source}y\t\n")
        sheets.append(read_sheet(sheet))
    assert sheets[0] == sheets[1]
