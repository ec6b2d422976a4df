"""Graphs: the same seed on any machine the same bytes, the stated laws, the stated radius and parameter count."""

from __future__ import annotations

import json
import time
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from noisebound.architecture.random_graph import Architecture, Edge, draw
from noisebound.architecture.settings import GraphSettings
from noisebound.core.errors import InputError
from tests.unit.learning_files import (
    SETTINGS,
    draw_small,
    write_architecture,
)
from tests.unit.networks.graphs import cases, drawn, make_network, network_of

LIBRARY = Path(__file__).parents[3] / "workflow" / "lib"


@st.composite
def graph_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Settings under which every graph can be made to fit: even a path through all nodes, at the least dilation."""
    depth = draw(st.integers(1, 9))
    dilations = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True))
    return {
        "depth": depth,
        "alpha": draw(st.floats(0, 50)),
        "gamma": draw(st.floats(0, 50)),
        "p_input": draw(st.floats(0, 1)),
        "p_output": draw(st.floats(0, 1)),
        "input_to_output": draw(st.booleans()),
        "pointwise_output": draw(st.booleans()),
        "dilations": dilations,
        "channels": draw(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True)),
        "max_radius": (depth + 1) * min(dilations) + draw(st.integers(0, 12)),
    }


@settings(max_examples=200, deadline=None)
@given(graph_settings(), st.integers(0, 2**32), st.integers(0, 100), st.integers(2, 3))
def test_every_graph_is_acyclic_connected_and_within_its_bounds(
    asked: dict[str, Any], seed: int, member: int, dimensions: int
) -> None:
    graph = draw_small(dimensions=dimensions, image_channels=2, seed=seed, member=member, **asked)
    pairs = [(edge.source, edge.target) for edge in graph.edges]
    assert graph.depth == asked["depth"] and graph.output == asked["depth"] + 1
    assert len(set(pairs)) == len(pairs)
    assert all(0 <= source < target <= graph.output for source, target in pairs)
    for node in range(1, graph.depth + 1):
        assert any(target == node for _, target in pairs) and any(source == node for source, _ in pairs)
    assert ((0, graph.output) in pairs) == asked["input_to_output"]
    pointwise = [edge for edge in graph.edges if edge.target == graph.output and asked["pointwise_output"]]
    assert {edge.dilation for edge in graph.edges if edge not in pointwise} <= set(asked["dilations"])
    assert {edge.dilation for edge in pointwise} <= {0}
    assert {edge.channels for edge in graph.edges} <= set(asked["channels"])
    assert pairs == sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    lengths = path_lengths(graph)
    assert graph.radius() == max(lengths) <= asked["max_radius"]


def path_lengths(graph: Architecture) -> list[int]:
    """The sum of dilations along each path from input to output, by walking all of them."""
    found, walks = [], [(0, 0)]
    while walks:
        node, length = walks.pop()
        if node == graph.output:
            found.append(length)
        walks += [(edge.target, length + edge.dilation) for edge in graph.edges if edge.source == node]
    return found


def test_members_and_seeds_differ_and_dimensions_share_the_graph() -> None:
    digests = {draw_small(depth=6, seed=seed, member=m).to_json()["digest"] for seed in range(5) for m in range(8)}
    assert len(digests) == 40
    assert draw_small(dimensions=2, seed=7).edges == draw_small(dimensions=3, seed=7).edges


@pytest.fixture(scope="module")
def population() -> list[Architecture]:
    """Many draws without binding bounds."""
    asked = {**SETTINGS, "depth": 5, "alpha": 0.7, "gamma": 1.2, "p_input": 0.3, "p_output": 0.6}
    asked |= {"dilations": [1, 2, 4], "channels": [2, 3, 5], "max_radius": 1000}
    drawn = GraphSettings(**asked)
    return [draw(drawn, seed=s, member=s % 7, dimensions=2, in_channels=1, out_channels=1) for s in range(2500)]


def hidden_targets(graph: Architecture, node: int) -> tuple[int, ...]:
    return tuple(edge.target for edge in graph.edges if edge.source == node and edge.target != graph.output)


def agree(observed: list[float], expected: list[float]) -> None:
    """Chi-square of counts against weights; draws are seeded, so the outcome never changes by chance."""
    shares = np.asarray(expected) / np.sum(expected)
    assert chisquare(observed, shares * np.sum(observed)).pvalue > 1e-3


def test_the_number_of_connections_follows_a_power_law(population: list[Architecture]) -> None:
    degrees = Counter(len(hidden_targets(graph, 1)) for graph in population)
    agree([degrees[k] for k in range(1, 5)], [k**-1.2 for k in range(1, 5)])


def test_the_length_of_connections_decays_exponentially(population: list[Architecture]) -> None:
    law = {length: np.exp(-0.7 * length) for length in range(1, 5)}
    total = sum(law.values())
    one = Counter(t[0] - 1 for graph in population if len(t := hidden_targets(graph, 1)) == 1)
    agree([one[length] for length in law], list(law.values()))
    # Two different lengths, one drawn after the other from what is left.
    two = Counter(tuple(n - 1 for n in sorted(t)) for graph in population if len(t := hidden_targets(graph, 1)) == 2)
    pairs = list(combinations(law, 2))
    agree([two[p] for p in pairs], [law[a] * law[b] * (1 / (total - law[a]) + 1 / (total - law[b])) for a, b in pairs])


def test_inputs_outputs_dilations_and_channels_are_as_frequent_as_asked(population: list[Architecture]) -> None:
    reached = [(g, n) for g in population for n in range(2, 6) if any(e.source > 0 and e.target == n for e in g.edges)]
    inputs = sum(any(e.source == 0 and e.target == n for e in g.edges) for g, n in reached)
    assert binomtest(inputs, len(reached), 0.3).pvalue > 1e-3
    leaving = [(g, n) for g in population for n in range(1, 5)]  # every node but the last has hidden successors
    outputs = sum(any(e.source == n and e.target == g.output for e in g.edges) for g, n in leaving)
    assert binomtest(outputs, len(leaving), 0.6).pvalue > 1e-3
    edges = [edge for graph in population for edge in graph.edges]
    for values, name in (((1, 2, 4), "dilation"), ((2, 3, 5), "channels")):
        counts = Counter(getattr(edge, name) for edge in edges)
        agree([counts[value] for value in values], [1, 1, 1])


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"max_radius": 2, "depth": 20, "dilations": list(range(1, 11))}, "architecture.max_radius"),
        ({"max_radius": 7, "dilations": [4, 8]}, "architecture.max_radius"),
        ({"parameters": [1, 50]}, "architecture.parameters"),
        ({"parameters": [10**8, 10**9]}, "architecture.parameters"),
        ({"parameters": [900, 800]}, "architecture.parameters"),
        ({"parameters": 50}, "architecture.parameters"),
    ],
)
def test_bounds_that_nothing_satisfies_are_an_error_in_bounded_time(asked: dict[str, Any], key: str) -> None:
    start = time.process_time()
    with pytest.raises(InputError) as raised:
        draw_small(**asked)
    assert raised.value.key == key and "Remedy: " in str(raised.value)
    assert time.process_time() - start < 30


def test_narrow_parameter_bounds_are_kept() -> None:
    for seed in range(10):
        assert 700 <= draw_small(seed=seed, parameters=[700, 900]).parameter_count() <= 900


@pytest.mark.parametrize(("dimensions", "asked", "depth"), [(2, 5000, 10), (2, 12000, 14), (3, 20000, 8)])
def test_one_number_is_met_within_a_tenth_at_the_asked_depth(dimensions: int, asked: int, depth: int) -> None:
    for member in range(20):
        graph = draw_small(
            dimensions=dimensions, member=member, depth=depth, channels=[3, 4], max_radius=40, parameters=asked
        )
        assert abs(graph.parameter_count() - asked) <= 0.1 * asked
        assert graph.depth == depth == len({edge.target for edge in graph.edges}) - 1


def test_a_file_gives_the_graph_back(tmp_path: Path) -> None:
    graph = draw_small(dimensions=3, image_channels=2, seed=4, member=3)
    path = write_architecture(tmp_path / "a.json", graph)
    assert Architecture.read(path) == graph
    content = json.loads(path.read_text())
    assert content["radius"] == [graph.radius()] * 3 and content["parameters"] == graph.parameter_count()
    assert [node["kind"] for node in content["nodes"]] == ["input", *["hidden"] * graph.depth, "output"]
    assert {node["id"]: node["channels"] for node in content["nodes"]} == graph.widths()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("edges", lambda old: [{**old[0], "dilation": old[0]["dilation"] + 1}, *old[1:]]),
        ("edges", lambda old: [{**old[0], "channels": old[0]["channels"] + 1}, *old[1:]]),
        ("edges", lambda old: old[:-1]),
        ("edges", lambda old: []),
        ("edges", lambda old: 3),
        ("latent", lambda old: old + 1),
        ("hidden", lambda old: "six"),
        ("in_channels", lambda old: old + 1),
        ("dimensions", lambda old: 3),
        ("digest", lambda old: "0" * 64),
        ("radius", lambda old: [1, 1]),  # a smaller guard band would follow from it
        ("parameters", lambda old: old - 1),
        ("depth", lambda old: None),
    ],
)
def test_files_changed_by_hand_are_refused(tmp_path: Path, name: str, change: Any) -> None:
    path = write_architecture(tmp_path / "a.json", draw_small(seed=1))
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, name: change(content[name])}))
    with pytest.raises(InputError, match=r"a\.json.*Remedy: delete it and draw it again"):
        Architecture.read(path)


@pytest.mark.parametrize("content", ["[]", "{}", '"graph"', "null"])
def test_files_that_are_no_architecture_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.json.*Remedy"):
        Architecture.read(tmp_path / "a.json")


def test_the_digest_covers_what_shapes_the_network_and_nothing_else() -> None:
    edges = (Edge(0, 1, 1, 2), Edge(1, 2, 2, 3))
    facts = {"member": 0, "seed": 1, "dimensions": 2, "in_channels": 1, "out_channels": 1, "depth": 1}
    facts |= {"latent": 4, "hidden": 5, "edges": edges}
    digest = Architecture(**facts).to_json()["digest"]
    assert Architecture(**{**facts, "member": 3, "seed": 9}).to_json()["digest"] == digest
    for name, value in {"dimensions": 3, "in_channels": 2, "out_channels": 2, "latent": 5, "hidden": 4}.items():
        assert Architecture(**{**facts, name: value}).to_json()["digest"] != digest
    assert Architecture(**{**facts, "edges": (edges[0], Edge(1, 2, 1, 3))}).to_json()["digest"] != digest


def test_random_graphs_keep_their_digest() -> None:
    graph = Architecture(0, 1, 2, 1, 1, 1, 4, 5, (Edge(0, 1, 1, 2), Edge(1, 2, 2, 3)))
    assert graph.to_json()["digest"] == "b9033838d15258088c1c02a67649d90c2d784363d78248acae7853660aa24a3a"
    assert "family" not in graph.to_json()


@cases
def test_the_parameter_count_is_that_of_the_module(dimensions: int, seed: int) -> None:
    network = make_network(dimensions, seed)
    assert sum(p.numel() for p in network.parameters()) == network.architecture.parameter_count()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_parameters_are_counted_as_they_are(dimensions: int) -> None:
    architecture = drawn(dimensions=dimensions)
    assert architecture.parameter_count() == sum(weights.numel() for weights in network_of(architecture).parameters())


def test_without_cells_graphs_are_drawn_as_if_there_were_none() -> None:
    """The digest is that of the time before there were cells."""
    assert drawn(1, cell=1).to_json()["digest"] == "2afd0f790bd6f5ee667cccf2625303f2030350758307baba5de4d02b172c4656"


def test_cells_too_wide_for_the_radius_are_refused() -> None:
    with pytest.raises(InputError, match=r"architecture\.max_radius") as error:
        drawn(cell=8)
    assert "architecture.cell" in str(error.value)
