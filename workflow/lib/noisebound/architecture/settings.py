"""The section ``architecture`` of the configuration, one dataclass per family of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

RANDOM, UNET = "random", "unet"  # the values of the key ``family``


@dataclass(frozen=True)
class GraphSettings:
    """How random graphs are drawn (see ``random_graph.draw``).

    Parameters
    ----------
    depth
        Number of hidden nodes.
    alpha
        Decay of the length of connections, p(l) ~ exp(-alpha l).
    gamma
        Exponent of the number of connections that leave a node, p(k) ~ k^-gamma.
    p_input, p_output
        Probability of a connection from the input to a hidden node, and from a hidden node to the output.
    input_to_output
        Whether the input is connected to the output.
    pointwise_output
        Whether edges to the output are per-pixel convolutions.
    dilations
        Values (cells) from which the dilation of an edge is drawn, all equally likely.
    channels
        Values from which the number of output channels of an edge is drawn, all equally likely.
    latent
        Length of the latent vector of a pixel.
    hidden
        Channels of the hidden layer of each head.
    max_radius
        Largest receptive radius (px).
    cell
        Edge length (px) of the cells that the network works on; 1 for pixels.
    parameters
        Number of trained parameters: one number, met within 10 %, or [least, most].
    """

    depth: int
    alpha: float
    gamma: float
    p_input: float
    p_output: float
    input_to_output: bool
    pointwise_output: bool
    dilations: Sequence[int]
    channels: Sequence[int]
    latent: int
    hidden: int
    max_radius: int
    cell: int
    parameters: int | Sequence[int]


@dataclass(frozen=True)
class UNetSettings:
    """The size of a U-Net (see ``unet.UNetArchitecture``).

    Parameters
    ----------
    levels
        How often the image is halved.
    width
        Channels at full resolution; they double with every level.
    convolutions
        Convolutions per level, on the way down and again on the way up.
    latent
        Length of the latent vector of a pixel.
    hidden
        Channels of the hidden layer of each head.
    max_radius
        Largest receptive radius (px).
    """

    levels: int
    width: int
    convolutions: int
    latent: int
    hidden: int
    max_radius: int


ArchitectureSettings = GraphSettings | UNetSettings


def architecture_settings(section: Mapping[str, Any]) -> ArchitectureSettings:
    """Read the section ``architecture`` into the dataclass of its family; keys of the other family may be missing.

    Parameters
    ----------
    section
        Keys and values. Without the key ``family``, the family is ``random``.

    Returns
    -------
    GraphSettings or UNetSettings
        The keys of the family.

    Raises
    ------
    KeyError
        Where a key of the family is missing.
    """
    if section.get("family", RANDOM) == UNET:
        return unet_settings(section)
    return graph_settings(section)


def graph_settings(section: Mapping[str, Any]) -> GraphSettings:
    """Read the keys of random graphs from the section ``architecture``, whatever its family.

    Parameters
    ----------
    section
        Keys and values.

    Returns
    -------
    GraphSettings
        The keys of random graphs.

    Raises
    ------
    KeyError
        Where one of them is missing.
    """
    return GraphSettings(**{field.name: section[field.name] for field in fields(GraphSettings)})


def unet_settings(section: Mapping[str, Any]) -> UNetSettings:
    """Read the keys of the U-Net from the section ``architecture``, whatever its family.

    Parameters
    ----------
    section
        Keys and values, with the subsection ``unet``.

    Returns
    -------
    UNetSettings
        The keys of the U-Net.

    Raises
    ------
    KeyError
        Where one of them is missing.
    """
    keys = {**section, **section["unet"]}
    return UNetSettings(**{field.name: keys[field.name] for field in fields(UNetSettings)})
