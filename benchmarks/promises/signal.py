"""Intervals for the signal: do they hold the truth, how wide are they, and what do decisions on them find.

Phantoms of three phases are denoised by a Gaussian filter (or one that keeps edges). The left part calibrates, the
right part is judged, 12 px apart. Fitted is what ``calibration.fit_signal`` fits. Beside it stand two other ways, each
with one width everywhere: a normal error whose variance comes from the moments of all pixels, and extrapolation over
the number of frames averaged (SIMEX).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from noisebound.calibration.conformal import one_sided, side_scores
from noisebound.calibration.fit_signal import fit_channel
from noisebound.calibration.image_slope import squared_slope
from noisebound.calibration.signal_model import SignalModel
from noisebound.calibration.signal_pixels import BLOCK_SIDES, SignalPixels
from noisebound.files.coverage_key import nominal_key
from noisebound.geometry.blocks import block_labels

from .promise import Promise, interval_of_mean, mean_within

TITLE = "Intervals for the signal"
NOMINAL = (0.5, 0.8, 0.9, 0.95)
CONFIDENCE = 0.95
SIZE, GAP = 112, 12
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How data sets come about: ``rates`` of the three phases, and what is unusual."""

    name: str
    rates: tuple[float, float, float]
    frames: int = 6
    counts: bool = True
    filter: str = "gaussian"
    structured: float = 0.0
    correlated: float = 0.0
    references: int = 0
    dose: float = 10.0
    within: float = 0.02


WORLDS = (
    World("counts of 0.4 to 1, leave-one-out", (0.4, 0.7, 1.0)),
    World("counts of 3 to 4.5, leave-one-out", (3, 3.5, 4.5)),
    World("counts of 20 to 40, leave-one-out", (20, 24, 40)),
    World("phases that differ by 3 %, leave-one-out", (2.9, 3.0, 3.1)),
    World("counts of 3 to 4.5, filter that keeps edges", (3, 3.5, 4.5), filter="edges"),
    World("counts of 3 to 4.5, one long reference of counts", (3, 3.5, 4.5), references=1),
    World("low counts, 0.1 to 0.6", (0.1, 0.15, 0.6), within=0.03),
    World("low counts, 0.02 to 0.2", (0.02, 0.05, 0.2), within=0.03),
    World("a rare element, 0.003 everywhere", (0.003, 0.003, 0.003), within=0.03),
    World(
        "one frame, one reference of counts at its dose", (3, 3.5, 4.5), frames=1, references=1, dose=1.0, within=0.03
    ),
    World("structured error of 10 %, 16 px wide", (3, 3.5, 4.5), structured=0.1, within=0.03),
    World("intensities, leave-one-out", (1, 1.5, 3), counts=False),
    World("intensities, noise correlated over 4 px", (1, 1.5, 3), counts=False, correlated=2.0, within=0.03),
    World("intensities, two references", (1, 1.5, 3), counts=False, references=2),
)


@dataclass
class DataSet:
    """One phantom: the truth (Y, X), and by frame (R, Y, X) the denoised image, its target and the target's noise."""

    truth: Doubles
    denoised: NDArray[np.float32]
    target: Doubles
    noise: Doubles
    count_unit: float | None
    frames: Doubles = field(default_factory=lambda: np.zeros(0))


def smooth(values: Doubles, width: float) -> Doubles:
    """Gaussian smoothing of one plane, periodic, kept at unit variance for white noise."""
    return np.asarray(gaussian_filter(values, width, mode="wrap") * 2 * np.sqrt(np.pi) * width)


def phases(random: np.random.Generator, size: int = SIZE) -> NDArray[np.intp]:
    """A label image of three phases, grains of about 20 px."""
    wide, fine = smooth(random.standard_normal((size, size)), 10), smooth(random.standard_normal((size, size)), 6)
    return np.where(wide > np.quantile(wide, 0.6), 2, np.where(fine > np.quantile(fine, 0.8), 1, 0))


def denoise(frame: Doubles, kind: str) -> Doubles:
    """A Gaussian filter of 3 px, or one that filters less where the variance exceeds that of noise."""
    mean = gaussian_filter(frame, 3.0)
    if kind == "gaussian":
        return np.asarray(mean)
    variance = gaussian_filter(np.square(frame), 3.0) - np.square(mean)
    share = np.maximum(variance - np.median(variance), 0) / np.maximum(variance, 1e-9)
    share = gaussian_filter(share, 3.0)
    return np.asarray(share * gaussian_filter(frame, 1.0) + (1 - share) * mean)


def simulate(world: World, random: np.random.Generator, labels: NDArray[np.intp] | None = None) -> DataSet:
    """One data set of a world; of given phases, or of drawn ones."""
    truth = np.asarray(world.rates, dtype=np.float64)[phases(random) if labels is None else labels]

    def measure(n: int, dose: float = 1.0) -> Doubles:
        if world.counts:
            return random.poisson(dose * truth, (n, *truth.shape)) / dose
        noise = random.standard_normal((n, *truth.shape))
        if world.correlated:
            noise = np.stack([smooth(plane, world.correlated) for plane in noise])
        return truth + noise

    frames = measure(world.frames)
    denoised = np.stack([denoise(frame, world.filter) for frame in frames])
    if world.structured:
        denoised *= 1 + world.structured * smooth(random.standard_normal(truth.shape), 8)
    if world.references == 0:
        others = world.frames - 1
        target, unit = (frames.sum(axis=0) - frames) / others, 1 / others
        noise = np.stack([np.delete(frames, k, 0).var(axis=0, ddof=1) / others for k in range(world.frames)])
    else:
        references, unit = (
            measure(world.references, world.dose if world.counts else 1.0),
            1 / world.dose / world.references,
        )
        target = np.broadcast_to(references.mean(axis=0), frames.shape)
        spread = references.var(axis=0, ddof=1) / world.references if world.references > 1 else np.zeros(truth.shape)
        noise = np.broadcast_to(spread, frames.shape)
    if world.counts:
        noise = target * unit
    return DataSet(truth, denoised.astype(np.float32), target, noise, unit if world.counts else None, frames)


def pixels_of(data: DataSet, columns: slice) -> SignalPixels:
    """The pixels of some columns, as the step reads them from files."""
    part = (slice(None), slice(None), columns)
    median = data.denoised[part]
    slope = np.stack([squared_slope(frame) for frame in data.denoised])[part]
    labels = [block_labels(median.shape[1:], side)[0].ravel() for side in BLOCK_SIDES]
    return SignalPixels(
        median.ravel(),
        slope.ravel(),
        (data.target[part] - median).ravel(),
        data.noise[part].ravel(),
        data.count_unit,
        [np.tile(block, len(median)) for block in labels],
        float(median.var(axis=0, ddof=1).mean()) if len(median) > 1 else 0.0,
        repeated=float(len(median)),
    )


CALIBRATE, JUDGED = slice(0, SIZE // 2 - GAP // 2), slice(SIZE // 2 + GAP // 2, SIZE)


def oracle(world: World, seed: int) -> tuple[dict[float, float], dict[float, float]]:
    """Half widths of who knows the errors, averaged over pixels, by nominal coverage.

    First of who knows those of each pixel: the quantile of its absolute error over repeated measurements of one
    phantom. Then of who knows those of all pixels together and has one width for all.
    """
    own: dict[float, list[float]] = {value: [] for value in NOMINAL}
    one: dict[float, list[float]] = {value: [] for value in NOMINAL}
    for number in range(4):
        fixed = phases(np.random.default_rng([seed, number]))
        again = [simulate(world, np.random.default_rng([seed, number, repeat]), fixed) for repeat in range(8)]
        errors = [np.abs(data.denoised - data.truth)[:, :, JUDGED] for data in again]
        stacked = np.concatenate(errors)
        for value in NOMINAL:
            own[value].append(float(np.quantile(stacked, value, axis=0).mean()))
            one[value].append(float(np.quantile(errors[0], value)))
    return (
        {value: float(np.mean(halves)) for value, halves in own.items()},
        {value: float(np.mean(halves)) for value, halves in one.items()},
    )


def moments(pixels: SignalPixels) -> Callable[[float], float]:
    """Half width of a normal error of one variance, by nominal coverage."""
    variance = max(float((np.square(pixels.residual) - pixels.noise).mean()), 0.0)
    return lambda nominal: float(norm.ppf((1 + nominal) / 2) * np.sqrt(variance))


def simex(data: DataSet, random: np.random.Generator) -> Callable[[float], float]:
    """Half width by extrapolation: the squared quantile of the residual falls with the number of frames averaged."""
    n = len(data.frames)
    residuals = []
    for averaged in range(1, n):
        own = []
        for k in range(n):
            others = random.permutation(np.delete(np.arange(n), k))[:averaged]
            own.append(np.abs(data.denoised[k] - data.frames[others].mean(axis=0))[:, CALIBRATE])
        residuals.append(np.stack(own))
    inverse = 1 / np.arange(1, n)

    def half(nominal: float) -> float:
        squares = [float(np.quantile(part, nominal)) ** 2 for part in residuals]
        return float(np.sqrt(max(np.polyfit(inverse, squares, 1, w=np.sqrt(1 / inverse))[1], 0.0)))

    return half


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Coverage of the truth and width at each nominal coverage, world by world; then decisions."""
    for number, world in enumerate(WORLDS):
        yield from _coverage(world, data_sets, seed + number)
    yield from _decisions(data_sets, seed)


def _coverage(world: World, data_sets: int, seed: int) -> Iterator[Promise]:
    coverage: dict[float, list[float]] = {value: [] for value in NOMINAL}
    width: dict[float, list[float]] = {value: [] for value in NOMINAL}
    bounds: dict[str, list[float]] = {"lower": [], "upper": []}
    other: dict[str, list[tuple[float, float]]] = {"moments": [], "SIMEX": []}
    for number in range(data_sets):
        random = np.random.default_rng([seed, number])
        data = simulate(world, random)
        fitted = pixels_of(data, CALIBRATE)
        model = SignalModel.of(fit_channel(fitted, NOMINAL, (CONFIDENCE,), np.random.default_rng(0)))
        median = data.denoised[:, :, JUDGED]
        slope = np.stack([squared_slope(frame) for frame in data.denoised])[:, :, JUDGED]
        truth = data.truth[:, JUDGED]
        for value in NOMINAL:
            low, high = model.interval(median, slope, value)
            low = np.maximum(low, 0) if world.counts else low
            coverage[value].append(float(((low <= truth) & (truth <= high)).mean()))
            width[value].append(float((high - low).mean(dtype=np.float64)))
        bounds["lower"].append(float((truth >= model.bound("lower", median, slope, CONFIDENCE)).mean()))
        bounds["upper"].append(float((truth <= model.bound("upper", median, slope, CONFIDENCE)).mean()))
        ways = {"moments": moments(fitted)(0.9)}
        if not world.references:
            ways["SIMEX"] = simex(data, random)(0.9)
        for name, half in ways.items():
            other[name].append((float((np.abs(truth - median) <= half).mean()), 2 * half))
    own, one = oracle(world, seed)
    for value in NOMINAL:
        beside = _scatter(coverage[value])
        if value == 0.9:
            parts = [
                f"{name}: {np.mean(rows, axis=0)[0]:.3f} ({_scatter([row[0] for row in rows])})"
                for name, rows in other.items()
                if rows
            ]
            beside += "; at one width everywhere, " + ", ".join(parts)
        yield mean_within(
            f"coverage of the truth at {value:g}", world.name, coverage[value], value, world.within, beside
        )
    for knows, halves in (("of each pixel", own), ("of all pixels together", one)):
        for value in NOMINAL:
            ratios = [found / (2 * halves[value]) for found in width[value]]
            yield Promise(
                f"mean width at {value:g} over that of an oracle who knows the errors {knows}",
                world.name,
                "at most 1.3",
                float(np.mean(ratios)),
                *interval_of_mean(ratios),
                float(np.mean(ratios)) <= 1.3,
                data_sets,
            )
    for side, values in bounds.items():
        yield mean_within(
            f"{side} bound at {CONFIDENCE:g}", world.name, values, CONFIDENCE, world.within, _scatter(values)
        )


def _scatter(values: Sequence[float]) -> str:
    low, high = np.quantile(values, [0.05, 0.95])
    return f"90 % of data sets: {low:.3f} to {high:.3f}"


# Where is the signal above the threshold? Worlds as in the coverage, with a threshold between two phases.
DECIDED = (
    (World("counts of 0.4 to 1, leave-one-out", (0.4, 0.7, 1.0)), 0.5),
    (World("counts of 3 to 4.5, leave-one-out", (3, 3.5, 4.5)), 3.2),
    (World("counts of 20 to 40, leave-one-out", (20, 24, 40)), 22.0),
)


def _decisions(data_sets: int, seed: int) -> Iterator[Promise]:
    key = nominal_key(CONFIDENCE)
    for place, (world, threshold) in enumerate(DECIDED):
        precision, recall, old = [], [], []
        for number in range(data_sets):
            data = simulate(world, np.random.default_rng([seed, 77, place, number]))
            fitted = pixels_of(data, CALIBRATE)
            entry = fit_channel(fitted, (0.9,), (CONFIDENCE,), np.random.default_rng(0))
            model = SignalModel.of(entry)
            median = data.denoised[:, :, JUDGED]
            slope = np.stack([squared_slope(frame) for frame in data.denoised])[:, :, JUDGED]
            truly = np.broadcast_to(data.truth[:, JUDGED] > threshold, median.shape)
            called = model.bound("lower", median, slope, float(key)) > threshold
            precision.append(float(truly[called].mean()) if called.any() else np.nan)
            recall.append(float(called[truly].mean()))
            calibrate = data.denoised[:, :, CALIBRATE]
            half = norm.ppf(0.95) * np.sqrt(np.maximum(calibrate, 0.02) / (world.frames - 1))
            scores = side_scores(calibrate - half, calibrate + half, data.target[:, :, CALIBRATE])
            moved = one_sided(scores[0].ravel(), scores[1].ravel(), CONFIDENCE)["lower"]
            judged_half = norm.ppf(0.95) * np.sqrt(np.maximum(median, 0.02) / (world.frames - 1))
            old.append(float((median - judged_half - moved > threshold)[truly].mean()))
        name = f"{world.name}, above {threshold:g}"
        for about, values, least in (("precision", precision, 0.95), ("recall", recall, 0.7)):
            found = float(np.nanmean(values))
            beside = f"bound on a repeat measurement: {np.mean(old):.2f}" if about == "recall" else ""
            yield Promise(
                f"{about} of decisions on the signal at {CONFIDENCE:g}",
                name,
                f"at least {least:g}",
                found,
                *interval_of_mean([value for value in values if np.isfinite(value)]),
                found >= least,
                data_sets,
                beside,
            )
