"""Windows of the scans, with two independent frames of each: repeats, or the counts of one frame divided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..geometry.boxes import Box, Region
from ..geometry.tiling import Tile
from ..latent.frames import HELD_OUT, REPEATS, THINNED, TRAINED
from ..regions.regions import Regions
from .members import Ensemble, exact_tiles

Floats = NDArray[np.float32]

# Pixels per axis of the windows that are predicted.
WINDOW = {2: 64, 3: 16}


@dataclass(frozen=True)
class Window:
    """One region of a scan that is predicted in tiles.

    Parameters
    ----------
    number
        Number of the scan.
    region
        The region.
    tiles
        What has to be read to predict it.
    """

    number: int
    region: Region
    tiles: tuple[Tile, ...]

    @cached_property
    def around(self) -> Region:
        """The region with all that its tiles read. It is read at once: one division of counts serves all tiles."""
        reads = list(zip(*(tile.read for tile in self.tiles), strict=True))
        return tuple(slice(min(part.start for part in axis), max(part.stop for part in axis)) for axis in reads)

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels per spatial axis of the region."""
        return tuple(part.stop - part.start for part in self.region)

    @property
    def size(self) -> int:
        """Number of pixels of the region."""
        return math.prod(self.shape)


def choose_scans(opened: Sequence[Scan], areas: Sequence[Regions]) -> tuple[str, str, dict[int, tuple[Box, ...]]]:
    """Choose which scans give pairs of frames, and where: held-out regions before train, repeats before halves.

    Held out are select, calibrate and test regions: no network was trained on them.

    Parameters
    ----------
    opened, areas
        Matching lists of scans and of their regions.

    Returns
    -------
    source, place : str
        As in :class:`noisebound.latent.frames.FramePairs`.
    boxes : dict
        The boxes of each scan by its number in the list; empty where no scan has two frames or counts.
    """
    for place, roles in ((HELD_OUT, ("select", "calibrate", "test")), (TRAINED, ("train",))):
        for source in (REPEATS, THINNED):
            found = {
                number: area.of(*roles)
                for number, (scan, area) in enumerate(zip(opened, areas, strict=True))
                if area.of(*roles) and (scan.n_frames > 1 if source == REPEATS else scan.counts)
            }
            if found:
                return source, place, found
    return "", "", {}


def draw_windows(
    ensemble: Ensemble,
    shapes: Sequence[Sequence[int]],
    boxes: Mapping[int, Sequence[Box]],
    budget: int,
    random: np.random.Generator,
) -> list[Window]:
    """Draw windows of the boxes, one of each scan in turn, until they and their halos have a given number of pixels.

    Parameters
    ----------
    ensemble
        The members.
    shapes
        Spatial shape of every scan (px).
    boxes
        Boxes of some scans, by the number of the scan.
    budget
        Pixels of all windows with their halos. One window is drawn whatever its size.
    random
        Draws them.

    Returns
    -------
    list of Window
        Disjoint windows.
    """
    queues = []
    for number, own in boxes.items():
        regions = [
            tuple(slice(part.start + out.start, part.stop + out.start) for part, out in zip(block, row, strict=True))
            for box in own
            for row, blocks in blocks_of_box(box, WINDOW[ensemble.dimensions])
            for block in blocks
        ]
        queues.append([(number, regions[i]) for i in random.permutation(len(regions))])
    chosen: list[Window] = []
    for turn in range(max(map(len, queues))):
        for number, region in (queue[turn] for queue in queues if turn < len(queue)):
            sides = zip(region, ensemble.halo, strict=True)
            budget -= math.prod(part.stop - part.start + 2 * rim for part, rim in sides)
            if chosen and budget < 0:
                return chosen
            tiles = tuple(exact_tiles(ensemble, shapes[number], region, ensemble.hardware.memory))
            chosen.append(Window(number, region, tiles))
    return chosen


def read_pair(
    scan: Scan, region: Region, source: str, frame: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Read two independent frames of a region.

    Parameters
    ----------
    scan
        The scan.
    region
        One slice per spatial axis.
    source
        ``repeats``: the delivered frame and the next. ``thinned``: the delivered frame, divided.
    frame
        Number of the delivered frame; of scans with fewer frames, the last.
    random
        Divides counts.

    Returns
    -------
    tuple of array
        float32 (C, *region) each.
    """
    first = min(frame, scan.n_frames - 1)
    image = scan.read_frame(first, region)
    if source == THINNED:
        return divide_counts(image, random)
    return image, scan.read_frame((first + 1) % scan.n_frames, region)


def divide_counts(image: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Divide counts at random into two halves, and double each.

    Each count falls into either half with probability 1/2, so that the halves of a Poisson count are independent. They
    are doubled, because the networks know images of the whole dose and would take single halves for a darker material.
    Each carries the noise of half the dose, so two whole frames agree better than two halves. Counts whose variance
    exceeds their mean give halves that resemble each other by their noise as well.

    Parameters
    ----------
    image
        Counts, of any shape.
    random
        Divides them.

    Returns
    -------
    tuple of array
        Two float32 images whose mean is ``image``. If counts are Poisson, the two are independent, each with the
        expectation of ``image`` and twice its variance.

    References
    ----------
    Thinning of a Poisson process: Kingman, Poisson Processes (1993), section 5.1.
    """
    counts = np.rint(np.maximum(image, 0)).astype(np.int64)
    half = random.binomial(counts, 0.5)
    return (2.0 * half).astype(np.float32), (2.0 * (counts - half)).astype(np.float32)


def within(region: Region, around: Region) -> Region:
    """Move a region into the coordinates of a larger one that holds it.

    Parameters
    ----------
    region, around
        The two regions of a scan, one slice per axis.

    Returns
    -------
    tuple of slice
        The region, counted from the first pixel of ``around``.
    """
    return tuple(slice(part.start - out.start, part.stop - out.start) for part, out in zip(region, around, strict=True))
