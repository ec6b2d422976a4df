"""Where to measure again: the dose is added in simulation, the image denoised again, and the true error compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.restoration import denoise_nl_means

from benchmarks.promises.promise import Promise, interval_of_mean, share_at_least
from noisebound.calibration.channel_structure import channel_structure
from noisebound.calibration.error_variance import ErrorVariance, fit_variance
from noisebound.calibration.image_slope import squared_slope
from noisebound.calibration.signal_pixels import BLOCK_SIDES, SignalPixels
from noisebound.decisions.rank_regions import remeasure_boxes
from noisebound.decisions.remeasure import DOSE, expected_drop, ranked_boxes
from noisebound.geometry.blocks import block_labels

TITLE = "Where to measure again"
Doubles = NDArray[np.float64]
# Frames behind the reference that calibrates, side of the scans and of the boxes in px, and number of boxes.
FRAMES, SIZE, SIDE, COUNT = 9, 96, 24, 3
# Promised share of data sets, and share of printed orders: boxes are few, so that luck decides in some.
LEAST, ORDERED = 0.75, 0.9


def scene(rng: np.random.Generator) -> Doubles:
    """Rates (4, Y, X): two channels with phases and a window of fine grains, a bright and a faint one without."""
    smooth = ndimage.gaussian_filter(rng.normal(size=(SIZE, SIZE)), rng.uniform(5, 9), mode="wrap")
    phase = np.digitize(smooth, np.quantile(smooth, [rng.uniform(0.3, 0.6), rng.uniform(0.7, 0.9)]))
    grains = ndimage.gaussian_filter(rng.normal(size=(SIZE, SIZE)), 2.0, mode="wrap")
    fine = grains > np.quantile(grains, 0.6)
    y, x = rng.integers(0, SIZE - 40, 2)
    window = np.zeros_like(fine)
    window[y : y + 40, x : x + 40] = True
    fine &= window
    one, two = np.array([0.3, 1.5, 4.0])[phase], np.array([2.0, 0.6, 0.3])[phase]
    one, two = np.where(fine, 0.4 * one + 0.6, one), np.where(fine, two + 1.0, two)
    slow = ndimage.gaussian_filter(rng.normal(size=(SIZE, SIZE)), 20, mode="wrap")
    return np.stack([one, two, 8 * (1 + 0.03 * slow / slow.std()), np.full((SIZE, SIZE), 0.5)])


def local_means(counts: Doubles, dose: float) -> Doubles:
    """A filter that averages less where means of 3 and 5 px differ by more than noise from those of 9 px."""
    found = []
    for image in counts:
        noise = np.maximum(ndimage.uniform_filter(image, 9), 0.01) / dose
        estimate = ndimage.uniform_filter(image, 9)
        for side in (5, 3):
            mean = ndimage.uniform_filter(image, side)
            power = ndimage.uniform_filter(np.square(mean - estimate), 3)
            share = np.clip(1 - noise / side**2 / np.maximum(power, 1e-12), 0, 1)
            estimate = estimate + share * (mean - estimate)
        found.append(estimate)
    return np.stack(found)


def similar_patches(counts: Doubles, dose: float) -> Doubles:
    """Non-local means of the roots of the counts."""
    sigma = 1 / np.sqrt(dose)
    roots = [2 * np.sqrt(np.maximum(image, 0) + 0.375 * sigma**2) for image in counts]
    options: dict[str, Any] = {"patch_size": 5, "patch_distance": 6, "fast_mode": True}
    smooth = [denoise_nl_means(image, h=0.8 * sigma, sigma=sigma, **options) for image in roots]
    return np.stack([np.maximum(np.square(image / 2) - 0.125 * sigma**2, 0) for image in smooth])


FILTERS: dict[str, Callable[[Doubles, float], Doubles]] = {
    "adaptive local means": local_means,
    "non-local means": similar_patches,
}


@dataclass
class Calibrated:
    """What a calibrate scan tells of each channel."""

    variances: list[ErrorVariance] = field(default_factory=list)
    structured: list[bool] = field(default_factory=list)

    def error_sd(self, denoised: Doubles) -> Doubles:
        """Standard deviation of the denoised value at each pixel, (C, Y, X)."""
        images = denoised.astype(np.float32)
        found = [own.of(image, squared_slope(image)) for own, image in zip(self.variances, images, strict=True)]
        return np.sqrt(np.stack(found))


def calibrate(rates: Doubles, denoise: Callable[[Doubles, float], Doubles], rng: np.random.Generator) -> Calibrated:
    """Fit the error of the denoised image from its difference to a noisy reference, whose noise is known."""
    denoised = denoise(rng.poisson(rates).astype(np.float64), 1.0).astype(np.float32)
    target = rng.poisson(FRAMES * rates) / FRAMES
    blocks = [block_labels((SIZE, SIZE), side)[0].ravel() for side in BLOCK_SIDES]
    found = Calibrated()
    for image, aim in zip(denoised, target, strict=True):
        flat, aims = image.ravel(), aim.ravel()
        slope = squared_slope(image).ravel()
        pixels = SignalPixels(flat, slope, aims - flat, aims / FRAMES, 1 / FRAMES, blocks, 0.0)
        found.variances.append(fit_variance(pixels).variance)
        found.structured.append(bool(channel_structure(flat, aims.astype(np.float32))["structured"]))
    return found


def width_relative_to_range(denoised: Doubles, sd: Doubles) -> Doubles:
    """The older score: widths of intervals for the reference over the range of each channel, summed over channels."""
    width = 2 * 1.645 * np.sqrt(np.square(sd) + denoised / FRAMES)
    low, high = np.quantile(denoised, [0.05, 0.95], axis=(1, 2))
    return np.asarray((width / (high - low)[:, None, None]).sum(axis=0))


@dataclass
class Found:
    """What the data sets gave for one filter."""

    random: list[bool] = field(default_factory=list)
    older: list[float] = field(default_factory=list)
    older_random: list[bool] = field(default_factory=list)
    bright_random: list[bool] = field(default_factory=list)
    gain: list[float] = field(default_factory=list)
    kept_order: list[bool] = field(default_factory=list)
    printed_order: list[bool] = field(default_factory=list)


def simulate(found: Found, denoise: Callable[[Doubles, float], Doubles], rng: np.random.Generator) -> None:
    """Calibrate on one scan; choose boxes in another, add dose, denoise again and compare the true errors."""
    known = calibrate(scene(rng), denoise, rng)
    rates = scene(rng)
    first, second = (rng.poisson(rates).astype(np.float64) for _ in range(2))
    before = denoise(first, 1.0)
    after = denoise((first + DOSE * second) / (1 + DOSE), 1 + DOSE)
    variance = rates.var(axis=(1, 2))
    # The channels that do have structure; whether they are recognised is part of what is tested.
    drop = sum((np.square(before[c] - rates[c]) - np.square(after[c] - rates[c])) / variance[c] for c in (0, 1))
    gain = np.asarray(drop)

    def gained(boxes: Sequence[dict[str, Any]]) -> float:
        return float(np.mean([gain[tuple(slice(*bounds) for bounds in box["bounds"])].mean() for box in boxes]))

    sums = ndimage.uniform_filter(gain, SIDE)[SIDE // 2 : -SIDE // 2, SIDE // 2 : -SIDE // 2]
    random = float(sums.mean())
    sd = known.error_sd(before)
    need = expected_drop(before, sd, known.structured)
    boxes = ranked_boxes(need, SIDE, COUNT)
    ours = gained(boxes)
    older = gained(remeasure_boxes(width_relative_to_range(before, sd), SIDE, COUNT))
    bright = gained(remeasure_boxes((before / before.mean(axis=(1, 2), keepdims=True)).sum(axis=0), SIDE, COUNT))
    found.random.append(ours > random)
    found.older.append(ours - older)
    found.older_random.append(older > random)
    found.bright_random.append(bright > random)
    found.gain.append(ours / random)
    _order(found, boxes, expected_drop(denoise(second, 1.0), known.error_sd(denoise(second, 1.0)), known.structured))


def _order(found: Found, boxes: Sequence[dict[str, Any]], again: Doubles) -> None:
    """Whether pairs of boxes keep their order in the score of an independent frame of the same scene."""
    scores = [float(again[tuple(slice(*bounds) for bounds in box["bounds"])].mean()) for box in boxes]
    for i in range(len(boxes)):
        for j in range(i + 1, len(boxes)):
            kept = scores[i] > scores[j]
            found.printed_order.append(kept)
            if boxes[i]["rank"] < boxes[j]["rank"]:
                found.kept_order.append(kept)


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate ``data_sets`` data sets per filter, and give one promise after the other."""
    for number, (name, denoise) in enumerate(FILTERS.items()):
        found = Found()
        for own in np.random.SeedSequence(seed, spawn_key=(number,)).spawn(data_sets):
            simulate(found, denoise, np.random.default_rng(own))
        yield share_at_least(
            "the true error drops more in the boxes than in random ones",
            name,
            found.random,
            LEAST,
            beside=f"older score {np.mean(found.older_random):.3f}, brightest boxes "
            f"{np.mean(found.bright_random):.3f}, drop {np.mean(found.gain):.2f} times that of random boxes",
        )
        low, high = interval_of_mean(found.older)
        yield Promise(
            "drop of the true error, less that in the boxes of the older score (shares of the channels' variance)",
            name,
            "above 0",
            float(np.mean(found.older)),
            low,
            high,
            low > 0,
            data_sets,
        )
        if found.kept_order:
            yield share_at_least(
                "boxes of different rank keep their order in an independent frame",
                name,
                found.kept_order,
                ORDERED,
                beside=f"all pairs {np.mean(found.printed_order):.3f}",
            )
