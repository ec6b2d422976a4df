"""Configuration files that YAML readers take with a loss, or choke on, are refused with file, line and key."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from snakemake.utils import update_config

from noisebound.core.errors import InputError
from noisebound.settings.yaml_files import MOST_LEVELS, MOST_VALUES, check_yaml, merged, read_yaml

PROJECT = Path(__file__).parents[3]


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "run.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(folder: Path, content: str | bytes) -> str:
    path = written(folder, content)
    with pytest.raises(InputError) as raised:
        read_yaml(path)
    assert raised.value.file == path and "Remedy: " in str(raised.value)
    assert len(str(raised.value)) < 800
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run: a\nscans: s\nrun: b\n", ["'run'", "line 3", "line 1"]),
        ("run: a\n'run': b\n", ["'run'", "line 2"]),
        ("training:\n  steps: 1\n  batch: 2\n  steps: 3\n", ["'training.steps'", "line 4", "line 2"]),
        ("training: {steps: 1, steps: 3}\n", ["'training.steps'", "line 1"]),
        ("training: {steps: 1}\ndata: {}\ntraining:\n  batch: 3\n", ["'training'", "line 3"]),
        ("decisions:\n  exceed:\n  - {name: a}\n  - {name: b, above: 1, name: c}\n", ["'decisions.exceed.1.name'"]),
        (
            "search:\n  keys:\n    architecture.depth: [1]\n    architecture.depth: [2]\n",
            ["search.keys.architecture.depth"],
        ),
        ('{"run": "a", "training": {"steps": 1, "steps": 2}}', ["'steps'"]),
        ('{"run": "a",\n\t"training": {"steps": 1, "steps": 2}}', ["'steps'"]),
    ],
)
def test_a_key_that_is_given_twice(tmp_path: Path, text: str, words: list[str]) -> None:
    message = refusal(tmp_path, text)
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no keys"),
        ("# nothing yet\n", "no keys"),
        ("null\n", "no keys"),
        ("- run: a\n", "no keys"),
        ("[]", "no keys"),
        ("just text\n", "no keys"),
        ('"text"', "no keys"),
        ("run: a\n\tscans: b\n", "line 2"),
        ("run: [a\nscans: b\n", "line 2"),
        ("run: a\nscans: b: c\n", "line 2"),
        ("run: 'a\n", "not valid YAML"),
        ("run: a\n---\nrun: b\n", "second document"),
        ("run: a\0b\n", "not valid YAML"),
        (b"run: a\nreport: {title: \xfcber}\n", "line 2 is not text in UTF-8"),
        ("run: a\n".encode("utf-16"), "UTF-8"),
        (bytes(range(256)) * 20, "UTF-8"),
        ("on: a\n", "reads this one as bool"),
        ("run: a\n3: b\n", "'3'"),
        ("1.5: b\n", "float"),
        ("~: b\n", "null"),
        ("? [a, b]\n: 1\n", "a key must be text"),
        ("? {a: b}\n: 1\n", "a key must be text"),
        ("a: &x 1\n*x : 2\n", "a key must be text"),
        ("run: 2024-11-28\n", "'run': line 1: YAML reads this as a date"),
        ("run: 2024-99-99\n", "'run': line 1: YAML reads this as a date"),
        ("run: !!python/name:os.system\n", "!!python/name"),
        ("run: !!python/object/apply:os.getcwd []\n", "!!python/object"),
        ("run: !!binary aGVsbG8=\n", "!!binary"),
        ("data: !!set {a, b}\n", "!!set"),
        ("run: !mine a\n", "!mine"),
        ("run: *absent\n", "line 1"),
        ("run: " + "9" * 5000 + "\n", "cannot be read"),
        ("run: !!int abc\n", "cannot be read"),
        ("a: &a {b: *a}\n", "*a refers to itself"),
        ("a: &a [*a]\n", "*a refers to itself"),
        ("a: " + "[" * 100_000, "deeper than"),
        ("a: " + "{b: " * 50_000, "deeper than"),
        ('{"a": ' + "[" * 100_000, "deeper than"),
        ('{"a": ' + "[" * 90_000 + "]" * 90_000 + "}", "deeper than"),
        ("".join(f"{'  ' * level}a:\n" for level in range(200)), "deeper than"),
        ("a: '" + "x" * (1 << 20) + "'\n", "larger than"),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, content: str | bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_a_file_that_is_not_there_or_none(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "gone.yaml", "does not exist"),
        (tmp_path, "a directory"),
        (tmp_path / ("x" * 300), "cannot be opened"),
        (Path(f"{tmp_path}/a\0b"), "cannot be opened"),
        (written(tmp_path, "a: 1") / "below.yaml", "cannot be opened"),
    ):
        with pytest.raises(InputError, match=words):
            check_yaml(path)


def nested(kind: str, levels: int, width: int = 9) -> str:
    """Anchors in anchors: ``width`` to the power of ``levels`` values in a few hundred bytes."""
    lines = ["a0: &a0 [1]"]
    for level in range(1, levels):
        below = f"*a{level - 1}"
        parts = {
            "lists": f"[{', '.join([below] * width)}]",
            "mappings": f"{{{', '.join(f'k{number}: {below}' for number in range(width))}}}",
        }
        lines.append(f"a{level}: &a{level} {parts[kind]}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("kind", ["lists", "mappings"])
def test_nested_anchors_cost_neither_time_nor_memory(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, nested(kind, 25))
    tracemalloc.start()
    begin = time.perf_counter()
    with pytest.raises(InputError, match=f"more than {MOST_VALUES} values"):
        read_yaml(path)
    assert time.perf_counter() - begin < 1
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_merged_anchors_cost_neither(tmp_path: Path) -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 25)]
    begin = time.perf_counter()
    refusal(tmp_path, "\n".join(lines))
    assert time.perf_counter() - begin < 1


def test_a_chain_of_anchors_is_as_deep_as_what_it_names(tmp_path: Path) -> None:
    chain = nested("lists", MOST_LEVELS + 5, width=1)
    assert "deeper than" in refusal(tmp_path, chain)


def test_anchors_as_such_are_fine(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "base: &base {size: 16, count: 2}\nremeasure: *base\nmore:\n  <<: *base\n  size: 8\nname: &n x\nagain: *n\n",
    )
    assert read_yaml(path) == {
        "base": {"size": 16, "count": 2},
        "remeasure": {"size": 16, "count": 2},
        "more": {"size": 8, "count": 2},
        "name": "x",
        "again": "x",
    }


@pytest.mark.parametrize("file", sorted((PROJECT / "config").glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_configurations_are_read_as_they_stand(file: Path) -> None:
    assert read_yaml(file) == yaml.safe_load(file.read_text(encoding="utf-8"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(
    content=st.dictionaries(st.text(max_size=6), VALUES, max_size=4), style=st.sampled_from(["yaml", "flow", "json"])
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any], style: str) -> None:
    text = (
        json.dumps(content)
        if style == "json"
        else yaml.safe_dump(content, default_flow_style=style == "flow", width=40)
    )
    assert read_yaml(written(tmp_path_factory.mktemp("yaml"), text)) == content


def test_files_are_laid_over_each_other_as_snakemake_does() -> None:
    below = {"run": "a", "data": {"kind": "counts", "channels": ["Mg", "Fe"]}, "training": {"steps": 3}}
    above = {"run": "b", "data": {"channels": ["Si"]}, "training": None}
    assert merged([below, above]) == {
        "run": "b",
        "data": {"kind": "counts", "channels": ["Si"]},
        "training": None,
    }
    assert below["data"] == {"kind": "counts", "channels": ["Mg", "Fe"]}
    theirs: dict[str, Any] = {}
    for content in (below, above):
        update_config(theirs, content)
    assert merged([below, above]) == theirs
