"""Architectures of absurd size or content: refused in words within a second, wherever one is read."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisebound.architecture.base import Blueprint, digest_architecture
from noisebound.architecture.families import read_architecture
from noisebound.architecture.limits import RANGES
from noisebound.architecture.random_graph import Architecture, Edge
from noisebound.architecture.unet import UNetArchitecture
from noisebound.core.errors import InputError
from noisebound.networks.member_file import load_member
from noisebound.report.index_page import drawn_architectures
from tests.unit.learning_files import draw_small
from tests.unit.unets import plan

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"


# What follows from the rest, so that whoever writes a file by hand can make it fit.
DERIVED = ("nodes", "radius", "parameters", "alignment", "digest")


Content = dict[str, Any]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Of the processor, so that a busy machine fails no test."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def read(path: Path, content: Any) -> Blueprint:
    """Read a file of this content, text or JSON; it must take no more than two seconds."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    with within(2):
        return read_architecture(path)


def refused(path: Path, content: Any) -> str:
    with pytest.raises(InputError) as raised:
        read(path, content)
    message = str(raised.value)
    assert str(path) in message and "Remedy: " in message and len(message) < 600
    return message


def consistent(content: Content) -> Content:
    """With the digest and all that follows from the rest, as far as that can be computed."""
    facts = {key: value for key, value in content.items() if key not in DERIVED}
    digest = digest_architecture(facts)
    content = {**content, "digest": digest}
    numbers = [content.get(key) for key in ("depth", "in_channels", "dimensions")] + [content.get("cell", 1)]
    if not all(isinstance(number, int) and 0 < number < 1000 for number in numbers):
        return content
    depth, channels, dimensions, cell = numbers
    try:
        widths = dict.fromkeys(range(depth + 2), 0) | {0: channels * cell**dimensions}
        for edge in content["edges"]:
            widths[edge["target"]] += edge["channels"]
    except (KeyError, TypeError):
        return content
    kinds = {0: "input", depth + 1: "output"}
    nodes = [{"id": node, "kind": kinds.get(node, "hidden"), "channels": wide} for node, wide in widths.items()]
    with suppress(Exception):  # whatever the library makes of it
        content |= {"parameters": Architecture(**{**facts, "edges": _edges(content)}).parameter_count()}
        content |= {"radius": [Architecture(**{**facts, "edges": _edges(content)}).radius()] * dimensions}
    return {**content, "nodes": nodes}


def _edges(content: Content) -> tuple[Edge, ...]:
    return tuple(Edge(**edge) for edge in content["edges"])


def graph(**changes: Any) -> Content:
    content = draw_small(depth=3, seed=1).to_json()
    return consistent({**content, **changes})


def with_edge(**changes: Any) -> Content:
    edges = graph()["edges"]
    return graph(edges=[{**edges[0], **changes}, *edges[1:]])


EDGE = json.dumps({"source": 0, "target": 1, "dilation": 1, "channels": 1})


def deep(levels: int) -> str:
    return json.dumps(graph()).replace('"edges": [', '"edges": [' + "[" * levels + "]" * levels + ",", 1)


def line(depth: int) -> Content:
    """A graph that is one path."""
    edge = {"dilation": 1, "channels": 1}
    return {**graph(), "depth": depth, "edges": [{"source": n, "target": n + 1, **edge} for n in range(depth + 1)]}


ABSURD: dict[str, Callable[[], Any]] = {
    "depth": lambda: {**graph(), "depth": 10**9},
    "a long path": lambda: line(20000),
    "many edges": lambda: graph(edges=graph()["edges"] * 6000),
    "millions of edges": lambda: json.dumps(graph()).replace('"edges": [', '"edges": [' + 500_000 * f"{EDGE}, ", 1),
    "a large file": lambda: json.dumps(graph()) + " " * (1 << 24),
    "channels": lambda: with_edge(channels=10**9),
    "dilation": lambda: with_edge(dilation=10**12),
    "negative dilation": lambda: with_edge(dilation=-1),
    "no channels": lambda: with_edge(channels=0),
    "text": lambda: with_edge(channels="3"),
    "text above": lambda: graph(latent="5"),
    "a fraction": lambda: with_edge(channels=3.0),
    "a truth": lambda: graph(member=False),
    "a truth in an edge": lambda: with_edge(dilation=True),
    "NaN": lambda: graph(latent=float("nan")),
    "infinity": lambda: with_edge(dilation=float("inf")),
    "a large float": lambda: json.dumps(graph()).replace('"latent": 5', '"latent": 1e999'),
    "a long number": lambda: json.dumps(graph()).replace('"latent": 5', f'"latent": {"9" * 5000}'),
    "dimensions": lambda: graph(dimensions=50),
    "cell": lambda: graph(cell=10**6),
    "hidden": lambda: graph(hidden=10**12),
    "too many weights": lambda: graph(latent=10**5, hidden=10**5),
    "nesting": lambda: deep(10),
    "deep nesting": lambda: deep(50_000),
    "an edge backwards": lambda: with_edge(source=3),
    "an edge to nowhere": lambda: with_edge(target=99),
    "an edge to the input": lambda: with_edge(source=-1, target=0),
    "an edge of more": lambda: with_edge(stride=2),
    "edges as an object": lambda: graph(edges={"0": graph()["edges"]}),
    "no edges": lambda: graph(edges=[]),
    "a node without a way in": lambda: graph(edges=[e for e in graph()["edges"] if e["target"] != 2]),
    "levels": lambda: {**plan(2, 2).to_json(), "levels": 10**9},
    "width": lambda: {**plan(2, 2).to_json(), "width": 10**9},
    "convolutions": lambda: {**plan(2, 2).to_json(), "convolutions": 10**9},
    "levels as text": lambda: {**plan(2, 2).to_json(), "levels": "2"},
    "a wide U-Net": lambda: {**plan(2, 2).to_json(), "width": 10**5, "levels": 16},
    "family": lambda: {**plan(2, 2).to_json(), "family": ["unet"]},
    "a list": lambda: [graph()],
    "a number": lambda: 10**30,
}


@pytest.mark.parametrize("content", ABSURD.values(), ids=ABSURD)
def test_absurd_architectures_are_refused_in_words(tmp_path: Path, content: Callable[[], Any]) -> None:
    refused(tmp_path / "a.json", content())


def test_what_is_wrong_is_said_not_only_that_the_digest_differs(tmp_path: Path) -> None:
    for content, words in [
        (with_edge(channels=10**9), "channels of an edge must be a whole number from 1 to"),
        ({**graph(), "depth": 10**9}, "depth must be a whole number from 1 to"),
        (graph(latent=10**5, hidden=10**5), "weights"),
        (json.dumps(graph()) + " " * (1 << 24), "bytes"),
        (with_edge(source=3), "from an earlier node to a later one"),
    ]:
        assert words in refused(tmp_path / "a.json", content)


@pytest.mark.parametrize(
    "use",
    [
        read_architecture,
        lambda path: Architecture.read(path),
        lambda path: UNetArchitecture.read(path),
        lambda path: load_member(path.with_suffix(".pt"), path),
        lambda path: drawn_architectures([path]),
    ],
    ids=["read", "graph", "U-Net", "member", "index"],
)
def test_every_reader_refuses_them(tmp_path: Path, use: Callable[[Path], object]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(with_edge(channels=10**9)), encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json"):
        use(path)


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a JSON value."""
    yield path
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


VALUES: tuple[Any, ...] = (
    *(None, True, "", "3", "x" * 10_000, [], {}, [[]], -1, 0, 1, 2, 3, 7, 2**31, 2**63, 10**12, 10**300, -(10**30)),
    *(0.5, 3.0, 1e308, float("nan"), float("inf"), [1] * 1000, {"id": 0}, [{"source": 0}]),
)


def mutated(content: Content, chance: random.Random) -> Content:
    """One to three values replaced, removed, doubled or exchanged; in half of the cases all that follows fits again."""
    content = json.loads(json.dumps(content))
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(places(content))[1:] or [()])
        if not path:
            return content
        holder = content
        for key in path[:-1]:
            holder = holder[key]
        match chance.randrange(4):
            case 0:
                del holder[path[-1]]
            case 1 if isinstance(holder, list):
                holder.extend(holder[: chance.choice([1, 500])] * chance.choice([1, 100]))
            case 2 if isinstance(holder[path[-1]], int):
                holder[path[-1]] += chance.choice([-1, 1, 2, 10**6])
            case _:
                holder[path[-1]] = copy.deepcopy(chance.choice(VALUES))
    if chance.random() < 0.5:
        content = consistent(content)
    return content


@pytest.mark.parametrize("family", ["random", "unet"])
def test_of_random_changes_every_file_is_refused_or_a_valid_architecture(tmp_path: Path, family: str) -> None:
    chance = random.Random(20250513)
    original = graph() if family == "random" else plan(2, 2).to_json()
    valid = 0
    for _ in range(300):
        content = mutated(original, chance)
        try:
            found = read(tmp_path / "a.json", content)
        except InputError:
            continue
        valid += 1
        assert found.to_json() == content and found.parameter_count() < 2**29
        numbers = [v for key, v in content.items() if key in RANGES] + [
            v for edge in content.get("edges", []) for v in edge.values()
        ]
        assert {type(number) for number in numbers} == {int}
    assert valid > 0, "some changes give another valid architecture"


def test_bytes_that_are_cut_or_flipped_are_refused_or_read(tmp_path: Path) -> None:
    chance, path = random.Random(1), tmp_path / "a.json"
    whole = json.dumps(graph(), indent=2).encode()
    for _ in range(300):
        content = bytearray(whole)
        if chance.random() < 0.2:
            del content[chance.randrange(len(content)) :]
        for _ in range(chance.randint(0, 3)):
            if content:
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        try:
            found = read_architecture(path)
        except InputError:
            continue
        assert found.to_json() == json.loads(content)


def test_the_largest_graph_that_may_be_drawn_is_read_within_a_second(tmp_path: Path) -> None:
    depth = RANGES["depth"][1]
    edges = [
        {"source": source, "target": target, "dilation": 1, "channels": 1}
        for target in range(1, depth + 2)
        for source in range(target)
    ]
    original = consistent({**graph(), "depth": depth, "edges": edges})
    content = Architecture.from_json(original).to_json()
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    with within(5):
        assert read_architecture(path).to_json() == content


def test_the_configuration_offers_nothing_that_cannot_be_read() -> None:
    sections = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["architecture"]["properties"]
    offered = {key: sections[key] for key in ("depth", "latent", "hidden", "cell")} | sections["unet"]["properties"]
    offered |= {"dilation": sections["dilations"]["items"], "channels": sections["channels"]["items"]}
    for key, bounds in offered.items():
        least, most = RANGES[key]
        assert least <= bounds["minimum"] and bounds["maximum"] == most, key
