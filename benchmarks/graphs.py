"""From a graph of the reference implementation to an architecture of noisebound, as near as the two families allow.

Nodes, edges, dilations, channels, latent and hidden sizes are the same. Different remain:

- In noisebound, a per-pixel layer to the output has a bias and is followed by the rectifier of all connections.
- The reference normalises every convolution and head by statistics of the batch; noisebound has no normalisation.
- The reference's heads see the input beside the latent vector, at both of their layers.
- The reference pads every convolution with its mirror image, noisebound the whole image, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from noisebound.architecture.random_graph import Architecture, Edge

Graph = Mapping[str, Any]


def translate(graph: Graph, member: int = 0) -> Architecture:
    """``graph`` is what ``reference.build`` returns: dimensions, nodes, edges, latent, hidden."""
    edges = sorted(
        (
            Edge(e["source"], e["target"], e["dilation"] if e["kernel"] > 1 else 0, e["channels"])
            for e in graph["edges"]
        ),
        key=lambda edge: (edge.target, edge.source),
    )
    return Architecture(
        member=member,
        seed=member,
        dimensions=graph["dimensions"],
        in_channels=1,
        out_channels=1,
        depth=graph["nodes"] - 2,
        latent=graph["latent"],
        hidden=graph["hidden"],
        edges=tuple(edges),
    )


def count_parameters(graph: Graph) -> int:
    """Trained parameters of the reference's network: normalised convolutions, per-pixel layers, and three heads."""
    widths = translate(graph).widths()
    count = 0
    for edge in graph["edges"]:
        weights = widths[edge["source"]] * edge["channels"] * edge["kernel"] ** graph["dimensions"]
        # Behind a 3x3 convolution: its bias, and scale and shift of the normalisation. Per-pixel layers have none.
        count += weights + (3 * edge["channels"] if edge["kernel"] > 1 else 0)
    latent, hidden = graph["latent"], graph["hidden"]
    count += widths[graph["nodes"] - 1] * latent + latent
    return count + 3 * ((latent + 1) * hidden + 3 * hidden + (hidden + 1) + 1)
