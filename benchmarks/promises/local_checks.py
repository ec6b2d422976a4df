"""Lost and invented objects: how often the check finds them, and how often it finds what is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from noisebound.drift.expected import Expected, gains, shifted
from noisebound.drift.fit_drift import rising_shift
from noisebound.drift.local_findings import local_findings
from noisebound.drift.local_images import NoisyFrame
from noisebound.drift.local_kernels import SCALES
from noisebound.drift.local_scores import Measured, deviations
from noisebound.drift.local_usual import LocalUsual, fit_usual
from noisebound.geometry.blocks import blocks_of_box
from noisebound.geometry.boxes import Box

from .promise import Promise, share_at_least, share_at_most

TITLE = "Lost and invented objects"
SIDE, BLOCK = 96, 16
BOX = Box("apply", (0, 0), (SIDE, SIDE))
Images = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A kind of sample, how it is measured and how it is denoised.

    Attributes
    ----------
    level
        Mean of the even half, in counts or in the unit of intensities.
    contrast
        Of the grains in the other half, relative to ``level``.
    width
        Standard deviation in pixels of the Gaussian filter that denoises.
    soft
        Standard deviation in pixels of the Gaussian that smooths the edges of the grains, as a microscope does.
    scans
        Number of calibrate scans.
    channels
        Number of channels.
    counts
        Poisson counts, or intensities with normal noise of standard deviation 1.
    """

    level: float
    contrast: float = 0.5
    width: float = 3.0
    soft: float = 2.0
    scans: int = 1
    channels: int = 1
    counts: bool = True

    def __str__(self) -> str:
        kind = f"{self.level:g} counts" if self.counts else f"intensity, signal to noise {self.level:g}"
        channels = f", {self.channels} channels" if self.channels > 1 else ""
        calibrate = "1 calibrate scan" if self.scans == 1 else f"{self.scans} calibrate scans"
        grains = f"{'soft' if self.soft else 'sharp'} grains ±{100 * self.contrast:.0f} %"
        return f"{calibrate}, {kind}, {grains}, Gaussian filter of {self.width:g} px{channels}"


class OneFrame:
    """Stands for a scan with one frame."""

    def __init__(self, noisy: Images, counts: bool) -> None:
        self.noisy, self.counts, self.channels = noisy, counts, tuple(str(c) for c in range(len(noisy)))
        self.ndim, self.shape = noisy.ndim - 1, noisy.shape[1:]

    def read_frame(self, k: int, region: tuple[slice, ...]) -> Images:
        return self.noisy[(slice(None), *region)]


class OneImage:
    """Stands for the predictions of the ensemble."""

    frame = 0

    def __init__(self, median: Images) -> None:
        self.median = median

    def read(self, kind: str, region: tuple[slice, ...]) -> Images:
        return self.median[(slice(None), *region)]


def truth(world: World, rng: np.random.Generator) -> Images:
    """Noise-free images (C, Y, X): the left half even, grains in the right half."""
    field = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 5, mode="wrap")
    grains = ((field > 0) & (np.arange(SIDE) >= SIDE // 2)).astype(np.float64)
    grains = ndimage.gaussian_filter(grains, world.soft)
    signs = np.where(np.arange(world.channels) % 2, 1.0, -1.0)
    return world.level * (1 + world.contrast * signs[:, None, None] * grains)


def measure(world: World, signal: Images, rng: np.random.Generator) -> Images:
    """One noisy frame."""
    if world.counts:
        return rng.poisson(signal).astype(np.float64)
    return signal + rng.standard_normal(signal.shape)


def denoise(world: World, noisy: Images) -> Images:
    """Stand-in for the networks: a Gaussian filter of each channel."""
    found: Images = ndimage.gaussian_filter(noisy, (0, world.width, world.width))
    return np.maximum(found, 0) if world.counts else found


def blob(world: World, sigma: float, width: float, rng: np.random.Generator) -> tuple[Images, tuple[int, int]]:
    """An object in the even half, ``sigma`` standard deviations strong for a matched filter, and its middle."""
    y, x = int(rng.integers(10, SIDE - 10)), int(rng.integers(10, SIDE // 2 - 10))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    noise = np.sqrt(world.level) if world.counts else 1.0
    amplitude = sigma * noise / (np.sqrt(np.pi) * width)
    return amplitude * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2)), (y, x)


def calibrated(world: World, rng: np.random.Generator) -> tuple[Expected, LocalUsual]:
    """What some calibrate scans say of the image, fitted as the step ``fit_drift`` does."""
    pairs = []
    for _ in range(world.scans):
        signal = truth(world, rng)
        noisy = measure(world, signal, rng)
        target = rng.poisson(9 * signal) / 9 if world.counts else signal + rng.standard_normal(signal.shape) / 3
        pairs.append((noisy, denoise(world, noisy), target))
    noisy, median, target = (np.concatenate(parts, axis=1) for parts in zip(*pairs, strict=True))
    flat = [image.reshape(world.channels, -1).astype(np.float32) for image in (median, target)]
    knots, shift = rising_shift(*flat)
    mean = shifted(median, knots, shift, world.counts)
    of_blocks = [
        np.array(
            [image[:, row[0]][(slice(None), *inside)].mean(axis=(1, 2)) for row, blocks in rows for inside in blocks]
        )
        for image in (noisy, median, mean)
        for rows in [list(blocks_of_box(Box("calibrate", (0, 0), noisy.shape[1:]), BLOCK))]
    ]
    expected = Expected(
        *gains(of_blocks[0], of_blocks[1], world.counts), knots, shift, *gains(of_blocks[0], of_blocks[2], world.counts)
    )
    return expected, fit_usual([(frame_of(world, a, b, expected), [BOX]) for a, b, _ in pairs])


def frame_of(world: World, noisy: Images, median: Images, expected: Expected) -> NoisyFrame:
    """The frame beside the image, as the check reads them."""
    return NoisyFrame(OneFrame(noisy, world.counts), OneImage(median), [BOX], expected)  # type: ignore[arg-type]


def errs(
    world: World, signal: Images, noisy: Images, median: Images, expected: Expected, place: Mapping[str, Any]
) -> bool:
    """Whether the image is wrong at a place, by 3 standard deviations of the noisy frame or more at any scale."""
    channel = int(place["channel"])
    one = frame_of(world, noisy, median, expected).read(BOX.slices)[channel]
    true = Measured(signal[channel], one.predicted, one.variance, False)
    region = tuple(slice(low, high) for low, high in zip(place["lower"], place["upper"], strict=True))
    return max(float(np.abs(found.score[region]).max()) for found in deviations(true, SCALES)) >= 3


@dataclass(frozen=True)
class Seen:
    """What the check said of one data set."""

    any_place: bool
    wrong_place: bool
    found: bool
    kind: bool
    smallest: float


def check(
    world: World, usual: tuple[Expected, LocalUsual], kind: str, sigma: float, width: float, rng: np.random.Generator
) -> Seen:
    """One scan: ``kind`` none, lost or invented; an object of ``sigma`` in the first channel."""
    expected, local = usual
    signal = truth(world, rng)
    with_object = signal.copy()
    at = (0, 0)
    if kind != "none":
        added, at = blob(world, sigma, width, rng)
        with_object[0] += added
    if kind == "lost":
        # The image is that of another frame of the same sample without the object.
        noisy, median = measure(world, with_object, rng), denoise(world, measure(world, signal, rng))
    else:
        noisy = measure(world, signal, rng)
        median = denoise(world, noisy) + (with_object - signal)
    content = local_findings(frame_of(world, noisy, median, expected), BOX, local)
    hits = [
        place
        for place in content["places"]
        if place["channel"] == "0"
        and all(low - 3 <= p < high + 3 for p, low, high in zip(at, place["lower"], place["upper"], strict=True))
    ]
    smallest = content["local"]["smallest"][0]["sigma"]
    places = content["places"]
    wrong = bool(places) and not all(errs(world, with_object, noisy, median, expected, place) for place in places)
    return Seen(bool(places), wrong, bool(hits), bool(hits) and hits[0]["kind"] == kind, smallest)


WORLDS = (
    World(5.0),
    World(0.5),
    World(0.2),
    World(50.0, width=1.5),
    World(0.2, channels=6),
    World(5.0, counts=False),
    World(5.0, counts=False, scans=4),
    World(5.0, contrast=0.9, scans=4),
    # A filter does lose the smallest sharp grains, and the check may say so.
    World(5.0, soft=0.0),
    World(50.0, width=1.5, soft=0.0),
)
WIDTHS = (1.5, 2.5, 4.0)
OBJECTS = (("lost", 10.0), ("invented", 20.0))


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate ``data_sets`` data sets per world; see :class:`.promise.Study`."""
    for number, world in enumerate(WORLDS):
        rng = np.random.default_rng([seed, number])
        seen: dict[str, list[Seen]] = {kind: [] for kind in ("none", "lost", "invented")}
        for i in range(data_sets):
            usual = calibrated(world, rng)
            for kind, sigma in (("none", 0.0), *OBJECTS):
                seen[kind].append(check(world, usual, kind, sigma, WIDTHS[i % len(WIDTHS)], rng))
        smallest = float(np.median([one.smallest for one in seen["none"]]))
        yield share_at_most(
            "a scan shows a lost or invented object where its image is right within 3 sigma",
            str(world),
            [one.wrong_place for one in seen["none"]],
            0.05,
            beside=f"the page says: down to about {smallest:.1f} sigma",
        )
        if world.soft:
            yield share_at_most(
                "a scan blurred like the calibrated ones shows a lost or invented object anywhere",
                str(world),
                [one.any_place for one in seen["none"]],
                0.05,
            )
        for kind, sigma in OBJECTS:
            yield share_at_least(
                f"{kind} object of {sigma:g} sigma is listed at its place",
                f"{world}; objects of 1.5, 2.5 and 4 px",
                [one.found for one in seen[kind]],
                0.9,
                beside=f"called {kind}: {np.mean([one.kind for one in seen[kind]]):.2f}",
            )
