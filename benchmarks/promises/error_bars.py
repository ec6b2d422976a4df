"""Do the printed 95 % intervals of coverages, precisions and error ratios hold?

Shares: a score of which one part is correlated over some length and common to all frames, the other white, is covered
in exactly 90 % of pixels. Scans: coverages that scatter from scan to scan with a tail. Ratios: squared errors of two
denoisers that find the same places hard.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from noisebound.evaluation.cells import CellSums, cell_sums
from noisebound.evaluation.error_bars import Interval, interval, interval_over_fields
from noisebound.geometry.blocks import block_labels

from .promise import Promise, share_at_least, share_at_most

TITLE = "Error bars: 95 % intervals of coverages, of precisions and of the ratio to the filter"
Doubles = NDArray[np.float64]
_COVERED = float(norm.ppf(0.95))
_BLOCK = 16
# Shape, frames, and worlds (correlation length in px, share of the score that is correlated).
_IMAGES = (((59, 89), 10), ((64, 64), 1), ((32, 64), 1), ((128, 128), 1))
_WORLDS = ((0.0, 0.0), (6.0, 0.3), (12.0, 0.3), (12.0, 0.6), (24.0, 0.3), (24.0, 0.6))


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate shares over pixels, shares over scans, and ratios.

    Parameters
    ----------
    data_sets
        Number of data sets per world.
    seed
        Seed of all draws.

    Yields
    ------
    Promise
        A printed interval fails in at most 8 % of data sets; where correlation leaves fewer than 8 places none is
        printed.
    """
    for number, (shape, frames) in enumerate(_IMAGES):
        for length, strength in _WORLDS:
            key = (seed, number, int(length), int(10 * strength))
            yield from _shares(shape, frames, length, strength, data_sets, np.random.default_rng(key))
    for gain in (0.2, 0.5, 1.0):
        for n_scans in (10, 12, 20, 50):
            yield _scans(n_scans, gain, data_sets, np.random.default_rng((seed, 50, n_scans, int(10 * gain))))
    for ratio in (0.5, 0.9, 1.0):
        yield from _ratios(ratio, data_sets, np.random.default_rng((seed, 60, int(10 * ratio))))
    yield _few_pixels(data_sets, np.random.default_rng((seed, 70)))


def smooth(random: np.random.Generator, shape: tuple[int, int], length: float) -> Doubles:
    """A Gaussian field of variance 1, not periodic, whose correlation falls to 1/e over ``length`` px."""
    sigma = length / 2
    margin = int(4 * sigma) + 1
    white = random.standard_normal([extent + 2 * margin for extent in shape])
    return np.asarray(gaussian_filter(white, sigma)[margin:-margin, margin:-margin] * (2 * sigma * math.sqrt(math.pi)))


def share_interval(hits: Doubles, frames: int) -> tuple[float, Interval]:
    """The share of covered pixels and its interval, from the covered frames of each pixel."""
    counts = np.full(hits.shape, float(frames))
    share = float(hits.sum() / counts.sum())
    inside, pixels = cell_sums(hits, hits.shape), cell_sums(counts, hits.shape)
    moved = CellSums((inside.sums - share * pixels.sums) / counts.sum(), hits.shape)
    return share, interval(share, [moved], [pixels], _BLOCK, share=True)


def bootstrap_interval(hits: Doubles, frames: int, random: np.random.Generator) -> Interval:
    """The percentile interval over blocks drawn anew, as it was printed before."""
    labels, n_blocks = block_labels(hits.shape, _BLOCK)
    inside = np.bincount(labels.ravel(), hits.ravel(), n_blocks)
    count = frames * np.bincount(labels.ravel(), minlength=n_blocks)
    weights = random.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=500)
    low, high = np.quantile((weights @ inside) / (weights @ count), [0.025, 0.975])
    return float(low), float(high)


def _shares(
    shape: tuple[int, int], frames: int, length: float, strength: float, data_sets: int, random: np.random.Generator
) -> Iterator[Promise]:
    """Coverage of one image whose true coverage is 0.9."""
    printed, held, old = [], [], []
    for _ in range(data_sets):
        scores = math.sqrt(1 - strength) * random.standard_normal((frames, *shape))
        if length:
            scores += math.sqrt(strength) * smooth(random, shape, length)
        hits = (np.abs(scores) < _COVERED).sum(axis=0).astype(np.float64)
        _, (low, high) = share_interval(hits, frames)
        printed.append(not math.isnan(low))
        held.append(low <= 0.9 <= high)
        before = bootstrap_interval(hits, frames, random)
        old.append(before[0] <= 0.9 <= before[1])
    name = f"{shape[0]} x {shape[1]} px, {frames} frame{'s' if frames > 1 else ''}, "
    name += f"{strength:.0%} of the score correlated over {length:g} px" if length else "independent pixels"
    told = [hit for hit, shown in zip(held, printed, strict=True) if shown]
    among = f"printed in {np.mean(printed):.0%}" + (f", of these {np.mean(told):.0%} hold" if told else "")
    beside = f"{among}; percentile bootstrap over blocks: {np.mean(old):.0%} hold"
    wrong = [shown and not hit for hit, shown in zip(held, printed, strict=True)]
    yield share_at_most("printed interval of a coverage that does not hold", name, wrong, 0.08, beside)
    places = math.prod(shape) / (math.pi * length**2 / 2) if length else math.inf
    if places < 6:
        about = f"interval printed with about {places:.1f} independent places"
        yield share_at_most(about, name, printed, 0.2)


def _scans(n_scans: int, gain: float, data_sets: int, random: np.random.Generator) -> Promise:
    """Mean coverage over scans whose scores are shifted by a normal number each; many sets cost nothing."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    true = float(weights @ _coverage(gain * nodes) / weights.sum())
    held, old = [], []
    for _ in range(data_sets):
        own = _coverage(gain * random.standard_normal(n_scans))
        low, high = interval_over_fields(float(own.mean()), (own - own.mean()) / n_scans, share=True)
        held.append(bool(low <= true <= high))
        means = own[random.integers(0, n_scans, (500, n_scans))].mean(axis=1)
        ends = np.quantile(means, [0.025, 0.975])
        old.append(bool(ends[0] <= true <= ends[1]))
    world = f"{n_scans} scans, shift of the score {gain:g}"
    beside = f"percentile bootstrap over scans: {np.mean(old):.0%} hold"
    return share_at_least("interval over scans holds the mean coverage", world, held, 0.92, beside)


def _coverage(shift: Doubles) -> Doubles:
    return np.asarray(norm.cdf(_COVERED - shift) - norm.cdf(-_COVERED - shift))


def _ratios(ratio: float, data_sets: int, random: np.random.Generator) -> Iterator[Promise]:
    """Ratio of squared errors with the noise of the reference in both; places are hard for both over 12 px."""
    shape, noise = (59, 89), 0.5
    held, told, old = [], [], []
    for _ in range(data_sets):
        hard = np.exp(0.5 * smooth(random, shape, 12.0))
        ours, theirs = (scale * hard * smooth(random, shape, 4.0) for scale in (0.2 * math.sqrt(ratio), 0.2))
        # The error of the reference, of ten frames, stands in both squared errors.
        own = noise * random.standard_normal((10, *shape))
        squares = [(np.square(error - own) - noise**2).sum(axis=0) for error in (ours, theirs)]
        totals = [float(part.sum()) for part in squares]
        found = totals[0] / totals[1]
        moved = cell_sums((squares[0] - found * squares[1]) / totals[1], shape)
        low, high = interval(found, [moved], [cell_sums(np.ones(shape), shape)], _BLOCK)
        shown = not math.isnan(low)
        held.append(not shown or low <= ratio <= high)
        told.append(shown and not low <= 1 <= high)
        old.append(_paired_bootstrap(squares, ratio, random))
    world = f"59 x 89 px, 24 blocks, ten frames, errors alike over 12 px, true ratio {ratio:g}"
    beside = f"percentile bootstrap over blocks: {np.mean(old):.0%} hold"
    yield share_at_least("interval of the ratio to the filter holds, or is not printed", world, held, 0.92, beside)
    if ratio == 1:
        yield share_at_most("told from the filter where both are alike", world, told, 0.08)
    if ratio == 0.5:
        yield share_at_least("told from the filter where the error is half of its", world, told, 0.8)


def _paired_bootstrap(squares: list[Doubles], ratio: float, random: np.random.Generator) -> bool:
    labels, n_blocks = block_labels(squares[0].shape, _BLOCK)
    ours, theirs = (np.bincount(labels.ravel(), part.ravel(), n_blocks) for part in squares)
    weights = random.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=500)
    low, high = np.quantile((weights @ ours) / (weights @ theirs), [0.025, 0.975])
    return bool(low <= ratio <= high)


def _few_pixels(data_sets: int, random: np.random.Generator) -> Promise:
    """The precision of 25 called pixels in two blocks."""
    printed = []
    for _ in range(data_sets):
        counts = np.zeros((59, 89))
        counts[20:25, 14:19] = 1
        hits = counts * (random.random(counts.shape) < 0.8)
        share = hits.sum() / counts.sum()
        inside, pixels = cell_sums(hits, counts.shape), cell_sums(counts, counts.shape)
        moved = CellSums((inside.sums - share * pixels.sums) / counts.sum(), counts.shape)
        printed.append(not math.isnan(interval(float(share), [moved], [pixels], _BLOCK, share=True)[0]))
    return share_at_most("interval printed of a precision of 25 pixels in two blocks", "59 x 89 px", printed, 0.0)
