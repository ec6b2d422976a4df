"""Names of scans and runs: what their files could not be called, and what lies there already."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.core.names import MOST_CHARACTERS, RESERVED, check_name, check_scan_name, safe_in_path
from noisebound.core.storage import atomic_path, write_text
from noisebound.jobs.output_lock import lock_path
from noisebound.jobs.records import record_path

PROJECT = Path(__file__).parents[3]


def files_of_the_rules() -> set[str]:
    """Every file of a run that a rule names, as a pattern with wildcards."""
    found: set[str] = set()
    for path in [PROJECT / "Snakefile", *sorted((PROJECT / "workflow" / "rules").glob("*.smk"))]:
        found |= set(re.findall(r'result\(f?"([^"]+)"\)', path.read_text(encoding="utf-8")))
    # What ``expand`` fills in elsewhere is the output of a rule, which names it whole.
    return {pattern for pattern in found if "{suffix}" not in pattern}


def beside_scans(files: set[str]) -> dict[str, str]:
    """Names that a scan could have but for a file, or a folder, of the run in a folder of files named by scans."""
    folders = {str(PurePosixPath(file).parent) for file in files if "{scan}" in PurePosixPath(file).name}
    found: dict[str, str] = {}
    for file in files:
        for path in (PurePosixPath(file), *PurePosixPath(file).parents):
            if str(path.parent) in folders and "{scan}" not in path.name:
                parts = path.name.lower().split(".")
                found |= {".".join(parts[:end]): file for end in range(1, max(2, len(parts)))}
    return found


def test_names_that_files_of_the_run_have_are_reserved() -> None:
    files = files_of_the_rules()
    assert {"tokens/stability.csv", "denoised/{scan}.ome.tif", "logs/ingest_scan/{scan}.log"} <= files
    assert beside_scans(files | {"tokens/Fit.Report.csv"}).keys() - RESERVED.keys() == {"fit", "fit.report"}
    assert beside_scans(files) | {"check": "regions/check.json of earlier versions"} == RESERVED


def test_no_two_scans_can_write_the_same_file() -> None:
    """With suffixes of which one ends with the other, scan ``a`` and scan ``a.ome`` could."""
    suffixes: dict[str, set[str]] = {}
    for file in files_of_the_rules():
        path = PurePosixPath(file)
        if "{scan}" in path.name:
            assert path.name.startswith("{scan}."), f"{file}: names of scans begin the names of their files"
            suffixes.setdefault(str(path.parent), set()).add(path.name.removeprefix("{scan}"))
    assert suffixes["denoised"] == {".h5", ".ome.tif"}
    for folder, found in suffixes.items():
        assert not [(a, b) for a in found for b in found if a != b and a.endswith(b)], folder


@pytest.mark.parametrize("name", [*RESERVED, "Check", "STABILITY"])
def test_a_reserved_name_is_refused_with_the_file_it_would_meet(name: str) -> None:
    with pytest.raises(InputError) as raised:
        check_scan_name(name, file="scans.tsv")
    for word in (
        "scans.tsv",
        f"'{name}'",
        RESERVED[name.lower()],
        f"Remedy: give the scan another name, for example {name}-1",
    ):
        assert word in str(raised.value)
    assert check_scan_name(f"{name}-1") == f"{name}-1"


@pytest.mark.parametrize(
    "name", ["member-0", "index", "a.ome", "a.h5", "stability.2", "0", "a." + "b" * (MOST_CHARACTERS - 2)]
)
def test_names_that_are_fine(name: str) -> None:
    assert check_scan_name(name) == check_name(name, key="run") == name


@pytest.mark.parametrize("name", ["", "a\n", "a b", "é", "../a", "a..b", ".a", "-a", "{a}", "~", "$HOME", "a/b", "a\0"])
def test_names_that_files_cannot_have(name: str) -> None:
    with pytest.raises(InputError, match="letters, digits"):
        check_name(name, key="run")


@pytest.mark.parametrize("length", [MOST_CHARACTERS + 1, 240, 256, 300, 100_000])
def test_names_that_are_too_long(length: int) -> None:
    with pytest.raises(InputError, match=f"{length} characters.*at most {MOST_CHARACTERS}") as raised:
        check_scan_name("a" * length)
    assert len(str(raised.value)) < 300


def test_the_longest_name_leaves_room_for_all_that_is_put_around_it(tmp_path: Path) -> None:
    """The longest suffix, a process number of seven digits, and what is written while a job runs."""
    name = "a" * MOST_CHARACTERS
    place = tmp_path / f"{name}.checkpoint.ome.tif"
    with atomic_path(place) as temporary:
        longest = len(temporary.name) + len("4194304") - len(str(os.getpid()))
        temporary.touch()
    assert longest <= 160
    write_text(lock_path(place), "")
    record = record_path(tmp_path, "recommend_regions", {"scan": name}, "0123456789abcdef")
    write_text(record, "")
    assert record.exists()


def test_the_names_that_are_taken_are_documented() -> None:
    text = (PROJECT / "config" / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("| `scan` |"))
    *first, last = (f"`{name}`" for name in RESERVED)
    assert f"Not {', '.join(first)} or {last}," in row and f"At most {MOST_CHARACTERS} letters" in row


@cache
def patterns_of_names() -> dict[str, tuple[str, int]]:
    """Pattern and greatest length of a run's and of a scan's name in the schemas."""
    schemas = PROJECT / "workflow" / "schemas"
    run = yaml.safe_load((schemas / "config.schema.yaml").read_text(encoding="utf-8"))["properties"]["run"]
    sheet = yaml.safe_load((schemas / "scans.schema.yaml").read_text(encoding="utf-8"))
    scan = sheet["properties"]["scans"]["items"]["properties"]["scan"]
    return {"run": (run["pattern"], run["maxLength"]), "scan": (scan["pattern"], scan["maxLength"])}


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("aZ09_.-/ é\n{"), max_size=5), st.sampled_from([1, 50, 100, 101]))
def test_the_schemas_take_the_same_names(name: str, repeats: int) -> None:
    """But for two dots, which a pattern of JSON Schema is not made for."""
    name *= repeats
    try:
        taken = check_name(name) == name
    except InputError:
        taken = ".." in name
    for pattern, most in patterns_of_names().values():
        assert taken or not (re.search(pattern, name) and len(name) <= most)
        assert ".." in name or taken == bool(re.search(pattern, name) and len(name) <= most)


@given(st.text(max_size=30))
def test_whatever_a_text_holds_it_names_a_file_in_its_folder(text: str) -> None:
    name = safe_in_path(text)
    assert (Path("folder") / name).parent == Path("folder") and name not in ("", ".", "..")
    assert name.isascii() and name == safe_in_path(name)
    assert safe_in_path("node-3.cluster") == "node-3.cluster"
