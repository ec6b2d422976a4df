"""Fitting ``calibration.json``: what the predicted intervals need to cover the reference at a stated rate.

Scores come from the calibrate regions, every frame predicted on its own and compared with its own target; module
``conformal`` turns them into corrections, for pixels or for scans as ``exchangeability`` explains.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .calibration import read_tokens
from .conformal import SCORES, Floats, Score, corrections, one_sided, side_scores
from .errors import InputError
from .exchangeability import (
    UNITS,
    Unit,
    check_scans,
    choose_unit,
    choose_units,
    count_scans,
    explain_choice,
    needed_scans,
)
from .latent import load_sample
from .predictions import Predictions, nominal_key
from .regions import Box, Regions
from .scans import Scan
from .storage import write_json

logger = logging.getLogger("noisebound")

SCALES = ("none", "width")
GROUPS = ("none", "intensity", "token")
TIES = ("cover", "random")
UNSEEN = "tokens not seen in calibration"
GROUP_WORDS = {"none": "", "intensity": "bin of predicted intensity", "token": "token"}
UNIT_KEYS = ("auto", "pixel", "scan", "pac")
TRUE_TARGET = "the true signal, which is the reference of these simulated scans"
# Bins of the predicted median behind the estimate of the mean.
MEAN_BINS = 20


@dataclass(frozen=True)
class Mode:
    """How scores are formed and which pixels share a correction: the keys of the section ``calibration``."""

    score: Score = "symmetric"
    scale: str = "none"
    groups: str = "none"
    ties: str = "cover"

    @property
    def sides(self) -> int:
        """Ends that have a miss rate of their own."""
        return 2 if self.score == "asymmetric" else 1

    @property
    def name(self) -> str:
        """In words, for tables."""
        words = [str(self.score)]
        words += ["scaled by width"] if self.scale == "width" else []
        words += {"none": [], "intensity": ["by intensity"], "token": ["by token"]}[self.groups]
        words += ["ties at random"] if self.ties == "random" else []
        return ", ".join(words)


# What is laid beside the mode that was asked for, so that a user can choose.
OTHERS = (
    Mode(),
    Mode(score="asymmetric"),
    Mode(scale="width"),
    Mode(groups="intensity"),
    Mode(scale="width", groups="intensity"),
    Mode(groups="token"),
)


@dataclass
class _Pixels:
    """Calibration pixels of one field of view: per channel, lists of flat float32 arrays, one per box and frame.

    ``whole`` says that the whole scan served calibration, so that it is like a further scan; ``tokens`` parallel to the
    arrays of a channel; ``frames`` is the number of frames, over all repeats.
    """

    name: str
    whole: bool
    lower: list[list[Floats]]
    median: list[list[Floats]]
    upper: list[list[Floats]]
    target: list[list[Floats]]
    tokens: list[NDArray[Any]] = field(default_factory=list)
    frames: int = 0

    @classmethod
    def empty(cls, name: str, whole: bool, n_channels: int) -> Self:
        """Without pixels yet."""
        lower, median, upper, target = ([[] for _ in range(n_channels)] for _ in range(4))  # type: ignore[var-annotated]
        return cls(name, whole, lower, median, upper, target)

    def channel(self, c: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Lower, median, upper and target of one channel."""
        lower, median, upper, target = (
            np.concatenate(of[c]) for of in (self.lower, self.median, self.upper, self.target)
        )
        return lower, median, upper, target


@dataclass
class _Pool:
    """All calibration pixels by field of view, and where they came from."""

    channels: tuple[str, ...]
    levels: tuple[float, ...]
    fields: dict[str, _Pixels] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    n_blocks: int = 0

    def add(
        self,
        ensemble: Predictions,
        scan: Scan,
        regions: Regions,
        block: int,
        tokens: NDArray[Any] | None,
    ) -> None:
        boxes = regions.of("calibrate")
        # Repeats of one field of view are one thing to exchange; a scan that taught the networks is like no other.
        name = f"group {scan.group}" if scan.group else f"scan {scan.name}"
        whole = len(boxes) == len(regions.boxes)
        own = self.fields.setdefault(name, _Pixels.empty(name, whole, len(self.channels)))
        own.whole &= whole
        frames = range(ensemble.n_frames) if tokens is None else [ensemble.frame]
        own.frames += len(frames)
        for k in frames:
            for box in boxes:
                images = (*ensemble.read_frame(k, box.slices), scan.read_target(k, box.slices))
                for c, channel in enumerate(self.channels):
                    if not np.isfinite(images[3][c]).all():
                        raise InputError(
                            f"channel {channel!r} of a reference is not finite in a calibrate region",
                            file=scan.path,
                            remedy="repair the reference or leave that place out of the calibrate regions",
                        )
                    for of, image in zip((own.lower, own.median, own.upper, own.target), images, strict=True):
                        of[c].append(image[c].ravel())
                if tokens is not None:
                    own.tokens.append(tokens[box.slices].ravel())
        self.n_blocks += count_blocks(boxes, block)
        self.sources.append(
            {
                "scan": scan.name,
                "boxes": len(boxes),
                "frames": len(frames),
                "pixels": len(frames) * sum(box.size for box in boxes),
            }
        )
        words = describe_target(scan, boxes)
        if words not in self.targets:
            self.targets.append(words)

    def together(self, c: int, name: str) -> Floats:
        """One of lower, median, upper and target of a channel, over all fields of view."""
        return np.concatenate([part for own in self.fields.values() for part in getattr(own, name)[c]])

    @property
    def whole(self) -> list[_Pixels]:
        """Fields of view that served calibration alone: what a statement about further scans rests on."""
        return [own for own in self.fields.values() if own.whole]


def describe_target(scan: Scan, boxes: Sequence[Box]) -> str:
    """In words, what the intervals of ``scan`` are meant to cover in the ``boxes``."""
    if scan.has_truth and all(
        np.array_equal(scan.read_truth(box.slices), scan.read_target(k, box.slices))  # type: ignore[arg-type]
        for k in range(scan.n_frames if scan.reference_kind == "leave-one-out" else 1)
        for box in boxes
    ):
        return TRUE_TARGET
    if scan.reference_kind == "leave-one-out":
        return f"the mean of the other {scan.n_frames - 1} frames, noisy itself"
    return "the reference measurement, noisy itself"


def count_blocks(boxes: Sequence[Box], block: int) -> int:
    """Number of blocks of ``block`` px per axis that the boxes are cut into (remainders join their neighbour)."""
    return sum(math.prod(max(1, round(extent / block)) for extent in box.shape) for box in boxes)


def _check_settings(
    nominal: Sequence[float], primary: float, mode: Mode, unit: str, levels: Sequence[float], confidence: float
) -> None:
    for key, values in (
        ("calibration.nominal", nominal),
        ("decisions.exceed.confidence", levels),
        ("calibration.confidence", [confidence]),
    ):
        for value in values:
            if not 0 < value < 1:
                raise InputError("not a probability", key=key, value=value, remedy="give numbers between 0 and 1")
    if nominal_key(primary) not in map(nominal_key, nominal):
        raise InputError(
            f"not among calibration.nominal {list(nominal)}",
            key="calibration.primary",
            value=primary,
            remedy="add it to calibration.nominal",
        )
    for key, word, known in (
        ("score", mode.score, SCORES),
        ("scale", mode.scale, SCALES),
        ("groups", mode.groups, GROUPS),
        ("ties", mode.ties, TIES),
        ("unit", unit, UNIT_KEYS),
    ):
        if word not in known:
            raise InputError(f"unknown {key}", key=f"calibration.{key}", value=word, remedy=f"use {' or '.join(known)}")


@dataclass
class _Groups:
    """Which pixels share a correction; ``spec`` as in ``Calibration``, ``labels[c]`` per field of view.

    ``names[c]`` names each group in words.
    """

    spec: dict[str, Any] | None
    labels: list[dict[str, NDArray[np.uint16]]]
    names: list[list[str]]


def _join_bins(edges: NDArray[np.float32], medians: Floats, smallest: int) -> NDArray[np.float32]:
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


def _group(
    pool: _Pool, kind: str, bins: int, smallest: int, training: NDArray[np.float32] | None, eligible: Sequence[_Pixels]
) -> _Groups:
    """Groups that no calibration target had a part in: bins of the median at quantiles of training pixels, or tokens.

    Groups with fewer than ``smallest`` pixels are joined: bins with the next, tokens with all other such tokens. The
    latter are the last group, which also takes tokens that calibration never saw: those it saw too seldom for a
    correction of their own are the nearest to them that there is.
    """
    channels = range(len(pool.channels))
    if kind == "none":
        return _Groups(None, [{} for _ in channels], [[] for _ in channels])
    if kind == "token":
        together = np.concatenate([part for own in eligible for part in own.tokens])
        values, counts = np.unique(together, return_counts=True)
        known = values[counts >= smallest].astype(np.int64)
        labels = {}
        for own in pool.fields.values():
            tokens = np.concatenate(own.tokens)
            place = np.minimum(np.searchsorted(known, tokens), max(known.size - 1, 0))
            inside = known[place] == tokens if known.size else np.zeros(tokens.shape, dtype=bool)
            labels[own.name] = np.where(inside, place, known.size).astype(np.uint16)
        others = "the smaller tokens" if known.size < values.size else UNSEEN
        names = [*(f"token {value}" for value in known), others]
        return _Groups({"by": "token", "tokens": known.tolist()}, [labels for _ in channels], [names for _ in channels])
    assert training is not None
    edges, all_labels = {}, []
    for c in channels:
        wanted = np.unique(np.quantile(training[:, c], np.arange(1, bins) / bins).astype(np.float32))
        medians = np.concatenate([part for own in eligible for part in own.median[c]])
        chosen = _join_bins(wanted, medians, smallest)
        edges[pool.channels[c]] = [float(edge) for edge in chosen]
        all_labels.append(
            {
                own.name: np.searchsorted(chosen, np.concatenate(own.median[c]), side="right").astype(np.uint16)
                for own in pool.fields.values()
            }
        )
    all_names = [[f"bin {k + 1} of {name}" for k in range(len(edges[name]) + 1)] for name in pool.channels]
    return _Groups({"by": "intensity", "edges": edges}, all_labels, all_names)


class _Fitter:
    """Corrections of one mode: scores of each channel once, thresholds for any coverage, unit and group."""

    def __init__(self, pool: _Pool, mode: Mode, groups: _Groups, confidence: float) -> None:
        self.pool, self.mode, self.groups, self.confidence = pool, mode, groups, confidence

    def channel(
        self, c: int, nominal: Mapping[float, Unit], levels: Mapping[float, Unit]
    ) -> tuple[dict[float, dict[str, Any]], dict[float, dict[str, Any]]]:
        """Entries of channel ``c`` for two-sided ``nominal`` coverages and one-sided ``levels``, each with its unit."""
        everything, whole = list(self.pool.fields.values()), self.pool.whole
        needed = everything if "pixel" in {*nominal.values(), *levels.values()} else whole
        scores = {own.name: self._scores(own, c) for own in needed}

        def parts(unit: Unit, group: int | None) -> tuple[Any, Any]:
            fields = everything if unit == "pixel" else whole
            lows, highs = [], []
            for own in fields:
                low, high = scores[own.name]
                if group is not None:
                    inside = self.groups.labels[c][own.name] == group
                    low, high = low[inside], high[inside]
                lows.append(low)
                highs.append(high)
            return (np.concatenate(lows), np.concatenate(highs)) if unit == "pixel" else (lows, highs)

        def entry(value: float, unit: Unit, group: int | None, two_sided: bool) -> dict[str, Any]:
            low, high = parts(unit, group)
            if two_sided:
                ties = self.mode.ties == "random"
                return corrections(low, high, value, self.mode.score, unit, self.confidence, ties)
            return one_sided(low, high, value, unit, self.confidence)

        tables: list[dict[float, dict[str, Any]]] = []
        for two_sided, wanted in ((True, nominal), (False, levels)):
            table: dict[float, dict[str, Any]] = {}
            for value, unit in wanted.items():
                table[value] = entry(value, unit, None, two_sided)
                if self.groups.spec is not None:
                    own = [entry(value, unit, group, two_sided) for group in range(len(self.groups.names[c]))]
                    # A group that too few pixels or scans have takes the correction of all, which promises it nothing.
                    table[value]["groups"] = [
                        dict(table[value]) | {"of_all": True} if part["k"] > part["n"] else part for part in own
                    ]
            tables.append(table)
        _nest(tables[0])
        return tables[0], tables[1]

    def _scores(self, own: _Pixels, c: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lower, median, upper, target = own.channel(c)
        low, high = side_scores(lower, upper, target, self.mode.scale == "width")
        if self.mode.ties == "random":
            # The interval always holds the median, so a target equal to it is covered whatever the correction.
            held = target == median
            low[held] = high[held] = -np.inf
        return low, high


def _nest(table: dict[float, dict[str, Any]]) -> None:
    """Widen intervals, in place, so that each holds those of smaller coverage; units that differ may not do so."""

    def widen(part: dict[str, Any], smaller: dict[str, Any]) -> None:
        for side in ("lower", "upper"):
            ends = [(entry[side], entry.get(f"{side}_share", 1.0)) for entry in (part, smaller)]
            if ends[1] > ends[0]:
                part[side] = ends[1][0]
                if f"{side}_share" in part:
                    part[f"{side}_share"] = ends[1][1]

    ordered = sorted(table)
    for small, large in pairwise(ordered):
        widen(table[large], table[small])
        for part, smaller in zip(table[large].get("groups", []), table[small].get("groups", []), strict=True):
            widen(part, smaller)


def fit_mean(median: Floats, target: Floats, bins: int = MEAN_BINS) -> dict[str, list[float]]:
    """Knots of the shift from the median to the mean: {"median": [...], "shift": [...]}, both of one length.

    ``median`` and ``target`` are flat and parallel. The pixels are cut into up to ``bins`` equally large classes of the
    predicted median; a knot is the mean of a class's medians and the mean of what its targets exceed them by. Between
    knots the shift is linear, beyond them constant. A last constant makes the mean over all these pixels exact.
    """
    order = np.argsort(median, kind="stable")
    sums = []
    for part in np.array_split(order, min(bins, max(1, median.size // 100))):
        sums.append((median[part].mean(dtype=np.float64), (target[part].astype(np.float64) - median[part]).mean()))
    merged: dict[float, list[float]] = {}
    for knot, shift in sums:
        merged.setdefault(float(knot), []).append(float(shift))
    knots, shifts = list(merged), [float(np.mean(values)) for values in merged.values()]
    added = np.interp(median, knots, shifts)
    rest = float((target.astype(np.float64) - median - added).mean())
    return {"median": knots, "shift": [shift + rest for shift in shifts]}


def fit_calibration(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    output: str | Path,
    *,
    nominal: Sequence[float],
    primary: float,
    score: Score = "symmetric",
    scale: str = "none",
    groups: str = "none",
    bins: int = 5,
    smallest_group: int = 1000,
    ties: str = "cover",
    confidences: Sequence[float] = (),
    counts: bool = False,
    unit: str = "auto",
    confidence: float = 0.95,
    block: int = 16,
    sample: str | Path | None = None,
    tokens: Sequence[str | Path] = (),
) -> None:
    """Fit the corrections on the calibrate regions of all scans and write ``calibration.json``.

    ``ensembles``, ``scans`` and ``regions`` are parallel lists of files. ``confidences`` are those of one-sided bounds;
    ``counts`` puts a floor of 0 under the intervals; ``block`` (px) only states how many roughly independent places
    there were. ``unit`` is auto, pixel, scan or pac (see ``exchangeability``), ``confidence`` that of pac. For the
    units scan and pac, only scans that served calibration as a whole count, repeats of one group as one.

    ``groups`` "intensity" gives each bin of the predicted median its own corrections, with ``bins`` bins at quantiles
    of the training pixels in ``sample`` (``latent/sample.npz``); "token" each token, from the label TIFFs ``tokens``,
    named <scan>.tif. A token map belongs to the delivered frame alone, so only that frame is then used: under
    leave-one-out, the others have it in their target.

    The corrections of other modes at the primary coverage are written beside, as "others", for comparison.

    Raises ``InputError`` where no scan has calibrate regions, one that has lacks a reference, channels differ, or the
    unit asked for takes more scans than there are.
    """
    mode = Mode(score, scale, groups, ties)
    _check_settings(nominal, primary, mode, unit, confidences, confidence)
    if groups == "intensity" and sample is None:
        raise InputError(
            "bins of intensity are those of training pixels, and none are given",
            key="calibration.groups",
            value=groups,
            remedy="give latent/sample.npz",
        )
    maps = {Path(path).stem: path for path in tokens} if groups == "token" else None
    pool = _read_pool(ensembles, scans, regions, block, maps)
    n_whole = len(pool.whole)
    check_scans(
        unit,
        n_whole,
        {"calibration.nominal": nominal, "decisions.exceed.confidence": confidences},
        confidence,
        mode.sides,
    )
    units = choose_units(unit, n_whole, nominal, primary, confidence, mode.sides)
    bound_units = choose_units(unit, n_whole, [*confidences, primary], primary, confidence)
    training = None if sample is None else load_sample(sample).medians

    def fitter(of: Mode, primary_unit: Unit) -> _Fitter:
        eligible = list(pool.fields.values()) if primary_unit == "pixel" else pool.whole
        return _Fitter(pool, of, _group(pool, of.groups, bins, smallest_group, training, eligible), confidence)

    chosen = fitter(mode, units[primary])
    fitted: dict[str, dict[str, Any]] = {nominal_key(value): {} for value in nominal}
    bounds: dict[str, dict[str, Any]] = {nominal_key(value): {} for value in confidences}
    infinite: list[str] = []
    borrowed: dict[str, list[str]] = {}  # by group, where it takes the correction of all pixels
    for c, name in enumerate(pool.channels):
        tables = chosen.channel(c, units, {value: bound_units[value] for value in confidences})
        for table, found, words in zip((fitted, bounds), tables, ("nominal", "confidence"), strict=True):
            for value, entry in found.items():
                table[nominal_key(value)][name] = _plain(entry)
                infinite += [f"{words} {nominal_key(value)} in channel {name}"] if entry["k"] > entry["n"] else []
                for group, part in zip(chosen.groups.names[c], entry.get("groups", []), strict=True):
                    at = f"{words} {nominal_key(value)}"
                    if part.get("of_all") and group != UNSEEN and at not in borrowed.get(group, []):
                        borrowed.setdefault(group, []).append(at)
    for words in infinite:
        logger.warning("too few calibration pixels for %s: the interval is infinite", words)

    others = []
    for other in OTHERS:
        ready = {"none": True, "intensity": sample is not None, "token": groups == "token"}[other.groups]
        if other == mode or not ready:
            continue
        one = choose_unit(unit, n_whole, primary, confidence, other.sides) if unit == "auto" else units[primary]
        if n_whole < needed_scans(one, primary, confidence, other.sides):
            continue
        others.append(_describe(other, one, fitter(other, one), primary))
        logger.info("fitted for comparison: %s", other.name)

    for other_unit in UNITS:
        if other_unit == units[primary] or n_whole < needed_scans(other_unit, primary, confidence, mode.sides):
            continue
        fit_other = fitter(mode, other_unit)
        others.append(_describe(mode, other_unit, fit_other, primary))

    bound_levels = {value: bound_units[value] for value in confidences}
    target = " or ".join(pool.targets)
    reason = explain_choice(unit, n_whole, units, confidence, mode.sides)
    write_json(
        output,
        {
            "unit": unit,
            "units": {nominal_key(value): chosen_unit for value, chosen_unit in units.items()},
            "unit_reason": reason,
            "confidence": float(confidence),
            "score": score,
            "scale": scale,
            "groups": chosen.groups.spec,
            "ties": ties == "random",
            "mode": mode.name,
            "levels": list(pool.levels),
            "channels": list(pool.channels),
            "nominal": [float(value) for value in nominal],
            "primary": float(primary),
            "floor": 0.0 if counts else None,
            "corrections": fitted,
            "one_sided": bounds,
            "one_sided_units": {nominal_key(value): taken for value, taken in bound_levels.items()},
            "mean": {
                name: fit_mean(pool.together(c, "median"), pool.together(c, "target"))
                for c, name in enumerate(pool.channels)
            },
            "others": others,
            "target": target,
            "guarantee": " ".join(
                [
                    _promise(pool, target, primary, units[primary], confidence, block, mode),
                    *_caveats(pool, primary, units, bound_levels, confidence, mode, smallest_group, borrowed, infinite),
                ]
            ),
            "sources": pool.sources,
            "n_scans": len(pool.sources),
            "n_whole_scans": n_whole,
            "n_blocks": pool.n_blocks,
            "block": int(block),
            "n_frames": sum(source["frames"] for source in pool.sources),
            "n_pixels": sum(source["pixels"] for source in pool.sources),
        },
    )


def _describe(mode: Mode, unit: Unit, fitter: _Fitter, primary: float) -> dict[str, Any]:
    """One entry of "others": a mode with its corrections at the primary coverage."""
    entries = {
        name: _plain(fitter.channel(c, {primary: unit}, {})[0][primary]) for c, name in enumerate(fitter.pool.channels)
    }
    return {
        "name": mode.name,
        "score": mode.score,
        "scale": mode.scale,
        "groups": fitter.groups.spec,
        "ties": mode.ties == "random",
        "unit": unit,
        "corrections": {nominal_key(primary): entries},
    }


def _read_pool(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    block: int,
    tokens: Mapping[str, str | Path] | None,
) -> _Pool:
    pool: _Pool | None = None
    for ensemble_file, scan_file, region_file in zip(ensembles, scans, regions, strict=True):
        areas = Regions.read(region_file)
        if not areas.of("calibrate"):
            continue
        with Predictions(ensemble_file) as ensemble, Scan(scan_file) as scan:
            if not scan.has_reference or not ensemble.n_frames:
                raise InputError(
                    "the scan has calibrate regions but no reference to calibrate against",
                    file=scan_file,
                    remedy="name its reference in the scan sheet, or give it the role apply",
                )
            channels = tuple(ensemble.channels)
            if pool is None:
                pool = _Pool(channels, ensemble.levels)
            if channels != pool.channels:
                raise InputError(
                    f"channels {list(channels)} differ from those of the other scans, {list(pool.channels)}",
                    file=ensemble_file,
                    remedy="give all scans of a run the same channels in the same order",
                )
            labels = read_tokens(tokens[scan.name], scan.shape) if tokens is not None else None
            pool.add(ensemble, scan, areas, block, labels)
    if pool is None:
        raise InputError(
            "no scan has a region to calibrate on",
            key="role",
            remedy="give a scan with a reference the role calibrate, or draw cells C into regions.layout",
        )
    return pool


def _promise(pool: _Pool, target: str, primary: float, unit: Unit, confidence: float, block: int, mode: Mode) -> str:
    """What is promised at the primary coverage, and about what, in words."""
    share, percent = _in_100(primary), _in_100(confidence)
    interval = f"intervals of nominal coverage {nominal_key(primary)}"
    covered = "Covered is that measurement, not the true signal behind it."
    if TRUE_TARGET in pool.targets:
        covered = "Elsewhere, what is covered is a measurement, not the true signal behind it."
        covered = "Covered is the true signal itself." if len(pool.targets) == 1 else covered
    single = "no guarantee for a single pixel, or for a region picked because it looks unusual"
    kind = GROUP_WORDS[mode.groups]
    if unit == "pixel":
        pixels = sum(source["pixels"] for source in pool.sources)
        fields = "this field of view" if len(pool.sources) == 1 else f"these {len(pool.sources)} fields of view"
        return (
            f"Per pixel and channel, approximately: {interval} hold {target}, in about {share} of 100 pixels of "
            f"{fields} taken together (other nominal coverages likewise)"
            + (f", and of each {kind} in them" if kind else "")
            + f". The corrections were counted on {pixels} pixels in {pool.n_blocks} blocks of {block} px that no "
            "network was trained on; neighbouring pixels resemble each other, so coverage in a given region scatters "
            f"more than that number of pixels suggests. {covered} There is no guarantee at scan level: none for "
            "another field of view, none for a single pixel or a region picked because it looks unusual."
        )
    scans = count_scans(len(pool.whole))
    having = f" of each {kind}, in the mean over further scans that have it" if kind else ""
    nothing = (
        f" Nothing is promised for all pixels of a scan taken together: a scan may have more of a {kind} just where "
        "that is harder."
        if kind
        else ""
    )
    if unit == "scan":
        pixels_of = having or " of a further scan, in the mean over further scans"
        return (
            f"At scan level, on average: {interval} hold {target}, in at least {share} of 100 pixels{pixels_of} and "
            f"over the choice of the {scans} that served calibration, in each channel by itself, provided that all "
            f"are drawn from one population in the same way.{nothing} Each of these scans weighs the same, and no "
            "assumption is made about how the pixels of a scan resemble each other. A single scan can have less: this "
            f"is a mean. {covered} There is {single}."
        )
    first = having or " of further scans, in their mean"
    second = f"each of at least {share} of 100 further scans"
    if kind:
        second = f"each {kind}, in {second} that have it"
    each = f"nominal coverage, {kind} and statement" if kind else "nominal coverage and statement"
    return (
        f"At scan level, with {percent} % confidence in the choice of the {scans} that served calibration: {interval} "
        f"hold {target}, in at least {share} of 100 pixels{first}; and, with the same confidence, in at least {share} "
        f"of 100 pixels of {second}; provided that all scans are drawn independently from one population. This is so "
        f"in each channel by itself: the confidence is that of each channel, {each}, not of all together."
        f"{nothing} No assumption is made about how the pixels of a scan resemble each other. {covered} There is "
        f"{single}."
    )


def _caveats(
    pool: _Pool,
    primary: float,
    units: Mapping[float, Unit],
    bounds: Mapping[float, Unit],
    confidence: float,
    mode: Mode,
    smallest: int,
    borrowed: Mapping[str, Sequence[str]],
    infinite: Sequence[str],
) -> list[str]:
    """What else belongs to the promise, one sentence each: other units, frames, groups, ties and infinite intervals.

    ``borrowed`` holds, for groups that take the correction of all pixels, the coverages at which they do.
    """
    words = []
    for unit in UNITS:
        levels = [nominal_key(value) for value, taken in units.items() if taken == unit]
        sides = [nominal_key(value) for value, taken in bounds.items() if taken == unit]
        where = [f"nominal coverage {', '.join(levels)}"] if levels else []
        where += [f"one-sided bounds, and decisions by them, at {', '.join(sides)}"] if sides else []
        if unit != units[primary] and where:
            means = {
                "pixel": "is about pixels of the calibrated fields of view, approximately, not about further scans",
                "scan": "is about further scans, on average",
                "pac": f"is about further scans, with {_in_100(confidence)} % confidence",
            }[unit]
            words.append(f"Another promise holds for {' and for '.join(where)}: it {means} (unit {unit}).")
    if units[primary] != "pixel" and any(own.frames > 1 for own in pool.whole):
        words.append(
            "A scan stands for all its frames and repeats, as many as those in calibration have; a single frame of it "
            "can have less."
        )
    if mode.groups == "token":
        words.append(
            f"Tokens with fewer than {smallest} calibration pixels count together as one. Tokens that calibration "
            "never saw take the correction of these, or where there are none that of all pixels; nothing is promised "
            "for them. Tokens belong to the delivered frame, so only that frame was counted."
        )
    if borrowed:
        named = "; ".join(f"{group} (at {', '.join(values)})" for group, values in borrowed.items())
        words.append(
            f"Too few calibration pixels or scans have {named}: there the correction of all pixels is taken, and "
            "nothing is promised for these by themselves."
        )
    if mode.ties == "random":
        words.append(
            "Ties are broken at random, by a number drawn for each pixel, so that coverage is not more than asked for "
            "where many values are equal."
        )
    if infinite:
        words.append(
            f"Too few pixels for {'; '.join(infinite)}: those intervals are infinite rather than falsely finite."
        )
    return words


def _in_100(share: float) -> str:
    return nominal_key(round(100 * share, 6))


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: it is written as a word."""
    plain: dict[str, Any] = {}
    for key, value in entry.items():
        if key == "groups":
            plain[key] = [_plain(part) for part in value]
        else:
            plain[key] = "inf" if value == math.inf else "-inf" if value == -math.inf else value
    return plain
