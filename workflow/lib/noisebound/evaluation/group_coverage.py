"""Coverage by predicted intensity, by token, by distance to the border, and of every block by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ..calibration.intervals import Calibration
from .columns import COLUMNS
from .held_out import HeldOut, held_out_intervals
from .metrics import block_sums
from .shares import mean_width, shares

# Upper ends (exclusive) of the classes of distance to the border, in px; narrow where zero padding could show.
BORDER_EDGES = (1, 2, 4, 8, 16, 32, 64, 128)
DECILES = 10
# The groups of one channel: a label array per region, and what describes each group in the table.
Groups = tuple[Sequence[ArrayLike], Sequence[Mapping[str, Any]]]


def by_intensity(regions: Sequence[HeldOut], calibration: Calibration, intervals: bool = True) -> pd.DataFrame:
    """Measure coverage by decile of the predicted median of a channel, over all frames.

    Deciles are those of the prediction, never of the target: groups by the target would select its noise. Where many
    medians are equal, some deciles are empty and have no row.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections.
    intervals
        Whether to compute 95 % intervals; without, they are NaN.

    Returns
    -------
    DataFrame
        One row per nominal coverage, channel and decile (1 to 10), with the columns ``COLUMNS["by_intensity"]``;
        median_from and median_to are the ends of the decile in the unit of the reference.
    """

    def groups(c: int) -> Groups:
        medians = [region.median[c] for region in regions]
        flat = np.concatenate([part.ravel() for part in medians])
        edges = np.quantile(flat, np.linspace(0, 1, DECILES + 1))
        labels = [np.searchsorted(edges[1:-1], part, side="right") for part in medians]
        words = [
            {"decile": d + 1, "median_from": float(edges[d]), "median_to": float(edges[d + 1])} for d in range(DECILES)
        ]
        return labels, words

    return _grouped("by_intensity", regions, calibration, groups, intervals)


def by_token(regions: Sequence[HeldOut], calibration: Calibration, intervals: bool = True) -> pd.DataFrame:
    """Measure coverage by token, on the delivered frame alone, from which the tokens were made.

    Parameters
    ----------
    regions
        Held-out regions; those without tokens are left out.
    calibration
        The corrections.
    intervals
        Whether to compute 95 % intervals; without, they are NaN.

    Returns
    -------
    DataFrame
        One row per nominal coverage, channel and token, with the columns ``COLUMNS["by_token"]``; empty without tokens.
    """
    known = [region for region in regions if region.tokens is not None]
    if not known:
        return pd.DataFrame(columns=COLUMNS["by_token"])
    values = np.unique(np.concatenate([np.unique(r.tokens) for r in known if r.tokens is not None]))
    labels = []
    for region in known:
        label = np.full(region.target.shape[1:], -1, dtype=np.intp)
        label[region.delivered] = np.searchsorted(values, np.asarray(region.tokens))
        labels.append(label)
    words = [{"token": int(value)} for value in values]
    return _grouped("by_token", known, calibration, lambda c: (labels, words), intervals)


def by_border(regions: Sequence[HeldOut], calibration: Calibration, intervals: bool = True) -> pd.DataFrame:
    """Measure coverage by distance to the border of the image, over all frames.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections.
    intervals
        Whether to compute 95 % intervals; without, they are NaN.

    Returns
    -------
    DataFrame
        One row per nominal coverage, channel and class of distance, with the columns ``COLUMNS["by_border"]``; distance
        is text in px such as "2-3", and "0" is the outermost pixel.
    """
    labels = [np.searchsorted(BORDER_EDGES, region.border, side="right") for region in regions]
    starts, ends = (0, *BORDER_EDGES), (*BORDER_EDGES, math.inf)
    words = [
        {"distance": f"{a}" if b == a + 1 else f"{a} or more" if b == math.inf else f"{a}-{b - 1}"}
        for a, b in zip(starts, ends, strict=True)
    ]
    return _grouped("by_border", regions, calibration, lambda c: (labels, words), intervals)


def _grouped(
    table: str,
    regions: Sequence[HeldOut],
    calibration: Calibration,
    groups: Callable[[int], Groups],
    intervals: bool,
) -> pd.DataFrame:
    """Coverage by group, with the columns of a ``table``; ``groups`` gives those of a channel, by its number."""
    rows = []
    by_channel = [groups(c) for c in range(len(calibration.channels))]
    for nominal in calibration.nominal:
        parts = [held_out_intervals(region, calibration, nominal) for region in regions]
        for c, name in enumerate(calibration.channels):
            labels, words = by_channel[c]
            result = shares(regions, [part.covered[c] for part in parts], labels, len(words), intervals)
            width = mean_width(parts, c, labels, len(words))
            for g, about in enumerate(words):
                if result["n_pixels"][g]:
                    rows.append(
                        {
                            "channel": name,
                            "nominal": nominal,
                            **about,
                            "coverage": float(result["share"][g]),
                            "low": float(result["low"][g]),
                            "high": float(result["high"][g]),
                            "mean_width": float(width[g]),
                            "n_pixels": int(result["n_pixels"][g]),
                            "n_blocks": int(result["n_blocks"][g]),
                        }
                    )
    return pd.DataFrame(rows, columns=COLUMNS[table])


def by_block(regions: Sequence[HeldOut], calibration: Calibration) -> pd.DataFrame:
    """Measure the coverage of every single block at the primary coverage, over all frames.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections.

    Returns
    -------
    DataFrame
        One row per region, channel and block: channel, nominal, scan, the first pixel of the block in the scan ([z], y,
        x), coverage, mean_width (in the unit of the reference) and n_pixels.
    """
    rows = []
    for region in regions:
        part = held_out_intervals(region, calibration, calibration.primary)
        corners = _first_pixels(region)
        whole = np.broadcast_to(np.zeros((), dtype=np.intp), region.target.shape[1:])
        for c, name in enumerate(calibration.channels):
            counted = [
                block_sums(values, whole, region.blocks, region.n_blocks, 1)
                for values in (part.covered[c], part.width[c], np.ones(()))
            ]
            inside, width, pixels = (sums[:, 0] for sums in counted)
            for b in range(region.n_blocks):
                rows.append(
                    {
                        "channel": name,
                        "nominal": calibration.primary,
                        "scan": region.scan,
                        **{axis: int(corner[b]) for axis, corner in corners.items()},
                        "coverage": inside[b] / pixels[b],
                        "mean_width": width[b] / pixels[b],
                        "n_pixels": int(pixels[b]),
                    }
                )
    return pd.DataFrame(rows)


def _first_pixels(region: HeldOut) -> dict[str, NDArray[np.intp]]:
    """First pixel of each block in the scan, (n_blocks,) for each axis z, y, x."""
    axes, lower = "zyx"[-len(region.box.lower) :], region.box.lower
    return {
        axis: np.asarray(ndimage.minimum(grid, region.blocks, np.arange(region.n_blocks)), dtype=int) + low
        for axis, grid, low in zip(axes, np.indices(region.blocks.shape), lower, strict=True)
    }
