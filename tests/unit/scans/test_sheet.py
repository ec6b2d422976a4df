"""The scan sheet: what it refuses, what it keeps, and that registrations at the same time lose no row."""

from __future__ import annotations

import multiprocessing
import string
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError, LeakageError
from noisebound.scans.register import register_scan
from noisebound.scans.sheet import missing_files, read_sheet
from noisebound.scans.sheet_row import SheetRow
from tests.unit.scans.sheets import HEADER, image, sheet, write_sheet


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


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("scan\trole\tnoisy\tgroup", "reference"),
        (HEADER + "\tcolour", "'colour'"),
        (HEADER + "\tscan", "twice"),
        (HEADER.replace("\t", ","), "tabs"),
        ("# nothing", "no header"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_sheet(sheet(tmp_path, header=header))


def test_a_sheet_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="register"):
        read_sheet(tmp_path / "absent.tsv")
    (tmp_path / "a.tsv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="UTF-8"):
        read_sheet(tmp_path / "a.tsv")


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "scans.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + "\r\na\tapply\tn.tif\t\tg\r\n").encode())
    assert read_sheet(path) == [SheetRow("a", "apply", ("n.tif",), None, "g")]


def test_names_are_unique_even_where_file_systems_ignore_case(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two scans"):
        read_sheet(sheet(tmp_path, "a\tapply\tn\t\t", "A\tapply\tm\t\t"))


SHARED = {
    "noisy": ("n.tif\tr1.tif\t", "n.tif\tr2.tif\t"),
    "respelled": ("n.tif\tr1.tif\t", "x/../n.tif\tr2.tif\t"),
    "reference": ("n1.tif\tr.tif\t", "n2.tif\tr.tif\t"),
    "crossed": ("n1.tif\tr.tif\t", "r.tif\tr2.tif\t"),
    "dataset": ("n.h5:/a\tr1.tif\t", "n.h5:a\tr2.tif\t"),
    "group": ("n1.tif\tr1.tif\tg", "n2.tif\tr2.tif\tg"),
}
ROLES = ["train", "select", "calibrate", "test", "apply", "split"]


@pytest.mark.parametrize("shared", SHARED)
@pytest.mark.parametrize("first", ROLES)
@pytest.mark.parametrize("second", ROLES)
def test_roles_that_must_be_disjoint_share_nothing(tmp_path: Path, first: str, second: str, shared: str) -> None:
    left, right = SHARED[shared]
    path = sheet(tmp_path, f"a\t{first}\t{left}", f"b\t{second}\t{right}")
    leaks = "apply" not in (first, second) and (first != second or first == "split")
    if leaks:
        with pytest.raises(LeakageError, match="Remedy"):
            read_sheet(path)
    else:
        assert len(read_sheet(path)) == 2


def test_what_is_not_shared(tmp_path: Path) -> None:
    path = sheet(tmp_path, "a\ttrain\tn.h5:/a\tr1.tif\t", "b\ttest\tn.h5:/b\tr2.tif\t", "c\tsplit\tc\tleave-one-out\t")
    assert [row.scan for row in read_sheet(path)] == ["a", "b", "c"]


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


def test_missing_files_are_all_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image(tmp_path / "n.tif")
    (tmp_path / "empty.h5").touch()
    rows = [
        SheetRow("a", "train", ("n.tif", "gone.tif"), ("empty.h5:/x",)),
        SheetRow("b", "apply", (".",)),
        SheetRow("c", "apply", ("n.tif",)),
    ]
    problems = missing_files(rows)
    assert len(problems) == 3 and all("Remedy: " in problem for problem in problems)
    for problem, file in zip(problems, ("gone.tif", "empty.h5", "."), strict=True):
        assert f"'{file}'" in problem
    assert "'a'" in problems[0] and "'b'" in problems[2]


def test_files_that_cannot_be_reached_or_need_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    image(tmp_path / "{a} $HOME ~.tif")
    rows = [
        SheetRow("a", "apply", ("~/n.tif",)),
        SheetRow("b", "apply", ("$HOME/n.tif",)),
        SheetRow("c", "apply", ("x" * 256,)),
        SheetRow("d", "apply", ("{a} $HOME ~.tif",)),
    ]
    for problem, words in zip(
        missing_files(rows),
        ("Remedy: write /home/ada/n.tif.", "Remedy: write /home/ada/n.tif.", "too long"),
        strict=True,
    ):
        assert words in problem


def test_a_sheet_that_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / ("x" * 300), Path(f"{tmp_path}/a\0")):
        with pytest.raises(InputError, match="cannot be opened"):
            read_sheet(path)


def test_parsing_a_sheet_loads_only_the_standard_library(tmp_path: Path) -> None:
    path = sheet(tmp_path, "a\tapply\tn.tif\t\t")
    script = (
        "import sys; from noisebound.scans.sheet import read_sheet, missing_files; "
        "missing_files(read_sheet(sys.argv[1])); "
        "top = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names); print(sorted(top))"
    )
    command = [sys.executable, "-S", "-c", script, str(path)]
    library = str(Path(__file__).parents[3] / "workflow" / "lib")
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": library})
    assert done.stdout.strip() == "['__main__', 'noisebound']"


@pytest.mark.parametrize("spelling", ["./data/a.h5:/x", "data//a.h5:/x", "data/./a.h5:/x"])
def test_spellings_of_one_path_are_one(tmp_path: Path, spelling: str) -> None:
    """Another spelling reads no file again."""
    sheets = []
    for number, source in enumerate((spelling, "data/a.h5:/x")):
        sheet = tmp_path / f"{number}.tsv"
        sheet.write_text(f"scan\trole\tnoisy\treference\tgroup\na\ttrain\t{source}\t{source}y\t\n")
        sheets.append(read_sheet(sheet))
    assert sheets[0] == sheets[1]
