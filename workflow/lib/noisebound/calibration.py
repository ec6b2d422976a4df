"""Conformalised quantile regression: what the predicted intervals need to cover the reference at a stated rate.

The correction of a channel is an exact order statistic of the scores of held-out reference pixels (module
``conformal``). Scores are taken from the stored float32 images, and every rounding on the way to the delivered
float32 goes outwards, so that what was counted during calibration also holds for the delivered numbers.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from .conformal import SCORES, Doubles, Floats, Score, corrections, one_sided, round_outwards, subtract_up
from .errors import InputError
from .ometiff import write_ome_tiff
from .predictions import KINDS, Predictions, Region, create_denoised, nominal_key
from .regions import Box, Regions
from .scans import Scan
from .storage import read_json, sha256_file, write_json

logger = logging.getLogger("noisebound")

SIDES = ("lower", "upper")


@dataclass(frozen=True)
class Calibration:
    """The content of ``calibration/calibration.json``, and its application to predicted images.

    ``corrections[nominal][channel]`` and ``one_sided[confidence][channel]`` hold {"lower", "upper", "n", "k"};
    ``floor`` is the smallest value an interval end may take (0 for counts) or None.
    """

    content: dict[str, Any]
    path: Path | None = None

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read ``calibration.json``. Raises ``InputError`` where it is missing or lacks a key."""
        content = read_json(path)
        missing = [key for key in ("channels", "nominal", "primary", "corrections", "floor") if key not in content]
        if missing:
            raise InputError(
                f"not a calibration, {', '.join(missing)} missing",
                file=path,
                remedy="delete it and run the step fit_calibration again",
            )
        return cls(content, Path(path))

    @property
    def channels(self) -> tuple[str, ...]:
        """Names in the order of the images' first axis."""
        return tuple(self.content["channels"])

    @property
    def nominal(self) -> tuple[float, ...]:
        """Nominal coverages that intervals exist for."""
        return tuple(self.content["nominal"])

    @property
    def primary(self) -> float:
        """Nominal coverage of the interval that is delivered as lower and upper."""
        return float(self.content["primary"])

    @property
    def floor(self) -> float | None:
        """Smallest value an interval end may take, or None."""
        return None if self.content["floor"] is None else float(self.content["floor"])

    @property
    def target(self) -> str:
        """What is covered, in words."""
        return str(self.content["target"])

    @property
    def guarantee(self) -> str:
        """What is promised, in words."""
        return str(self.content["guarantee"])

    def check_channels(self, channels: Sequence[str], file: str | Path) -> None:
        """Raise ``InputError`` unless ``channels`` are the calibrated ones in their order."""
        if tuple(channels) != self.channels:
            raise InputError(
                f"channels {list(channels)} are not the calibrated ones {list(self.channels)}",
                file=file,
                key="data.channels",
                remedy="run the workflow again, so that all steps see the same channels",
            )

    def _amounts(self, table: str, value: float, side: str, key: str) -> Doubles:
        entries = self.content.get(table, {}).get(nominal_key(value))
        if entries is None:
            raise InputError(
                f"calibrated are only {', '.join(self.content.get(table, {})) or 'none'}",
                file=self.path,
                key=key,
                value=value,
                remedy="add the value to the configuration and run the step fit_calibration again",
            )
        return np.array([float(entries[name][side]) for name in self.channels])

    def _floored(self, values: Floats) -> Floats:
        return values if self.floor is None else np.maximum(values, np.float32(self.floor))

    def centre(self, median: Floats) -> Floats:
        """The median as delivered, (C, ...) float32: not below the floor."""
        return self._floored(median)

    def interval(self, lower: Floats, median: Floats, upper: Floats, nominal: float) -> tuple[Floats, Floats, Doubles]:
        """Calibrated interval at a ``nominal`` coverage.

        ``lower``, ``median``, ``upper`` are (C, ...) float32 as the ensemble stores them. Returns lower and upper,
        (C, ...) float32, and per channel the share of pixels whose corrected end had crossed the median; such an end
        is put onto the median, which only widens the interval. Ends are infinite where the correction is.
        """
        axes = (slice(None), *(None,) * (median.ndim - 1))
        low = lower.astype(np.float64) - self._amounts("corrections", nominal, "lower", "calibration.nominal")[axes]
        high = upper.astype(np.float64) + self._amounts("corrections", nominal, "upper", "calibration.nominal")[axes]
        crossed = (low > median) | (high < median)
        fraction = crossed.reshape(len(crossed), -1).mean(axis=1) if crossed.size else np.zeros(len(crossed))
        low32, high32 = round_outwards(low, -np.inf), round_outwards(high, np.inf)
        return self._floored(np.minimum(low32, median)), self._floored(np.maximum(high32, median)), fraction

    def bound(self, side: str, values: Floats, confidence: float, channel: str | None = None) -> Floats:
        """One-sided bound on the reference at a ``confidence``, float32 of the shape of ``values``.

        ``side`` "lower": the reference is at least the bound with that confidence, ``values`` is the ensemble's
        lower; "upper" likewise. ``values`` is (C, ...) or, with ``channel``, that channel's image alone. A bound may
        lie beyond the median, which is a statement about one side only.
        """
        sign = {"lower": -1.0, "upper": 1.0}[side]
        amounts = self._amounts("one_sided", confidence, side, "decisions.exceed.confidence")
        if channel is None:
            shift: Any = amounts[(slice(None), *(None,) * (values.ndim - 1))]
        else:
            shift = amounts[self.channels.index(channel)]
        return self._floored(round_outwards(values.astype(np.float64) + sign * shift, sign * np.inf))


@dataclass
class _Pool:
    """Scores of all calibration pixels, per channel, and where they came from."""

    channels: tuple[str, ...]
    levels: tuple[float, ...]
    lower: list[list[Doubles]]
    upper: list[list[Doubles]]
    sources: list[dict[str, Any]]
    targets: list[str]

    def add(self, ensemble: Predictions, scan: Scan, boxes: Sequence[Box]) -> None:
        for k in range(ensemble.n_frames):
            for box in boxes:
                lower, _, upper = ensemble.read_frame(k, box.slices)
                target = scan.read_target(k, box.slices)
                for c in range(len(self.channels)):
                    self.lower[c].append(subtract_up(lower[c], target[c]).ravel())
                    self.upper[c].append(subtract_up(target[c], upper[c]).ravel())
        self.sources.append(
            {
                "scan": scan.name,
                "boxes": len(boxes),
                "frames": ensemble.n_frames,
                "pixels": ensemble.n_frames * sum(box.size for box in boxes),
            }
        )
        words = describe_target(scan)
        if words not in self.targets:
            self.targets.append(words)


def describe_target(scan: Scan) -> str:
    """In words, what the intervals of ``scan`` are meant to cover."""
    if scan.reference_kind == "leave-one-out":
        return f"the mean of the other {scan.n_frames - 1} frames, noisy itself"
    return "the reference measurement, noisy itself"


def count_blocks(boxes: Sequence[Box], block: int) -> int:
    """Number of blocks of ``block`` px per axis that the boxes are cut into (remainders join their neighbour)."""
    return sum(math.prod(max(1, round(extent / block)) for extent in box.shape) for box in boxes)


def _check_settings(nominal: Sequence[float], primary: float, score: str, unit: str, levels: Sequence[float]) -> None:
    for key, values in (("calibration.nominal", nominal), ("decisions.exceed.confidence", levels)):
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
    if score not in SCORES:
        raise InputError("unknown score", key="calibration.score", value=score, remedy=f"use {' or '.join(SCORES)}")
    if unit != "pixel":
        raise InputError("unknown unit", key="calibration.unit", value=unit, remedy="use pixel")


def _guarantee(pool: _Pool, target: str, primary: float, n_blocks: int, block: int, infinite: Sequence[str]) -> str:
    pixels = sum(source["pixels"] for source in pool.sources)
    fields = "this field of view" if len(pool.sources) == 1 else f"these {len(pool.sources)} fields of view"
    warning = (
        f" Too few pixels for {'; '.join(infinite)}: those intervals are infinite rather than falsely finite."
        if infinite
        else ""
    )
    return (
        f"Per pixel and channel, approximately: intervals of nominal coverage {nominal_key(primary)} hold {target}, "
        f"in about {nominal_key(round(100 * primary, 6))} of 100 pixels of {fields} taken together (other nominal "
        f"coverages likewise). The corrections were counted on {pixels} pixels in {n_blocks} blocks of {block} px that "
        f"no network was trained on; neighbouring pixels resemble each other, so coverage in a given region scatters "
        f"more than that number of pixels suggests. Covered is that measurement, not the true signal behind it. There "
        f"is no guarantee at scan level: none for another field of view, none for a single pixel or a region picked "
        f"because it looks unusual.{warning}"
    )


def fit_calibration(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    output: str | Path,
    *,
    nominal: Sequence[float],
    primary: float,
    score: Score = "symmetric",
    confidences: Sequence[float] = (),
    counts: bool = False,
    unit: str = "pixel",
    block: int = 16,
) -> None:
    """Fit the corrections on the calibrate regions of all scans and write ``calibration.json``.

    ``ensembles``, ``scans`` and ``regions`` are parallel lists of files. Pooled are, per channel, the pixels of all
    calibrate boxes over all frames, each frame predicted on its own and compared with its own target.
    ``confidences`` are those of one-sided bounds; ``counts`` puts a floor of 0 under the intervals; ``block`` (px)
    only states how many roughly independent places there were.

    Raises ``InputError`` where no scan has calibrate regions, one that has lacks a reference, or channels differ.
    """
    _check_settings(nominal, primary, score, unit, confidences)
    pool: _Pool | None = None
    n_blocks = 0
    for ensemble_file, scan_file, region_file in zip(ensembles, scans, regions, strict=True):
        boxes = Regions.read(region_file).of("calibrate")
        if not boxes:
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
                pool = _Pool(channels, ensemble.levels, [[] for _ in channels], [[] for _ in channels], [], [])
            if channels != pool.channels:
                raise InputError(
                    f"channels {list(channels)} differ from those of the other scans, {list(pool.channels)}",
                    file=ensemble_file,
                    remedy="give all scans of a run the same channels in the same order",
                )
            pool.add(ensemble, scan, boxes)
            n_blocks += count_blocks(boxes, block)
    if pool is None:
        raise InputError(
            "no scan has a region to calibrate on",
            key="role",
            remedy="give a scan with a reference the role calibrate, or draw cells C into regions.layout",
        )

    fitted: dict[str, dict[str, Any]] = {nominal_key(value): {} for value in nominal}
    bounds: dict[str, dict[str, Any]] = {nominal_key(value): {} for value in confidences}
    infinite: list[str] = []
    for c, name in enumerate(pool.channels):
        low, high = np.concatenate(pool.lower[c]), np.concatenate(pool.upper[c])
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise InputError(
                f"channel {name!r} of a reference is not finite in a calibrate region",
                file=", ".join(source["scan"] for source in pool.sources),
                remedy="repair the reference or leave that place out of the calibrate regions",
            )
        for value in nominal:
            entry = corrections(low, high, value, score)
            fitted[nominal_key(value)][name] = _plain(entry)
            infinite += [f"nominal {nominal_key(value)} in channel {name}"] if entry["k"] > entry["n"] else []
        for value in confidences:
            entry = one_sided(low, high, value)
            bounds[nominal_key(value)][name] = _plain(entry)
            infinite += [f"confidence {nominal_key(value)} in channel {name}"] if entry["k"] > entry["n"] else []
    for words in infinite:
        logger.warning("too few calibration pixels for %s: the interval is infinite", words)

    target = " or ".join(pool.targets)
    write_json(
        output,
        {
            "unit": unit,
            "score": score,
            "levels": list(pool.levels),
            "channels": list(pool.channels),
            "nominal": [float(value) for value in nominal],
            "primary": float(primary),
            "floor": 0.0 if counts else None,
            "corrections": fitted,
            "one_sided": bounds,
            "target": target,
            "guarantee": _guarantee(pool, target, primary, n_blocks, block, infinite),
            "sources": pool.sources,
            "n_scans": len(pool.sources),
            "n_blocks": n_blocks,
            "block": int(block),
            "n_frames": sum(source["frames"] for source in pool.sources),
            "n_pixels": sum(source["pixels"] for source in pool.sources),
        },
    )


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: it is written as a word."""
    return {key: ("inf" if value == math.inf else value) for key, value in entry.items()}


def _slabs(shape: Sequence[int], n_channels: int, budget: int = 1 << 23) -> Iterator[Region]:
    """Cut an image into slabs along its first axis of at most about ``budget`` values, whole chunks thick."""
    thickness = 16 if len(shape) == 3 else 256
    per_line = n_channels * math.prod(shape[1:])
    step = max(1, budget // (per_line * thickness)) * thickness
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])), *(slice(0, size) for size in shape[1:]))


def calibrate_scan(
    ensemble: str | Path, calibration: str | Path, output_h5: str | Path, output_tif: str | Path
) -> None:
    """Deliver one scan: ``denoised/<scan>.h5`` with every nominal coverage, and an OME-TIFF with the primary one.

    The TIFF is float32 with axes CYX or CZYX; its channels are "<channel> median", "<channel> lower <nominal>" and
    "<channel> upper <nominal>". Memory is bounded by slabs. Raises ``InputError`` where the channels differ.
    """
    fitted = Calibration.read(calibration)
    with Predictions(ensemble) as predictions:
        fitted.check_channels(predictions.channels, ensemble)
        n_channels, n_pixels = len(predictions.channels), math.prod(predictions.shape)
        projected = {value: np.zeros(n_channels) for value in fitted.nominal}
        with create_denoised(output_h5, predictions, nominal=fitted.nominal, primary=fitted.primary) as writer:
            for region in _slabs(predictions.shape, n_channels):
                lower, median, upper, spread = (predictions.read(kind, region) for kind in KINDS)
                intervals = {}
                for value in fitted.nominal:
                    low, high, fraction = fitted.interval(lower, median, upper, value)
                    intervals[value] = (low, high)
                    projected[value] += fraction * (median[0].size / n_pixels)
                writer.write(region, fitted.centre(median), spread, intervals)
            writer.set_projected_fraction(
                {
                    nominal_key(value): dict(zip(fitted.channels, map(float, shares), strict=True))
                    for value, shares in projected.items()
                }
            )
    write_denoised_tiff(output_h5, output_tif)
    logger.info("intervals projected to hold the median: %s", projected)


def write_denoised_tiff(denoised: str | Path, output: str | Path) -> None:
    """Write median and primary interval of ``denoised/<scan>.h5`` as OME-TIFF, plane by plane."""
    with Predictions(denoised) as images:
        suffix = {"median": "median", **{side: f"{side} {nominal_key(images.primary or 0)}" for side in SIDES}}
        kinds = ("median", *SIDES)

        def planes() -> Iterator[Floats]:
            for channel in range(len(images.channels)):
                for kind in kinds:
                    if images.ndim == 2:
                        yield images.read(kind, channel=channel)
                        continue
                    for region in _slabs(images.shape, 1):
                        yield from images.read(kind, region, channel)

        write_ome_tiff(
            output,
            planes(),
            shape=(len(images.channels) * len(kinds), *images.shape),
            channels=[f"{channel} {suffix[kind]}" for channel in images.channels for kind in kinds],
            pixel_size=images.pixel_size,
            pixel_unit=images.pixel_unit,
            digest=sha256_file(denoised),
        )
