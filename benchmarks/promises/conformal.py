"""Does every way to calibrate cover as often as it says? Counts with zeros, leave-one-out, groups, bounds, all channels
together, other coverages, and further scans at 9 to 60 calibrate scans.

The corrections are fitted and applied by the library; predictions are simulated, so nothing is trained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from noisebound.calibration.content import infinity_as_word, stored_mode
from noisebound.calibration.exchangeability import choose_unit, needed_scans
from noisebound.calibration.field_pixels import CalibrationPixels, FieldPixels
from noisebound.calibration.fitted import fit_corrections
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.settings import CalibrationSettings

from .promise import Promise, interval_of_mean, interval_of_share, mean_within

TITLE = "Calibration: coverage of the reference, by mode, bound and number of scans"
NOMINAL = (0.5, 0.8, 0.9, 0.95)
SCANS = (9, 12, 15, 19, 28, 29, 40, 60)
_SETTINGS = CalibrationSettings(
    nominal=NOMINAL, primary=0.9, score="symmetric", scale="width", groups="none", bins=4, smallest_group=200,
    ties="cover", channels="each", unit="pixel", confidence=0.95, block=16,
)  # fmt: skip
# Pixels that calibrate and pixels that judge in worlds of independent pixels; scans of the worlds of scans.
_PIXELS, _JUDGED_SCANS, _SIDE = 3000, 400, 20
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Images:
    """Predictions and targets of some pixels, float32 (C, n) each."""

    lower: Floats
    median: Floats
    upper: Floats
    target: Floats

    def of(self, pixels: slice) -> Images:
        """Some of the pixels."""
        return Images(*(part[:, pixels] for part in (self.lower, self.median, self.upper, self.target)))


def images(lower: Any, median: Any, upper: Any, target: Any) -> Images:
    """Images in the type that files have."""
    return Images(*(np.asarray(part, dtype=np.float32) for part in (lower, median, upper, target)))


def calibrated(
    scans: Sequence[Images],
    settings: CalibrationSettings,
    confidences: Sequence[float] = (),
    counts: bool = False,
    training: Floats | None = None,
) -> Calibration:
    """Fit corrections on whole scans, as the step fit_calibration does, without files."""
    channels = tuple(f"c{c}" for c in range(len(scans[0].target)))
    fields = {
        f"scan {k}": FieldPixels(f"scan {k}", True, 1, [np.stack([own.lower, own.median, own.upper, own.target])])
        for k, own in enumerate(scans)
    }
    fitted = fit_corrections(CalibrationPixels(channels, (0.05, 0.5, 0.95), fields), training, settings, confidences)
    return Calibration(
        {
            "channels": list(channels),
            "nominal": list(settings.nominal),
            "primary": settings.primary,
            "floor": 0.0 if counts else None,
            "corrections": infinity_as_word(fitted.tables["nominal"]),
            "one_sided": infinity_as_word(fitted.tables["confidence"]),
            **stored_mode(settings.mode, fitted.groups),
        }
    )


def covered(fitted: Calibration, own: Images, nominal: float, draws: Any = None) -> tuple[NDArray[np.bool_], float]:
    """Which targets are covered, (C, n), and the mean width."""
    low, high, _ = fitted.interval(own.lower, own.median, own.upper, nominal, None, draws)
    return (low <= own.target) & (own.target <= high), float((high - low).mean())


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate every way to calibrate.

    Parameters
    ----------
    data_sets
        Number of data sets per world.
    seed
        Seed of all draws.

    Yields
    ------
    Promise
        Coverages within 0.02 of nominal where pixels are alike; at least nominal for further scans.
    """
    for number, part in enumerate((_counts, _leave_one_out, _phases, _groups, _bounds, _together, _further_scans)):
        yield from part(data_sets, np.random.default_rng((seed, number)))


def _at_least(about: str, world: str, values: Sequence[float], least: float, beside: str = "") -> Promise:
    """Promise that a mean over data sets is at least so much; kept where the Monte Carlo error allows it."""
    low, high = interval_of_mean(values)
    found = float(np.mean(values))
    return Promise(about, world, f"at least {least:g}", found, low, high, high >= least, len(values), beside)


def _counts(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """Counts of which most are zero: all ties covered, or a random share of them."""
    found: dict[tuple[str, float], list[float]] = {}
    zeros = []
    for _ in range(data_sets):
        rate = random.gamma(1.5, 0.2, (1, 2 * _PIXELS))
        target = random.poisson(rate)
        own = images(np.zeros_like(rate), np.floor(rate + 0.3), 1.9 * rate + 0.5, target)
        zeros.append(float((target == 0).mean()))
        for ties in ("cover", "random"):
            fitted = calibrated([own.of(slice(0, _PIXELS))], replace(_SETTINGS, ties=ties), counts=True)
            judged = own.of(slice(_PIXELS, None))
            draws = random.random(judged.target.shape).astype(np.float32) if ties == "random" else None
            for nominal in NOMINAL:
                inside, _ = covered(fitted, judged, nominal, draws)
                found.setdefault((ties, nominal), []).append(float(inside.mean()))
    world = f"counts, {np.mean(zeros):.0%} zeros, rates of a gamma distribution"
    for (ties, nominal), values in found.items():
        about = f"coverage at {nominal:g}, ties: {ties}"
        # Where the median is the value of most targets, every interval holds it: more than asked for is no failure.
        yield _at_least(about, world, values, nominal, f"mean {np.mean(values):.3f}")


def _leave_one_out(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """Every frame is compared with the mean of the other four."""
    found: dict[float, list[float]] = {nominal: [] for nominal in NOMINAL}
    for _ in range(data_sets):
        rate = random.gamma(4.0, 1.0, 2 * _PIXELS)
        frames = random.poisson(rate, (5, rate.size))
        parts = []
        for k in range(5):
            median = rate * np.exp(0.1 * random.standard_normal(rate.size))
            half = 0.6 * np.sqrt(median) + 0.2
            parts.append(images(*((part[None]) for part in (median - half, median, median + half,
                                                            (frames.sum(axis=0) - frames[k]) / 4))))  # fmt: skip
        own = [_joined([part.of(half) for part in parts]) for half in (slice(0, _PIXELS), slice(_PIXELS, None))]
        fitted = calibrated([own[0]], _SETTINGS, counts=True)
        for nominal in NOMINAL:
            found[nominal].append(float(covered(fitted, own[1], nominal)[0].mean()))
    for nominal, values in found.items():
        yield mean_within(f"coverage at {nominal:g}", "leave-one-out of five frames of counts", values, nominal, 0.02)


def _joined(parts: Sequence[Images]) -> Images:
    """The pixels of several images, one after the other."""
    names = ("lower", "median", "upper", "target")
    return Images(*(np.concatenate([getattr(part, name) for part in parts], axis=1) for name in names))


def _phases(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """A dark phase with a tenth of the bright one's noise; the networks' quantiles are right at 0.9."""
    found: dict[tuple[str, float, str], list[float]] = {}
    for _ in range(data_sets):
        bright = random.random((1, 2 * _PIXELS)) < 0.3
        deviation = np.where(bright, 1.0, 0.1)
        median = np.where(bright, 5.0, 1.0)
        target = median + deviation * random.standard_normal(bright.shape)
        own = images(median - 1.645 * deviation, median, median + 1.645 * deviation, target)
        for scale in ("width", "none"):
            fitted = calibrated([own.of(slice(0, _PIXELS))], replace(_SETTINGS, scale=scale))
            for nominal in NOMINAL:
                inside = covered(fitted, own.of(slice(_PIXELS, None)), nominal)[0][0]
                for phase, mask in (("dark", ~bright[0, _PIXELS:]), ("bright", bright[0, _PIXELS:])):
                    found.setdefault((scale, nominal, phase), []).append(float(inside[mask].mean()))
    world = "dark phase of 70 % with noise 0.1, bright phase with noise 1, right quantiles at 0.9"
    for nominal in NOMINAL:
        for phase in ("dark", "bright"):
            beside = f"scale none: {np.mean(found['none', nominal, phase]):.3f}"
            about = f"coverage of the {phase} phase at {nominal:g}, scale width (default)"
            yield mean_within(about, world, found["width", nominal, phase], nominal, 0.02, beside)


def _groups(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """Quantiles too narrow in bright pixels and too wide in dark ones; bins of intensity are covered one by one."""
    settings = replace(_SETTINGS, groups="intensity")
    worst: dict[float, list[list[float]]] = {nominal: [] for nominal in NOMINAL}
    plain: dict[float, list[list[float]]] = {nominal: [] for nominal in NOMINAL}
    for _ in range(data_sets):
        median = random.uniform(1, 10, (1, 2 * _PIXELS))
        target = median + 0.1 * median**1.5 * random.standard_normal(median.shape)
        own = images(median - 0.4 * np.sqrt(median), median, median + 0.4 * np.sqrt(median), target)
        training = random.uniform(1, 10, (4000, 1)).astype(np.float32)
        judged = own.of(slice(_PIXELS, None))
        by_bin = calibrated([own.of(slice(0, _PIXELS))], settings, training=training)
        alike = calibrated([own.of(slice(0, _PIXELS))], _SETTINGS)
        labels = by_bin.group_labels(0, judged.median[0], None)
        assert labels is not None
        for nominal in NOMINAL:
            for fitted, kept in ((by_bin, worst), (alike, plain)):
                inside = covered(fitted, judged, nominal)[0][0]
                kept[nominal].append([float(inside[labels == group].mean()) for group in range(settings.bins)])
    for nominal in NOMINAL:
        table, without = np.array(worst[nominal]), np.array(plain[nominal]).mean(axis=0)
        group = int(np.argmax(np.abs(table.mean(axis=0) - nominal)))
        beside = f"without groups {without.min():.3f} to {without.max():.3f}"
        about = f"coverage of the worst of 4 bins of intensity at {nominal:g}"
        values = [float(value) for value in table[:, group]]
        yield mean_within(about, "noise that the networks misjudge by brightness", values, nominal, 0.02, beside)


def _bounds(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """One-sided bounds on a skewed target."""
    levels = (0.8, 0.9, 0.95)
    found: dict[tuple[str, float], list[float]] = {}
    for _ in range(data_sets):
        rate = random.gamma(4.0, 1.0, (1, 2 * _PIXELS))
        own = images(0.5 * rate, rate, 1.4 * rate, random.gamma(4.0, rate / 4))
        fitted = calibrated([own.of(slice(0, _PIXELS))], _SETTINGS, levels)
        judged = own.of(slice(_PIXELS, None))
        for level in levels:
            low, high = (fitted.bound(s, judged.lower, judged.median, judged.upper, level) for s in ("lower", "upper"))
            found.setdefault(("lower", level), []).append(float((judged.target >= low).mean()))
            found.setdefault(("upper", level), []).append(float((judged.target <= high).mean()))
    for (side, level), values in found.items():
        yield mean_within(f"coverage of the {side} bound at {level:g}", "skewed reference", values, level, 0.02)


def _together(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """Six channels of unlike noise; one score holds all of them at once."""
    found: dict[tuple[str, float], list[float]] = {}
    width: dict[str, list[float]] = {"each": [], "together": []}
    for _ in range(data_sets):
        deviation = np.array([0.1, 0.3, 1.0, 1.0, 2.0, 5.0])[:, None] * random.uniform(0.5, 2, (1, 2 * _PIXELS))
        noise = 0.7 * random.standard_normal(deviation.shape) + 0.3 * random.standard_normal((1, 2 * _PIXELS))
        median = 10 * deviation
        own = images(median - deviation, median, median + deviation, median + deviation * noise)
        for channels in width:
            fitted = calibrated([own.of(slice(0, _PIXELS))], replace(_SETTINGS, channels=channels))
            for nominal in NOMINAL:
                inside, mean = covered(fitted, own.of(slice(_PIXELS, None)), nominal)
                found.setdefault((channels, nominal), []).append(float(inside.all(axis=0).mean()))
                if nominal == _SETTINGS.primary:
                    width[channels].append(mean)
    wider = np.mean(width["together"]) / np.mean(width["each"])
    for nominal in NOMINAL:
        beside = f"channels: each holds all at once in {np.mean(found['each', nominal]):.3f}"
        beside += f"; {wider:.2f} times as wide" if nominal == _SETTINGS.primary else ""
        about = f"coverage of six channels at once at {nominal:g}, channels: together"
        yield mean_within(about, "six channels of unlike noise", found["together", nominal], nominal, 0.02, beside)


def simulated_scans(n: int, random: np.random.Generator) -> Images:
    """``n`` scans in one: gain of its own for each, noise of which half is correlated; one pixel in 10 000 is bad."""
    shape = (n, _SIDE, _SIDE)

    def field() -> NDArray[np.float64]:
        white = random.standard_normal((n, _SIDE + 24, _SIDE + 24))
        own = gaussian_filter(white, (0, 3, 3))[:, 12:-12, 12:-12]
        return np.asarray(own * (2 * 3 * math.sqrt(math.pi)))

    signal = 1.5 + 0.3 * field()
    noise = (field() + random.standard_normal(shape)) / math.sqrt(2)
    target = signal * (1 + 0.1 * random.standard_normal((n, 1, 1)) + 0.2 * noise)
    bad = random.random(shape) < 1e-4
    target = np.where(bad, target + random.exponential(5.0, shape), target)
    median = 0.95 * signal + 0.1
    return images(*(part.reshape(1, -1) for part in (median - 0.25, median, median + 0.25, target)))


def _further_scans(data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """Units at 9 to 60 calibrate scans: coverage of further scans, and widths."""
    pixels, nominal = _SIDE**2, _SETTINGS.primary
    judged = simulated_scans(_JUDGED_SCANS, random)
    coverage: dict[tuple[str, int], list[float]] = {}
    enough: dict[tuple[str, int], list[bool]] = {}
    width: dict[tuple[str, int], list[float]] = {}
    for _ in range(data_sets):
        drawn = simulated_scans(max(SCANS), random)
        scans = [drawn.of(slice(k * pixels, (k + 1) * pixels)) for k in range(max(SCANS))]
        for n in SCANS:
            for unit in ("pixel", "scan", "pac"):
                if n < needed_scans(unit, nominal, _SETTINGS.confidence):  # type: ignore[arg-type]
                    continue
                settings = replace(_SETTINGS, unit=unit, nominal=(nominal,))
                inside, mean = covered(calibrated(scans[:n], settings), judged, nominal)
                own = inside.reshape(_JUDGED_SCANS, pixels).mean(axis=1)
                coverage.setdefault((unit, n), []).append(float(own.mean()))
                enough.setdefault((unit, n), []).append(bool((own >= nominal).mean() >= nominal))
                width.setdefault((unit, n), []).append(mean)
    world = "scans with a gain of their own (sd 0.1), half of the noise correlated over 6 px, one bad pixel in 10 000"
    for n in SCANS:
        if ("scan", n) in coverage:
            beside = f"mean width {np.mean(width['scan', n]):.2f}, of unit pixel {np.mean(width['pixel', n]):.2f}"
            yield _at_least(f"unit scan, {n} scans: mean coverage of further scans at 0.9", world,
                            coverage["scan", n], nominal, beside)  # fmt: skip
        if ("pac", n) in coverage:
            k, wide = sum(enough["pac", n]), f"mean width {np.mean(width['pac', n]):.2f}"
            low, high = interval_of_share(k, data_sets)
            yield Promise(f"unit pac, {n} scans: at least 90 of 100 further scans are each covered at 0.9", world,
                          f"in at least {_SETTINGS.confidence:g} of data sets", k / data_sets, low, high,
                          high >= _SETTINGS.confidence, data_sets, wide)  # fmt: skip
    reference = float(np.mean(width["scan", max(SCANS)]))
    for n in SCANS:
        chosen = choose_unit("auto", n, nominal, _SETTINGS.confidence)
        if chosen == "pac":  # a stronger promise, whose width is another matter
            continue
        values = [value / reference for value in width[chosen, n]]
        found, (low, high) = float(np.mean(values)), interval_of_mean(values)
        beside = f"takes {chosen}; unit scan: {np.mean(width['scan', n]) / reference:.2f}; mean coverage of further "
        beside += f"scans {np.mean(coverage[chosen, n]):.3f}"
        yield Promise(f"unit auto, {n} scans: mean width beside unit scan with 60", world, "at most 1.5", found, low,
                      high, found <= 1.5, data_sets, beside)  # fmt: skip
