"""Coverage by channel and by groups of pixels, and the realised precision of decisions, by block bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ..calibration.intervals import Calibration
from ..geometry.boxes import Box
from .held_out import HeldOut, Judged, judge
from .metrics import atoms, block_sums, bootstrap_interval, ratio

# Upper ends of the classes of distance to the border, in px: narrow where zero padding could show.
BORDER_EDGES = (1, 2, 4, 8, 16, 32, 64, 128)
# With fewer test scans, their number is too small to tell how scans scatter. Repeats of one group count as one scan.
SCANS_TO_RESAMPLE = 10
GROUP_COLUMNS = ["coverage", "low", "high", "mean_width", "n_pixels", "n_blocks"]


def resampled(regions: Sequence[HeldOut]) -> str:
    """What a bootstrap over these regions draws anew: "blocks" or "scans"."""
    return "scans" if len({region.field for region in regions}) >= SCANS_TO_RESAMPLE else "blocks"


def _shares(
    regions: Sequence[HeldOut],
    values: Sequence[ArrayLike],
    groups: Sequence[ArrayLike],
    n_groups: int,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, NDArray[Any]]:
    """Mean of ``values`` in each group with a bootstrap over the blocks of all regions; arrays (n_groups,).

    From ``SCANS_TO_RESAMPLE`` test scans on, whole scans are drawn instead: scans differ by more than their blocks.
    Scans of one group are repeats of one field of view: their blocks at one place are one, and they are drawn together.
    ``values`` and ``groups`` hold one array per region, broadcast against (R, *box); negative groups are left out.
    """
    sums: dict[tuple[str, Box], NDArray[np.float64]] = {}
    for region, value, group in zip(regions, values, groups, strict=True):
        full = np.broadcast_to(group, region.target.shape[1:])
        own = [block_sums(part, full, region.blocks, region.n_blocks, n_groups) for part in (value, np.ones(()))]
        # The same block of several repeats is one block, as it is in the frames of one scan.
        place = (region.field, region.box)
        sums[place] = sums.get(place, 0.0) + np.stack(own)
    hit, count = np.concatenate(list(sums.values()), axis=1)
    if resampled(regions) == "scans":
        fields: dict[str, NDArray[np.float64]] = {}
        for (field, _), part in sums.items():
            fields[field] = fields.get(field, 0.0) + part.sum(axis=1)
        drawn = np.stack(list(fields.values()), axis=1)
        low, high = bootstrap_interval(drawn[0], drawn[1], draws, rng)
    else:
        low, high = bootstrap_interval(hit, count, draws, rng)
    with np.errstate(invalid="ignore"):
        share = hit.sum(axis=0) / count.sum(axis=0)
    pixels = count.sum(axis=0).astype(int)
    return {"share": share, "low": low, "high": high, "n_pixels": pixels, "n_blocks": (count > 0).sum(axis=0)}


def _mean_width(judged: Sequence[Judged], c: int, groups: Sequence[ArrayLike], n_groups: int) -> NDArray[np.float64]:
    total, pixels = np.zeros(n_groups), np.zeros(n_groups)
    for one, group in zip(judged, groups, strict=True):
        labels = np.broadcast_to(group, one.region.target.shape[1:])
        keep = labels >= 0
        total += np.bincount(labels[keep], weights=one.width[c][keep].astype(np.float64), minlength=n_groups)
        pixels += np.bincount(labels[keep], minlength=n_groups)
    with np.errstate(invalid="ignore"):
        return total / pixels


def channel_coverage(
    regions: Sequence[HeldOut], calibration: Calibration, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Coverage of each channel at each nominal coverage, over all frames.

    Columns channel, nominal, coverage with its 95 % bootstrap interval low and high over what ``resampled`` says
    (blocks or scans), coverage_without_atoms, coverage_of_atoms and the share of atoms among the targets (see
    ``metrics.atoms``), mean_width, zero_width (share of intervals without width), the shares of targets below and above
    the interval, n_pixels, n_blocks, the target in words, and coverage_of_truth, that of the true signal of simulated
    scans (NaN where it is not known).
    """
    counts = calibration.floor == 0
    marked = [
        _split([region.target[c] for region in regions], lambda flat: atoms(flat, counts))
        for c in range(len(calibration.channels))
    ]
    rows = []
    # The same draws for all channels and nominal values: their differences are not blurred by the draws.
    state = rng.bit_generator.state
    for nominal in calibration.nominal:
        judged = [judge(region, calibration, nominal) for region in regions]
        for c, name in enumerate(calibration.channels):
            rng.bit_generator.state = state
            one = [np.zeros((), dtype=np.intp)] * len(regions)
            covered = [part.covered[c] for part in judged]
            result = _shares(regions, covered, one, 1, draws, rng)
            pixels = int(result["n_pixels"][0])
            tied_pixels = sum(int(tied.sum()) for tied in marked[c])
            inside_tied = sum(int(inside[tied].sum()) for inside, tied in zip(covered, marked[c], strict=True))
            inside_all = sum(int(inside.sum()) for inside in covered)
            rows.append(
                {
                    "channel": name,
                    "nominal": nominal,
                    "coverage": float(result["share"][0]),
                    "low": float(result["low"][0]),
                    "high": float(result["high"][0]),
                    "coverage_without_atoms": ratio(inside_all - inside_tied, pixels - tied_pixels),
                    "coverage_of_atoms": ratio(inside_tied, tied_pixels),
                    "atoms": tied_pixels / pixels,
                    "mean_width": float(_mean_width(judged, c, one, 1)[0]),
                    "zero_width": sum(int((part.width[c] == 0).sum()) for part in judged) / pixels,
                    "below": sum(int(part.below[c].sum()) for part in judged) / pixels,
                    "above": sum(int(part.above[c].sum()) for part in judged) / pixels,
                    "n_pixels": pixels,
                    "n_blocks": int(result["n_blocks"][0]),
                    "target": calibration.target,
                    "resampled": resampled(regions),
                    "coverage_of_truth": _truth_coverage(judged, c),
                }
            )
    table = pd.DataFrame(rows)
    order = {name: i for i, name in enumerate(calibration.channels)}
    return table.sort_values(["channel", "nominal"], key=lambda s: s.map(order) if s.name == "channel" else s)


def _truth_coverage(judged: Sequence[Judged], c: int) -> float:
    inside = pixels = 0
    for part in judged:
        if part.region.truth is not None:
            truth = part.region.truth[c]
            inside += int(((part.low[c] <= truth) & (truth <= part.high[c])).sum())
            pixels += part.low[c].size
    return ratio(inside, pixels)


def _split(
    parts: Sequence[NDArray[Any]], function: Callable[[NDArray[Any]], NDArray[np.bool_]]
) -> list[NDArray[np.bool_]]:
    """Apply ``function`` to all values together and cut its result into the shapes of ``parts``."""
    result = function(np.concatenate([part.ravel() for part in parts]))
    cuts = np.cumsum([part.size for part in parts])[:-1]
    return [piece.reshape(part.shape) for piece, part in zip(np.split(result, cuts), parts, strict=True)]


def _grouped(
    regions: Sequence[HeldOut],
    calibration: Calibration,
    groups: Callable[[int], tuple[Sequence[ArrayLike], Sequence[Mapping[str, Any]]]],
    draws: int,
    rng: np.random.Generator,
    columns: Sequence[str],
) -> pd.DataFrame:
    """Coverage by group; ``groups(channel index)`` gives the label arrays and what describes each group."""
    rows = []
    by_channel = [groups(c) for c in range(len(calibration.channels))]
    for nominal in calibration.nominal:
        judged = [judge(region, calibration, nominal) for region in regions]
        for c, name in enumerate(calibration.channels):
            labels, words = by_channel[c]
            result = _shares(regions, [part.covered[c] for part in judged], labels, len(words), draws, rng)
            width = _mean_width(judged, c, labels, len(words))
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
    return pd.DataFrame(rows, columns=["channel", "nominal", *columns, *GROUP_COLUMNS])


def by_intensity(
    regions: Sequence[HeldOut], calibration: Calibration, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Coverage by decile (1 to 10) of the predicted median of a channel, over all frames.

    The deciles are those of the prediction, never of the target: grouping by the target would select its noise.
    Where many medians are equal, deciles join.
    """

    def groups(c: int) -> tuple[Sequence[ArrayLike], Sequence[Mapping[str, Any]]]:
        medians = [region.median[c] for region in regions]
        flat = np.concatenate([part.ravel() for part in medians])
        edges = np.quantile(flat, np.linspace(0, 1, 11))
        labels = [np.searchsorted(edges[1:-1], part, side="right") for part in medians]
        words = [{"decile": d + 1, "median_from": float(edges[d]), "median_to": float(edges[d + 1])} for d in range(10)]
        return labels, words

    return _grouped(regions, calibration, groups, draws, rng, ["decile", "median_from", "median_to"])


def by_token(
    regions: Sequence[HeldOut], calibration: Calibration, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Coverage by token, on the delivered frame alone, which the tokens were made from."""
    known = [region for region in regions if region.tokens is not None]
    if not known:
        return pd.DataFrame(columns=["channel", "nominal", "token", *GROUP_COLUMNS])
    values = np.unique(np.concatenate([np.unique(r.tokens) for r in known if r.tokens is not None]))
    labels = []
    for region in known:
        label = np.full(region.target.shape[1:], -1, dtype=np.intp)
        label[region.delivered] = np.searchsorted(values, np.asarray(region.tokens))
        labels.append(label)
    words = [{"token": int(value)} for value in values]
    return _grouped(known, calibration, lambda c: (labels, words), draws, rng, ["token"])


def by_border(
    regions: Sequence[HeldOut], calibration: Calibration, draws: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Coverage by distance to the border of the image in px (0 is the outermost pixel), over all frames."""
    labels = [np.searchsorted(BORDER_EDGES, region.border, side="right") for region in regions]
    starts, ends = (0, *BORDER_EDGES), (*BORDER_EDGES, math.inf)
    words = [
        {"distance": f"{a}" if b == a + 1 else f"{a} or more" if b == math.inf else f"{a}-{b - 1}"}
        for a, b in zip(starts, ends, strict=True)
    ]
    return _grouped(regions, calibration, lambda c: (labels, words), draws, rng, ["distance"])


def by_block(regions: Sequence[HeldOut], calibration: Calibration) -> pd.DataFrame:
    """Coverage of every block by itself at the primary coverage, over all frames.

    Columns channel, nominal, scan, the first pixel of the block (z), y, x, coverage, mean_width, n_pixels.
    """
    rows = []
    for region in regions:
        part = judge(region, calibration, calibration.primary)
        axes = "zyx"[-len(region.box.lower) :]
        first = [
            np.asarray(ndimage.minimum(grid, region.blocks, np.arange(region.n_blocks)), dtype=int) + low
            for grid, low in zip(np.indices(region.blocks.shape), region.box.lower, strict=True)
        ]
        whole = np.zeros((), dtype=np.intp)
        for c, name in enumerate(calibration.channels):
            counted = [
                block_sums(values, np.broadcast_to(whole, region.target.shape[1:]), region.blocks, region.n_blocks, 1)
                for values in (part.covered[c], part.width[c], np.ones(()))
            ]
            inside, width, pixels = (sums[:, 0] for sums in counted)
            for b in range(region.n_blocks):
                rows.append(
                    {
                        "channel": name,
                        "nominal": calibration.primary,
                        "scan": region.scan,
                        **{axis: int(corner[b]) for axis, corner in zip(axes, first, strict=True)},
                        "coverage": inside[b] / pixels[b],
                        "mean_width": width[b] / pixels[b],
                        "n_pixels": int(pixels[b]),
                    }
                )
    return pd.DataFrame(rows)
