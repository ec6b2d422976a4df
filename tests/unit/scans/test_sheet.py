"""The scan sheet as a whole: headers, names, shared files, files that are missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from noisebound.core.errors import InputError, LeakageError
from noisebound.scans.sheet import missing_files, read_sheet
from noisebound.scans.sheet_row import SheetRow
from tests.unit.scans.sheets import HEADER, image, sheet


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
