"""Which pixels share a correction: those in one bin of predicted intensity, or of one token (Mondrian groups).

A pixel's group follows from predictions and tokens alone; calibration targets play no part. Calibration and delivery
use the same function, ``group_of``, to sort pixels into groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rounding import Floats

UNSEEN = "tokens not seen in calibration"


@dataclass(frozen=True)
class PixelGroups:
    """The groups of all channels.

    Attributes
    ----------
    spec
        As stored in ``calibration.json``: {"by": "intensity", "edges": {channel: [...]}} or {"by": "token",
        "tokens": [...]}; None where all pixels are one group.
    names
        The groups of each channel in words, in the order of their numbers; empty without groups.
    """

    spec: dict[str, Any] | None = None
    names: Mapping[str, list[str]] = field(default_factory=dict)


def group_of(spec: Mapping[str, Any], channel: str, median: Floats, tokens: NDArray[Any] | None) -> NDArray[np.intp]:
    """Sort the pixels of a channel into groups.

    Parameters
    ----------
    spec
        See :class:`PixelGroups`.
    channel
        Name of the channel.
    median
        Predicted medians, of any shape. A median equal to an edge belongs to the bin above the edge.
    tokens
        Labels, broadcast to ``median``; needed for groups by token.

    Returns
    -------
    ndarray
        Number of each pixel's group, from 0, of the shape of ``median``. By token, the last group holds all tokens that
        ``spec`` does not name.
    """
    if spec["by"] == "intensity":
        return np.searchsorted(np.asarray(spec["edges"][channel], np.float32), median, side="right")
    assert tokens is not None
    known = np.asarray(spec["tokens"], dtype=np.int64)
    if not known.size:
        return np.zeros(median.shape, dtype=np.intp)
    place = np.minimum(np.searchsorted(known, tokens), known.size - 1)
    return np.broadcast_to(np.where(known[place] == tokens, place, known.size), median.shape)


def bins_of_intensity(
    channels: Sequence[str], training: Floats, medians: Iterable[Floats], bins: int, smallest: int
) -> PixelGroups:
    """Make bins of the predicted median, channel by channel.

    Parameters
    ----------
    channels
        Names of the channels.
    training
        Predicted medians of training pixels, (N, C). The edges lie at quantiles of these.
    medians
        Predicted medians of the calibration pixels of each channel in turn, flat.
    bins
        Number of bins.
    smallest
        Fewest calibration pixels of a bin; a bin with fewer is joined with a neighbour (see :func:`join_bins`).

    Returns
    -------
    PixelGroups
        The bins as groups.
    """
    edges, names = {}, {}
    for c, (channel, own) in enumerate(zip(channels, medians, strict=True)):
        wanted = np.unique(np.quantile(training[:, c], np.arange(1, bins) / bins).astype(np.float32))
        edges[channel] = [float(edge) for edge in join_bins(wanted, own, smallest)]
        names[channel] = [f"bin {k + 1} of {channel}" for k in range(len(edges[channel]) + 1)]
    return PixelGroups({"by": "intensity", "edges": edges}, names)


def join_bins(edges: Floats, medians: Floats, smallest: int) -> Floats:
    """Leave out edges until each bin holds enough pixels.

    Bins are joined with the next one above; if the last bin is too small, with the one below.

    Parameters
    ----------
    edges
        Inner edges, in rising order.
    medians
        Predicted medians of the calibration pixels, flat.
    smallest
        Fewest pixels of a bin.

    Returns
    -------
    ndarray
        The edges that are kept, float32.
    """
    kept: list[np.float32] = []
    held = np.searchsorted(np.sort(medians), edges, side="left")
    last = 0
    for edge, below in zip(edges, held, strict=True):
        if below - last >= smallest:
            kept.append(edge)
            last = int(below)
    while kept and medians.size - int((medians < kept[-1]).sum()) < smallest:
        kept.pop()
    return np.asarray(kept, dtype=np.float32)


def frequent_tokens(channels: Sequence[str], tokens: NDArray[Any], smallest: int) -> PixelGroups:
    """Make a group for each token that enough calibration pixels have, and one for all other tokens.

    The last group also takes tokens that calibration never saw. Tokens that it saw too seldom for a correction of their
    own are the nearest substitute for these.

    Parameters
    ----------
    channels
        Names of the channels, which share the groups.
    tokens
        Tokens of the calibration pixels, flat.
    smallest
        Fewest pixels of a token with a group of its own.

    Returns
    -------
    PixelGroups
        The groups.
    """
    values, counts = np.unique(tokens, return_counts=True)
    known = values[counts >= smallest].astype(np.int64)
    others = "the smaller tokens" if known.size < values.size else UNSEEN
    names = [*(f"token {value}" for value in known), others]
    return PixelGroups({"by": "token", "tokens": known.tolist()}, dict.fromkeys(channels, names))
