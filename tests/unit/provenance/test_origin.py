"""Provenance: digests against hashlib, the YAML snapshot against a YAML reader."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.provenance.origin import collect_provenance, to_yaml

scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=20)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.text(max_size=8), documents, max_size=5))
def test_yaml_reads_back_as_what_was_written(document: dict[str, object]) -> None:
    assert yaml.safe_load(to_yaml(document)) == document


@pytest.mark.parametrize(
    "word", ["no", "On", "1e3", "1_000", "0x1f", "~", "- a", "a: b", "a #b", " a", "", "2001-01-01", "=", "<<"]
)
def test_words_that_yaml_would_misread_stay_text(word: str) -> None:
    assert yaml.safe_load(to_yaml({"key": word, "keys": [word]})) == {"key": word, "keys": [word]}


def test_digests_are_those_of_the_files_and_neither_time_nor_place_matters(tmp_path: Path) -> None:
    found = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths = [tmp_path / folder / f"member-{m}.pt" for m in range(2)]
        for m, path in enumerate(paths):
            path.write_bytes(b"weights %d" % m)
        found.append(
            collect_provenance(run="r", seed=3, config={"seed": 3}, files={"member": paths, "first": paths[0]})
        )
    assert found[0] == found[1]
    digests = [(entry["label"], entry["file"], entry["sha256"]) for entry in found[0]["digests"]]
    expected = [hashlib.sha256(b"weights %d" % m).hexdigest() for m in (0, 1, 0)]
    assert digests == [
        ("member", "member-0.pt", expected[0]),
        ("member", "member-1.pt", expected[1]),
        ("first", "member-0.pt", expected[2]),
    ]


def test_the_versions_are_those_of_what_computes_the_numbers() -> None:
    versions = collect_provenance(run="r", seed=3, config={}, files={})["versions"]
    for name in ("numba", "numpy", "torch"):
        assert versions[name] == version(name)
    assert {"python", "platform", "noisebound"} <= set(versions)


def test_the_configuration_reads_as_people_write_it() -> None:
    content = {"seed": 1, "data": {"channels": ["Mg", "µ"], "unit": "µm", "axes": {"x": 1}}, "rate": 1e-05}
    assert to_yaml(content).splitlines() == [
        "seed: 1",
        "data:",
        "  channels: [Mg, µ]",
        "  unit: µm",
        "  axes: {x: 1}",
        "rate: 1.0e-05",
    ]


def test_a_line_break_of_unicode_survives() -> None:
    assert yaml.safe_load(to_yaml({"a": "x\x85y", "b": "µ"})) == {"a": "x\x85y", "b": "µ"}


def test_a_page_states_no_account_and_no_folder_elsewhere() -> None:
    config = {"seed": 3, "results": "/home/someone/results", "cluster": {"account": "someone"}}
    assert yaml.safe_load(collect_provenance(run="r", seed=3, config=config, files={})["config"]) == {
        "seed": 3,
        "results": "results",
    }


def test_settings_that_the_files_were_not_made_with_are_refused(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"nominal": [0.9], "primary": 0.9}')
    config = {"calibration": {"nominal": [0.8], "primary": 0.8}}
    with pytest.raises(InputError, match=r"calibration\.json"):
        collect_provenance(run="r", seed=3, config=config, files={"calibration": tmp_path / "calibration.json"})
