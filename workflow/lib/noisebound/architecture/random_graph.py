"""Random sparse mixed-scale graphs, drawn from a seed and written as JSON.

The family is that of arXiv:2505.08176: a directed acyclic graph of ``depth`` hidden nodes between an input and an
output node. The length l of a connection between hidden nodes follows p(l) ~ exp(-alpha l), and the number k of
connections that leave a hidden node p(k) ~ k^-gamma. Every edge is one 3x3 (3x3x3) convolution with its own dilation
and number of channels; a node concatenates the outputs of its incoming edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..core.errors import InputError
from .base import KERNEL, Blueprint, digest_architecture, reach_of_cells
from .limits import check_edges, whole
from .settings import GraphSettings

MAX_TRIES = 1000
# Largest relative difference of the parameter count from the one asked for.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Edge:
    """One convolution of the graph.

    Parameters
    ----------
    source, target
        Numbers of the nodes that it leads from and to; ``source < target``.
    dilation
        Spacing of the taps (cells); 0 for a per-pixel (1x1, 1x1x1) convolution.
    channels
        Number of output channels.
    """

    source: int
    target: int
    dilation: int
    channels: int

    def taps(self, dimensions: int) -> int:
        """Number of pixels that the convolution reads per channel, in 2 or 3 ``dimensions``."""
        return KERNEL**dimensions if self.dilation else 1


@dataclass(frozen=True)
class Architecture(Blueprint):
    """The graph of one member: node 0 is the input, 1 to ``depth`` are hidden, ``depth + 1`` is the output.

    Parameters
    ----------
    depth
        Number of hidden nodes.
    edges
        The convolutions, ordered by target and then by source.
    cell
        Edge length (px) of the cells that the network works on. The pixels of a cell are channels of the input and of
        the heads (see ``networks.space_to_depth``); dilations count cells. For all other fields see :class:`Blueprint`.
    """

    member: int
    seed: int
    dimensions: int
    in_channels: int
    out_channels: int
    depth: int
    latent: int
    hidden: int
    edges: tuple[Edge, ...]
    cell: int = 1

    @property
    def alignment(self) -> int:
        """Tiles begin and end at multiples of the edge length of a cell (px)."""
        return self.cell

    @property
    def head_outputs(self) -> int:
        """Number of outputs of one head, which predicts all pixels of a cell at once."""
        return int(self.out_channels * self.cell**self.dimensions)

    @property
    def output(self) -> int:
        """Number of the output node."""
        return self.depth + 1

    def widths(self) -> dict[int, int]:
        """Return the channels of every node by its number; a node other than 0 has those of all edges that reach it."""
        widths = dict.fromkeys(range(self.output + 1), 0)
        widths[0] = int(self.in_channels * self.cell**self.dimensions)
        for edge in self.edges:
            widths[edge.target] += edge.channels
        return widths

    def radius(self) -> int:
        """Receptive radius (px), from the largest sum of dilations along a path from input to output.

        A convolution of kernel size 3 and dilation d reaches d cells to each side, along every axis.
        """
        reach = [0] * (self.output + 1)
        for edge in sorted(self.edges, key=lambda edge: edge.target):  # all that reach a node before any that leave it
            reach[edge.target] = max(reach[edge.target], reach[edge.source] + edge.dilation)
        return reach_of_cells(reach[self.output], self.cell)

    def features(self) -> int:
        """Number of channels of the output node."""
        return self.widths()[self.output]

    def encoder_count(self) -> int:
        """Count the trained parameters of the convolutions, biases included."""
        widths = self.widths()
        return sum(widths[e.source] * e.channels * e.taps(self.dimensions) + e.channels for e in self.edges)

    def words(self) -> str:
        """Describe the architecture in a few words."""
        cells = "" if self.cell == 1 else f" on cells of {self.cell} px"
        return f"random graph of depth {self.depth}{cells}"

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``architectures/member-<m>.json`` (see :meth:`Blueprint.to_json`)."""
        content = asdict(self)
        if self.cell == 1:
            del content["cell"]  # files written before there were cells stay valid
        content["edges"] = [asdict(edge) for edge in self.edges]
        digest = digest_architecture(content)
        kinds = {0: "input", self.output: "output"}
        content["nodes"] = [
            {"id": node, "kind": kinds.get(node, "hidden"), "channels": width} for node, width in self.widths().items()
        ]
        content["radius"] = [self.radius()] * self.dimensions
        content["parameters"] = self.parameter_count()
        content["digest"] = digest
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Architecture:
        """Make the architecture from what :meth:`to_json` returned; raises as :meth:`Blueprint.from_json`."""
        fields = ("member", "seed", "dimensions", "in_channels", "out_channels", "depth", "latent", "hidden")
        facts = {field: whole(content, field) for field in fields}
        check_edges(content["edges"], facts["depth"] + 1)
        edges = tuple(Edge(**edge) for edge in content["edges"])
        return cls(**facts, edges=edges, cell=whole({"cell": 1, **content}, "cell"))


def draw(
    settings: GraphSettings, *, seed: int, member: int, dimensions: int, in_channels: int, out_channels: int
) -> Architecture:
    """Draw the graph of one member from ``SeedSequence(seed, spawn_key=(member,))``.

    The same arguments give the same graph on any machine. Dilations on paths longer than ``settings.max_radius`` are
    lowered, one random edge at a time. Graphs that still do not fit, or whose parameter count is out of bounds, are
    drawn again, ``MAX_TRIES`` times at most.

    Parameters
    ----------
    settings
        The section ``architecture``.
    seed, member
        Seed of the run, and number of the member.
    dimensions
        Spatial dimensions of the images, 2 or 3.
    in_channels, out_channels
        Channels of the noisy image and of each quantile image.

    Returns
    -------
    Architecture
        The first graph within the bounds.

    Raises
    ------
    InputError
        Where no graph within the bounds is found.
    """
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(member,)))
    asked = settings.parameters
    least, most = ((1 - TOLERANCE) * asked, (1 + TOLERANCE) * asked) if isinstance(asked, int) else asked
    counts: list[int] = []
    for _ in range(MAX_TRIES):
        edges = _draw_edges(settings, random)
        if edges is None:
            continue
        architecture = Architecture(
            member=member,
            seed=seed,
            dimensions=dimensions,
            in_channels=in_channels,
            out_channels=out_channels,
            depth=settings.depth,
            latent=settings.latent,
            hidden=settings.hidden,
            edges=edges,
            cell=settings.cell,
        )
        counts.append(architecture.parameter_count())
        if least <= counts[-1] <= most:
            return architecture
    raise _no_graph(settings, counts)


def _no_graph(settings: GraphSettings, counts: Sequence[int]) -> InputError:
    """Make the error for settings that no graph satisfies; ``counts`` are the parameter counts of all graphs drawn."""
    if not counts:
        return InputError(
            f"no graph of depth {settings.depth} drawn in {MAX_TRIES} tries has a receptive radius this small",
            key="architecture.max_radius",
            value=settings.max_radius,
            remedy="raise it, lower architecture.depth or architecture.cell, or allow smaller dilations",
        )
    return InputError(
        f"no graph drawn in {MAX_TRIES} tries has a parameter count within the bounds "
        f"(seen: {min(counts)} to {max(counts)}, median {int(np.median(counts))})",
        key="architecture.parameters",
        value=settings.parameters,
        remedy="ask for another number, or change depth, channels, gamma or p_input",
    )


def _draw_edges(settings: GraphSettings, random: np.random.Generator) -> tuple[Edge, ...] | None:
    """Draw the edges of one graph, or return None where its paths cannot be made short enough."""
    pairs = _draw_connections(settings, random)
    reach = (settings.max_radius - settings.cell + 1) // settings.cell
    dilations = _draw_dilations(pairs, settings, reach, random)
    if dilations is None:
        return None
    channels = random.choice(np.asarray(settings.channels), size=len(pairs))
    return tuple(
        Edge(source, target, int(dilation), int(width))
        for (source, target), dilation, width in zip(pairs, dilations, channels, strict=True)
    )


def _draw_connections(settings: GraphSettings, random: np.random.Generator) -> list[tuple[int, int]]:
    """Draw the pairs (source, target), ordered by target; every hidden node has an incoming and an outgoing edge."""
    depth, output = settings.depth, settings.depth + 1
    pairs: set[tuple[int, int]] = set()
    for source in range(1, depth):
        lengths = np.arange(1, depth - source + 1)
        degree_weights = lengths.astype(float) ** -float(settings.gamma)
        degree = random.choice(lengths, p=degree_weights / degree_weights.sum())
        # Shifted by the shortest length, so that a steep decay does not underflow to zero for long connections.
        length_weights = np.maximum(np.exp(-float(settings.alpha) * (lengths - 1)), 1e-300)
        chosen = random.choice(lengths, size=degree, replace=False, p=length_weights / length_weights.sum())
        pairs.update((source, source + int(length)) for length in chosen)
    targets, sources = {target for _, target in pairs}, {source for source, _ in pairs}
    for node in range(1, depth + 1):
        if random.random() < settings.p_input or node not in targets:
            pairs.add((0, node))
    for node in range(1, depth + 1):
        if random.random() < settings.p_output or node not in sources:
            pairs.add((node, output))
    if settings.input_to_output:
        pairs.add((0, output))
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


def _draw_dilations(
    pairs: Sequence[tuple[int, int]], settings: GraphSettings, most: int, random: np.random.Generator
) -> list[int] | None:
    """Draw a dilation for every pair so that no path sums to more than ``most`` (cells), or return None if none fits.

    All are drawn freely first; then random edges of the longest path are lowered, one choice at a time, until it fits.
    """
    choices = sorted(int(dilation) for dilation in settings.dilations)
    output = settings.depth + 1
    spatial = [pair for pair in pairs if pair[1] != output or not settings.pointwise_output]
    least = dict.fromkeys(pairs, 0) | dict.fromkeys(spatial, choices[0])
    if sum(least[pair] for pair in _longest_path(least)) > most:
        return None
    drawn = dict.fromkeys(pairs, 0) | {pair: int(random.choice(choices)) for pair in spatial}
    while True:
        path = _longest_path(drawn)
        if sum(drawn[pair] for pair in path) <= most:
            return [drawn[pair] for pair in pairs]
        reducible = [pair for pair in path if drawn[pair] > choices[0]]
        if not reducible:
            return None
        pair = reducible[int(random.integers(len(reducible)))]
        drawn[pair] = choices[choices.index(drawn[pair]) - 1]


def _longest_path(dilations: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """Return the pairs on the path with the largest sum of ``dilations``, which are ordered by target."""
    reach: dict[int, int] = {0: 0}
    before: dict[int, int] = {}
    for (source, target), dilation in dilations.items():
        if target not in reach or reach[source] + dilation > reach[target]:
            reach[target], before[target] = reach[source] + dilation, source
    path, node = [], max(reach)
    while node != 0:
        path.append((before[node], node))
        node = before[node]
    return path[::-1]
