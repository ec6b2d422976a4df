"""Limits on the size of architectures, checked before anything is built.

A file that describes a larger network is refused before memory is taken for it.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

MOST_BYTES = 1 << 22  # of a file; the largest graph takes three quarters of it
MOST_WEIGHTS = 1 << 28  # 1 GiB as float32
MOST_RADIUS = 10**5  # px
# The range, bounds included, of every integer in an architecture file.
RANGES: Mapping[str, tuple[int, int]] = {
    "member": (0, 10**6),
    "seed": (0, 2**128),
    "dimensions": (2, 3),
    "in_channels": (1, 10**5),
    "out_channels": (1, 10**5),
    "depth": (1, 256),
    "latent": (1, 10**5),
    "hidden": (1, 10**5),
    "cell": (1, 64),
    "dilation": (0, 10**5),
    "channels": (1, 10**5),
    "levels": (1, 12),
    "width": (1, 10**5),
    "convolutions": (1, 100),
}
EDGE = {"source", "target", "dilation", "channels"}


def whole(content: Mapping[str, Any], key: str, where: str = "") -> int:
    """Return the integer under ``key``.

    Parameters
    ----------
    content
        A JSON object.
    key
        One of the keys of ``RANGES``.
    where
        What the number belongs to, for the error message, such as " of an edge".

    Returns
    -------
    int
        A number in the range that ``RANGES`` gives.

    Raises
    ------
    KeyError
        Where it is missing.
    ValueError
        Where it is not an integer, or out of its range.
    """
    value, (least, most) = content[key], RANGES[key]
    if type(value) is not int or not least <= value <= most:  # True is an int, too
        raise ValueError(
            f"{key}{where} must be a whole number from {least} to {most}, and the file has {reprlib.repr(value)}"
        )
    return value


def check_edges(content: Any, output: int) -> None:
    """Check the edges of a random graph.

    Parameters
    ----------
    content
        A list of JSON objects with the keys ``EDGE``.
    output
        Number of the output node; node 0 is the input.

    Raises
    ------
    ValueError
        Where ``content`` is no such list or has more edges than there are pairs of nodes; where an edge does not lead
        from an earlier node to a later one, or has a number out of its range; and where a node other than 0 has no
        incoming edge.
    """
    if not isinstance(content, list) or len(content) > output * (output + 1) // 2:
        raise ValueError(f"edges must be a list, with no more of them than {output + 1} nodes have pairs")
    for edge in content:
        if not isinstance(edge, dict) or edge.keys() != EDGE:
            raise ValueError(f"an edge has the keys {', '.join(sorted(EDGE))} and no others")
        source, target = edge["source"], edge["target"]
        if type(source) is not int or type(target) is not int or not 0 <= source < target <= output:
            raise ValueError(f"an edge must lead from an earlier node to a later one, from 0 to {output}")
        for key in ("dilation", "channels"):
            whole(edge, key, " of an edge")
    if len({edge["target"] for edge in content}) != output:
        raise ValueError("no edge leads to one of the nodes")


def check_size(weights: int, radius: int) -> None:
    """Check that a network is not too large to be built.

    Parameters
    ----------
    weights
        Number of trained parameters, at most ``MOST_WEIGHTS``.
    radius
        Receptive radius (px), at most ``MOST_RADIUS``.

    Raises
    ------
    ValueError
        Where one of them is larger.
    """
    if weights > MOST_WEIGHTS:
        raise ValueError(f"the network has {weights} weights, and {MOST_WEIGHTS} are the most that one may have")
    if radius > MOST_RADIUS:
        raise ValueError(f"the network sees {radius} px far, and {MOST_RADIUS} are the farthest that one may see")
