"""Sums over regions and over whole scans: raw counts beside what adding up the denoised images gives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import poisson

from benchmarks.promises.promise import Promise, interval_of_mean, share_at_least
from noisebound.calibration.median_to_mean import fit_mean, shift_of, shrink_shift
from noisebound.calibration.raking import block_totals, factors_at, rake_factors
from noisebound.files.frame_totals import frame_totals, poisson_interval
from noisebound.files.scan import Scan
from noisebound.geometry.blocks import block_labels

TITLE = "Sums: totals of regions, and images to add up"
# Frames of a scan; the target of one is the mean of the others. The predictor sees squares of SIDE px.
FRAMES, SIDE, SIZE = 10, 5, 96
WHOLE = (slice(0, SIZE), slice(0, SIZE))
# A region is found where the image exceeds this share of the brightest rate, and judged from so many pixels on.
SHARE, SMALLEST = 0.5, 60
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Phases of given rates; a predictor that knows them and how common they were where it was trained."""

    name: str
    rates: tuple[float, ...]
    common: tuple[float, ...]

    def scene(self, rng: np.random.Generator, shares: Sequence[float]) -> NDArray[np.intp]:
        """Phase of every pixel, in grains of some 12 px."""
        smooth = ndimage.gaussian_filter(rng.normal(size=(SIZE, SIZE)), 6, mode="wrap")
        return np.digitize(smooth, np.quantile(smooth, np.cumsum(shares)[:-1])).astype(np.intp)

    def table(self) -> Doubles:
        """The posterior median of the target for each sum of counts over a square, made continuous within a count."""
        rates, others = np.array(self.rates), FRAMES - 1
        most = [int(n * rates.max() + 12 * np.sqrt(n * rates.max() + 1) + 10) for n in (SIDE**2, others)]
        seen, target = np.arange(most[0] + 1), np.arange(most[1] + 1)
        posterior = np.array(self.common)[:, None] * poisson.pmf(seen, SIDE**2 * rates[:, None])
        posterior /= np.maximum(posterior.sum(axis=0), 1e-300)
        upto = posterior.T @ poisson.cdf(target, others * rates[:, None])
        median = (upto >= 0.5 - 1e-12).argmax(axis=1)
        at = upto[seen, median]
        below = np.where(median > 0, upto[seen, np.maximum(median - 1, 0)], 0)
        return np.asarray(np.maximum(median + (0.5 - below) / np.maximum(at - below, 1e-9) - 1 / 3, 0) / others)


WORLDS = (
    World("rates .02, .1, .5", (0.02, 0.1, 0.5), (0.6, 0.3, 0.1)),
    World("rates .02, .2, 2", (0.02, 0.2, 2.0), (0.5, 0.3, 0.2)),
    World("rates .2, .6, 2", (0.2, 0.6, 2.0), (0.6, 0.3, 0.1)),
    World("rates 2, 4, 8", (2.0, 4.0, 8.0), (0.4, 0.4, 0.2)),
)


@dataclass
class Found:
    """What the data sets of one world gave."""

    held: list[bool] = field(default_factory=list)
    held_own: list[bool] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    rare: list[float] = field(default_factory=list)
    total: dict[str, list[float]] = field(default_factory=dict)
    pixel: dict[str, list[float]] = field(default_factory=dict)


def predict(table: Doubles, noisy: NDArray[np.integer]) -> NDArray[np.float32]:
    """The median image of a frame."""
    sums = np.rint(ndimage.uniform_filter(noisy.astype(np.float64), SIDE, mode="reflect") * SIDE**2).astype(np.intp)
    return table[np.minimum(sums, len(table) - 1)].astype(np.float32)


def raked(noisy: NDArray[np.integer], mean: NDArray[np.float64]) -> Doubles:
    """What ``calibrate_scan`` delivers as the estimated mean, of a single channel in the unit of its frame."""
    images = noisy[None].astype(np.float32), mean[None].astype(np.float32)
    totals = block_totals(lambda region: (images[0][:, *region], images[1][:, *region]), (SIZE, SIZE), 1)
    return np.asarray(mean * factors_at(rake_factors(*totals, np.ones(1)), (SIZE, SIZE), WHOLE, totals[1])[0])


def simulate(world: World, found: Found, rng: np.random.Generator, folder: Path) -> None:
    """Calibrate on one scan; apply to another of any composition."""
    table, rates = world.table(), np.array(world.rates)
    scene = world.scene(rng, rng.dirichlet(20 * np.array(world.common)))
    median = predict(table, rng.poisson(rates[scene])).ravel()
    target = (rng.poisson((FRAMES - 1) * rates[scene]) / (FRAMES - 1)).astype(np.float32).ravel()
    whole = fit_mean(median, target)
    kept = shrink_shift(whole, median, target, block_labels(scene.shape, 16)[0].ravel())

    scene = world.scene(rng, rng.dirichlet(np.ones(len(rates))))
    truth = rates[scene]
    frames = rng.poisson(truth, (FRAMES, *truth.shape)).astype(np.uint16)
    median = predict(table, frames[0])
    old, new = (np.maximum(median + shift_of(median, knots), 0) for knots in (whole, kept))
    images = {"median": median, "shift of before": old, "shrunk shift": new}
    images |= {"raked median": raked(frames[0], median.astype(np.float64)), "delivered mean": raked(frames[0], new)}
    for name, image in images.items():
        found.total.setdefault(name, []).append(abs(float(image.sum(dtype=np.float64) / truth.sum() - 1)))
        found.pixel.setdefault(name, []).append(float(np.sqrt(np.square(image - truth).mean()) / truth.mean()))
    _regions(world, found, median, frames, truth, folder)


def _regions(
    world: World, found: Found, median: NDArray[np.float32], frames: NDArray, truth: Doubles, folder: Path
) -> None:
    """Totals of the region that is called bright and of the one that is called dark."""
    labels = np.select([median > SHARE * max(world.rates), median < 2.5 * min(world.rates)], [1, 2], 0)
    pixels = np.bincount(labels.ravel(), minlength=3)
    true = np.bincount(labels.ravel(), weights=truth.ravel(), minlength=3)
    with scan_of(folder, frames) as scan:
        totals = frame_totals(scan, labels, 3, denoised=0)
    for label in (1, 2):
        if pixels[label] < SMALLEST:
            continue
        found.held.append(bool(totals.low[label, 0] <= true[label] <= totals.high[label, 0]))
        off = abs(totals.total[label, 0] - true[label])
        found.off.append(float(off / (totals.high[label, 0] - totals.total[label, 0])))
        low, high = poisson_interval(frames[0][labels == label].sum())
        found.held_own.append(bool(low <= true[label] <= high))
    # The level of the rarest phase, from the pixels that are this phase.
    rare = truth == min(world.rates)
    if rare.sum() >= SIZE**2 // 4:
        found.rare.append(float(frames[1:, rare].mean() / min(world.rates) - 1))


def scan_of(folder: Path, frames: NDArray) -> Scan:
    """A scan of counts of one channel without reference."""
    path = folder / "scan.h5"
    with h5py.File(path, "w") as file:
        file["noisy"] = frames[:, None]
        file.attrs.update({"format_version": 1, "scan": "s", "group": "", "axes": "RCYX", "channels": '["Fe"]'})
        file.attrs.update({"pixel_size": "[1.0, 1.0]", "pixel_unit": "px", "reference_kind": "none", "counts": 1})
        file.attrs["sources"] = "[]"
    return Scan(path)


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate ``data_sets`` data sets per world, and give one promise after the other."""
    for number, world in enumerate(WORLDS):
        found = Found()
        with tempfile.TemporaryDirectory() as folder:
            for own in np.random.SeedSequence(seed, spawn_key=(number,)).spawn(data_sets):
                simulate(world, found, np.random.default_rng(own), Path(folder))
        yield from _rows(world, found)


def _rows(world: World, found: Found) -> Iterator[Promise]:
    own = f"{np.mean(found.held_own):.3f} with the frame that the region was found in; none is printed for that one"
    for about, hits, beside in (
        ("the 95 % interval of a region's total holds the true one", found.held, own),
        ("a region's total is off by less than its printed error", [value <= 1 for value in found.off], ""),
    ):
        # The interval is exact, so that half of all studies find a little less than 0.95 by chance.
        row = share_at_least(about, world.name, hits, 0.95, beside=beside)
        yield replace(row, promised="at least 0.95, as far as so many can tell", kept=row.high >= 0.95)
    if found.rare and min(world.rates) <= 0.02:
        within = [abs(value) <= 0.15 for value in found.rare]
        yield share_at_least("the level of the rate .02 is within 15 %", world.name, within, 0.95)
    beside = ", ".join(f"{name} {100 * np.mean(values):.1f} %" for name, values in found.total.items())
    best = min(np.mean(values) for name, values in found.total.items() if name != "delivered mean")
    total = found.total["delivered mean"]
    yield Promise(
        "error of a whole scan's sum of the delivered mean, as a share",
        world.name,
        f"at most 1.1 times the best other image, {best:.4f}",
        float(np.mean(total)),
        *interval_of_mean(total),
        bool(np.mean(total) <= 1.1 * best),
        len(total),
        beside=beside,
    )
    pixel, plain = found.pixel["delivered mean"], found.pixel["median"]
    ratio = [a / b for a, b in zip(pixel, plain, strict=True)]
    old = np.mean([a / b for a, b in zip(found.pixel["shift of before"], plain, strict=True)])
    yield Promise(
        "error per pixel of the delivered mean relative to that of the median",
        world.name,
        "at most 1.02",
        float(np.mean(ratio)),
        *interval_of_mean(ratio),
        bool(np.mean(ratio) <= 1.02),
        len(ratio),
        beside=f"shift of before {old:.3f}",
    )
