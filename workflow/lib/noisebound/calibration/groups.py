"""Which pixels share a correction: those in one bin of predicted intensity, or of one token (Mondrian groups).

A group follows from predictions and tokens alone; no calibration target has a part in it. Calibration and delivery
sort pixels by the same function, ``group_of``.
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
    """The group of each pixel of a ``channel``, counted from 0, of the shape of ``median``.

    Parameters
    ----------
    spec
        See :class:`PixelGroups`.
    channel
        Its name.
    median
        Predicted medians. By intensity, an edge belongs to the bin above it.
    tokens
        Labels, broadcast against ``median``. By token, the last group holds all tokens that ``spec`` does not name.
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
    """Bins of the predicted median, channel by channel.

    Parameters
    ----------
    channels
        Their names.
    training
        Medians of training pixels (N, C), at whose quantiles the edges lie.
    medians
        Those of the calibration pixels (flat), of each channel in turn.
    bins
        Number of bins.
    smallest
        Bins that hold fewer calibration pixels are joined with the next.
    """
    edges, names = {}, {}
    for c, (channel, own) in enumerate(zip(channels, medians, strict=True)):
        wanted = np.unique(np.quantile(training[:, c], np.arange(1, bins) / bins).astype(np.float32))
        edges[channel] = [float(edge) for edge in join_bins(wanted, own, smallest)]
        names[channel] = [f"bin {k + 1} of {channel}" for k in range(len(edges[channel]) + 1)]
    return PixelGroups({"by": "intensity", "edges": edges}, names)


def join_bins(edges: Floats, medians: Floats, smallest: int) -> Floats:
    """Leave out edges of bins until each bin holds ``smallest`` of the predicted ``medians`` or more."""
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
    """A group for each of the calibration pixels' ``tokens`` (flat) that ``smallest`` of them or more have.

    All other tokens are the last group, which also takes those that calibration never saw: the tokens it saw too seldom
    for a correction of their own are the nearest to them that there is.
    """
    values, counts = np.unique(tokens, return_counts=True)
    known = values[counts >= smallest].astype(np.int64)
    others = "the smaller tokens" if known.size < values.size else UNSEEN
    names = [*(f"token {value}" for value in known), others]
    return PixelGroups({"by": "token", "tokens": known.tolist()}, dict.fromkeys(channels, names))
