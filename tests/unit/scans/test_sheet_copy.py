"""The copy of the scan sheet: jobs read what their run began with, and no damaged or foreign copy is taken for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.scans.sheet import read_sheet
from noisebound.scans.sheet_copy import VARIABLE, sheet_of_run

HEADER = "scan\trole\tnoisy\treference\tgroup\n"
FIELD, LATER = "field\ttrain\tfield.tif\tleave-one-out\t\n", "later\tapply\tlater.tif\t\t\n"
Environment = dict[str, str]


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("scans.tsv")
    path.write_text(HEADER + FIELD, encoding="utf-8")
    return path


def scans(sheet: Path, environment: Environment, *, job: bool = False) -> list[str]:
    return [row.scan for row in sheet_of_run(sheet, started_by_user=not job, environment=environment)]


def start(sheet: Path) -> tuple[Environment, Path]:
    """Begin a run; the environment of its jobs and the copy."""
    environment: Environment = {}
    assert sheet_of_run(sheet, started_by_user=True, environment=environment) == read_sheet(sheet)
    return environment, Path(environment[VARIABLE])


def add_scan(sheet: Path) -> None:
    with open(sheet, "a", encoding="utf-8") as stream:
        stream.write(LATER)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_text(""),
    "cut": lambda path: os.truncate(path, len(HEADER)),
    "longer": lambda path: path.write_text(HEADER + FIELD + LATER),
    "no text": lambda path: path.write_bytes(b"\xff\x00"),
}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def test_jobs_read_what_their_run_began_with(sheet: Path) -> None:
    environment, _ = start(sheet)
    add_scan(sheet)
    assert scans(sheet, environment, job=True) == ["field"]
    assert scans(sheet, {}) == ["field", "later"]


@damages
def test_the_next_run_mends_a_damaged_copy(sheet: Path, damage: Callable[[Path], object]) -> None:
    _, copy = start(sheet)
    whole = copy.read_text()
    damage(copy)
    environment, again = start(sheet)
    assert again == copy and copy.read_text() == whole
    add_scan(sheet)
    assert scans(sheet, environment, job=True) == ["field"]


@damages
def test_a_job_mends_a_damaged_copy_from_the_same_sheet_and_else_says_so(
    sheet: Path, damage: Callable[[Path], object]
) -> None:
    environment, copy = start(sheet)
    damage(copy)
    assert scans(sheet, environment, job=True) == ["field"]
    damage(copy)
    add_scan(sheet)
    with pytest.raises(InputError) as raised:
        scans(sheet, environment, job=True)
    for words in (str(copy), VARIABLE, "start the same command again"):
        assert words in str(raised.value)


def test_what_another_run_left_in_the_environment_is_never_read(sheet: Path, tmp_path: Path) -> None:
    other = Path("other.tsv")
    other.write_text(HEADER + LATER, encoding="utf-8")
    environment, _ = start(other)
    with pytest.raises(InputError, match="one of another sheet"):
        scans(sheet, environment, job=True)
    for left in (environment[VARIABLE], "/nowhere/copy.tsv", "scans.tsv", ""):
        environment = {VARIABLE: left}
        assert scans(sheet, environment) == ["field"], "a user's own process begins anew"
        assert scans(sheet, environment, job=True) == ["field"]
    with pytest.raises(InputError, match="does not exist"):
        scans(sheet, {VARIABLE: "/nowhere/copy.tsv"}, job=True)


def test_a_copy_that_cannot_be_written_is_named(sheet: Path) -> None:
    _, copy = start(sheet)
    a_folder(copy)
    with pytest.raises(InputError) as raised:
        start(sheet)
    assert str(copy) in str(raised.value) and "no copy of the scan sheet can be written" in str(raised.value)


def test_errors_of_the_sheet_name_the_sheet(sheet: Path) -> None:
    sheet.write_text(HEADER + "field\tpilot\ta.tif\t\t\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^file 'scans.tsv, line 2'"):
        start(sheet)


def test_a_byte_order_mark_and_foreign_line_ends_change_no_row(sheet: Path) -> None:
    sheet.write_bytes(b"\xef\xbb\xbf" + (HEADER + FIELD).replace("\n", "\r\n").encode())
    environment, copy = start(sheet)
    before = copy.stat().st_mtime_ns
    assert scans(sheet, environment, job=True) == scans(sheet, environment) == ["field"]
    assert copy.stat().st_mtime_ns == before
