"""A random graph as a list of convolutions over one buffer of features: the program of the compiled loops.

All features of an image lie in one buffer, those of a node side by side, so that nothing is ever concatenated. The same
loops compute per-pixel layers: nine channels at a time take the place of nine taps, and the shifts are whole rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..architecture.random_graph import Architecture
from .cpu_layout import Layout
from .graph_network import MemberNetwork
from .quantile_network import SLOPE, places_of


class Convolution(NamedTuple):
    """One convolution from channels to channels of the buffer.

    Parameters
    ----------
    source, inputs
        First channel and number of channels that it reads.
    target, outputs
        First channel and number of channels that it writes.
    dilation
        Spacing of the taps (cells); 0 for a per-pixel layer.
    """

    source: int
    inputs: int
    target: int
    outputs: int
    dilation: int


class Plan:
    """The convolutions of one network, and what the loops need to compute them.

    Parameters
    ----------
    architecture
        The random graph.

    Attributes
    ----------
    inputs, outputs : int
        Channels of the image, which come first in the buffer, and of the three heads, which come last.
    latent : int
        First channel of the latent vector.
    channels : int
        Channels of the buffer.
    convolutions : list of Convolution
        Those of the edges, in the order of the graph, then projection and heads.
    slopes : array
        float32 (E,), slopes of the rectifiers behind the convolutions; 1 where there is none.
    order, blocks : array
        int64, the order of computing and the bounds of its blocks (see ``cpu_loops.run``).
    pad : int
        The largest dilation (cells).
    places : Places
        Where the loops' weights lie in the vector of all parameters.
    """

    def __init__(self, architecture: Architecture) -> None:
        widths = architecture.widths()
        self.inputs = widths[0]
        self.latent = sum(widths.values())
        self.outputs = 3 * architecture.head_outputs
        self.channels = self.latent + architecture.latent + 3 * architecture.hidden + self.outputs
        self.convolutions = [*_of_edges(architecture), *_behind_graph(architecture, self.latent)]
        self.slopes = np.full(len(self.convolutions), SLOPE, dtype=np.float32)
        self.slopes[-3:] = 1
        self.order, self.blocks = _order_of(architecture, len(self.convolutions))
        self.pad = max(edge.dilation for edge in architecture.edges)
        self.places = Places.of(architecture)
        self._tables: dict[tuple[int, ...], Tables] = {}

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, architecture: Architecture) -> Plan:
        """Make the plan of a graph, or return the one made before.

        Parameters
        ----------
        architecture
            The random graph.

        Returns
        -------
        Plan
            The same object for the same graph, as long as it is among the last 64.
        """
        return cls(architecture)

    def tables(self, spatial: Sequence[int]) -> Tables:
        """Make the tables for images of one size; the last ones are kept.

        Parameters
        ----------
        spatial
            Lengths of the images, [Z], Y, X (cells).

        Returns
        -------
        Tables
            The tables.
        """
        key = tuple(spatial)
        if key not in self._tables:
            self._tables = {key: Tables.of(self, Layout.of(key, self.pad))}
        return self._tables[key]


def _of_edges(architecture: Architecture) -> list[Convolution]:
    """List the convolutions of the edges, in the order of the graph: by target and then by source."""
    widths = architecture.widths()
    begins = dict(zip(widths, itertools.accumulate(widths.values(), initial=0), strict=False))
    filled = dict(begins)
    found = []
    for edge in architecture.edges:
        found.append(
            Convolution(begins[edge.source], widths[edge.source], filled[edge.target], edge.channels, edge.dilation)
        )
        filled[edge.target] += edge.channels
    return found


def _behind_graph(architecture: Architecture, first: int) -> list[Convolution]:
    """List the layers behind the graph: the projection to channel ``first`` on, then both layers of the three heads."""
    latent, hidden, outputs = architecture.latent, architecture.hidden, architecture.head_outputs
    features, heads = architecture.features(), first + latent
    return [
        Convolution(first - features, features, first, latent, 0),
        Convolution(first, latent, heads, 3 * hidden, 0),
        *(Convolution(heads + k * hidden, hidden, heads + 3 * hidden + k * outputs, outputs, 0) for k in range(3)),
    ]


def _order_of(architecture: Architecture, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order ``count`` convolutions and divide them into blocks.

    Those that read the same node are computed together, run by run, while that node lies in the cache; so are the
    per-pixel layers behind the graph.
    """
    sources = [edge.source for edge in architecture.edges]
    behind = np.arange(len(sources), count)
    order = np.concatenate([np.argsort(sources, kind="stable"), behind])
    return order, np.cumsum([0, *np.unique(sources, return_counts=True)[1], len(behind)])


@dataclass(frozen=True, eq=False)
class Tables:
    """A plan for images of one size.

    Parameters
    ----------
    layout
        Where pixels lie.
    forward, back
        int64 (E, 7), the convolutions and their transposes, with the columns of ``cpu_loops``.
    shifts
        int64 (groups, 9), shifts of all taps (positions).
    weights
        Number of weights of all convolutions.
    """

    layout: Layout
    forward: NDArray[np.int64]
    back: NDArray[np.int64]
    shifts: NDArray[np.int64]
    weights: int

    @classmethod
    def of(cls, plan: Plan, layout: Layout) -> Tables:
        """Make the tables of a plan for one layout.

        Parameters
        ----------
        plan
            The plan.
        layout
            Where pixels lie.

        Returns
        -------
        Tables
            The tables.
        """
        shifts: list[NDArray[np.int64]] = []
        forward, back = [], []
        weights = back_weights = 0
        for source, inputs, target, outputs, dilation in plan.convolutions:
            if dilation:
                taps = layout.shifts(dilation)
                there, here = (inputs, taps), (outputs, taps)
            else:
                there, here = (1, layout.channel_shifts(inputs)), (1, layout.channel_shifts(outputs))
            first = sum(map(len, shifts))
            forward.append((source, there[0], target, outputs, weights, first, len(there[1])))
            weights += there[0] * len(there[1]) * outputs * 9
            shifts += [there[1], here[1]]
            # The image, node 0, needs no gradient.
            read = here[0] if source >= plan.inputs else 0
            back.append((target, read, source, inputs, back_weights, first + len(there[1]), len(here[1])))
            back_weights += here[0] * len(here[1]) * inputs * 9
        return cls(layout, np.asarray(forward), np.asarray(back), np.concatenate(shifts), weights)


@dataclass(frozen=True, eq=False)
class Places:
    """Where the loops' weights lie in the vector of all parameters (see ``quantile_network.join_parameters``).

    Weights that only fill up a group of taps, and the biases of the image, have the place behind the end of the vector,
    where a zero is appended.

    Parameters
    ----------
    weights, mirrored
        int64, the place of each weight of the loops, forwards and backwards.
    biases
        int64 (channels,), the place of the bias of each channel.
    """

    weights: NDArray[np.int64]
    mirrored: NDArray[np.int64]
    biases: NDArray[np.int64]

    @classmethod
    def of(cls, architecture: Architecture) -> Places:
        """Find the places for the parameters of ``MemberNetwork(architecture)``.

        Parameters
        ----------
        architecture
            The random graph.

        Returns
        -------
        Places
            The places.
        """
        with torch.device("meta"):  # shapes alone
            parameters = list(MemberNetwork(architecture).parameters())
        parts = places_of(parameters)
        behind = sum(part.numel() for part in parts)
        layers = list(zip(parts[::2], parts[1::2], strict=True))
        edges, projection, heads = layers[:-7], layers[-7], layers[-6:]
        # The first layers of the three heads are computed as one.
        first = [torch.cat(together) for together in zip(*heads[::2], strict=True)]
        steps = [*edges, projection, first, *heads[1::2]]
        kernels = [kernel if kernel.shape[-1] > 1 else kernel.flatten(1) for kernel, _ in steps]
        # The derivative of a convolution is the one with the mirrored kernel, inputs and outputs exchanged.
        mirrored = [kernel.transpose(0, 1).flip(tuple(range(2, kernel.dim()))) for kernel in kernels]
        biases = torch.cat([torch.full((architecture.widths()[0],), behind), *(bias for _, bias in steps)])
        return cls(_by_tap(kernels, behind), _by_tap(mirrored, behind), biases.numpy())


def _by_tap(kernels: Sequence[Tensor], filling: int) -> NDArray[np.int64]:
    """Join the entries of kernels (O, C, [3], 3, 3) or (O, C) in one array, in the order of the loops.

    Wide kernels become (C, G, O, 9). Per-pixel layers become (1, G, O, 9): their taps are channels, and then
    ``filling``.
    """
    flat = []
    for kernel in kernels:
        if kernel.dim() > 2:
            taps = kernel.reshape(*kernel.shape[:2], -1, 9).permute(1, 2, 0, 3)
        else:
            missing = -kernel.shape[1] % 9
            taps = functional.pad(kernel, (0, missing), value=filling).unflatten(1, (-1, 9)).transpose(0, 1)
        flat.append(taps.flatten())
    return torch.cat(flat).numpy()
