"""The held-out regions in memory: predictions of every frame beside their targets, and which targets are covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..calibration.tie_draws import chance_at
from ..files.labels import read_tokens
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import block_labels
from ..geometry.boxes import Box

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class HeldOut:
    """One test box of one scan. Images are float32 (C, R, *box): every frame predicted on its own.

    ``field`` names the field of view: the group of the scan in the scan sheet, or else the scan itself.
    ``frames`` are the numbers of these frames in the scan, ``delivered`` the place among them of the delivered one.
    ``noise`` is the variance of the targets and ``truth`` (C, *box) the true signal, or None where unknown; ``blocks``
    numbers the box's blocks from 0; ``border`` is each pixel's distance to the border of its image in px (0 on it);
    ``tokens`` the labels of the delivered frame or None; ``members`` (M, C, *box) the members' medians of the delivered
    frame or None.
    """

    scan: str
    field: str
    box: Box
    frames: tuple[int, ...]
    delivered: int
    lower: Floats
    median: Floats
    upper: Floats
    target: Floats
    noise: Floats | None
    truth: Floats | None
    blocks: NDArray[np.intp]
    n_blocks: int
    border: NDArray[np.intp]
    tokens: NDArray[np.integer] | None
    members: Floats | None

    @property
    def n_frames(self) -> int:
        """Frames that were predicted on their own."""
        return int(self.target.shape[1])


def border_distance(shape: Sequence[int], box: Box) -> NDArray[np.intp]:
    """Distance of the pixels of ``box`` to the border of an image of ``shape``, in px, 0 on the border itself."""
    axes = [
        np.minimum(np.arange(low, high), extent - 1 - np.arange(low, high))
        for low, high, extent in zip(box.lower, box.upper, shape, strict=True)
    ]
    return np.min(np.stack(np.meshgrid(*axes, indexing="ij")), axis=0)


def load_held_out(
    predictions: Predictions,
    scan: Scan,
    boxes: Sequence[Box],
    tokens: Path | None,
    block: int,
    only_delivered: bool = False,
    montage: bool = False,
) -> list[HeldOut]:
    """Read the test ``boxes`` of one scan; ``tokens`` is its label TIFF or None, ``block`` a block's side in px.

    All frames are read, or the delivered one alone where intervals exist for no other, because they depend on tokens.
    In a ``montage`` every box is an image of its own, so that the border of the box is that of the image.
    """
    labels = read_tokens(tokens, scan.shape)
    loaded = []
    frames = (predictions.frame,) if only_delivered else tuple(range(predictions.n_frames))
    for box in boxes:
        region = box.slices
        images = [predictions.read_frame(k, region) for k in frames]
        lower, median, upper = (np.stack([image[i] for image in images], axis=1) for i in range(3))
        noise = [scan.read_target_noise(k, region) for k in frames]
        blocks, n_blocks = block_labels(box.shape, block)
        alone = Box(box.role, (0,) * len(box.shape), box.shape)
        loaded.append(
            HeldOut(
                scan=scan.name,
                # Repeats of one field of view are one thing to draw, as in calibration.
                field=f"group {scan.group}" if scan.group else f"scan {scan.name}",
                box=box,
                frames=frames,
                delivered=frames.index(predictions.frame),
                lower=lower,
                median=median,
                upper=upper,
                target=np.stack([scan.read_target(k, region) for k in frames], axis=1),
                noise=None if any(part is None for part in noise) else np.stack([p for p in noise if p is not None], 1),
                truth=scan.read_truth(region),
                blocks=blocks,
                n_blocks=n_blocks,
                border=border_distance(box.shape, alone) if montage else border_distance(scan.shape, box),
                tokens=None if labels is None else labels[region],
                members=np.stack([predictions.read_member(m, region) for m in range(predictions.n_members)])
                if predictions.has_members
                else None,
            )
        )
    return loaded


@dataclass(frozen=True)
class Judged:
    """A held-out region with its calibrated interval at one nominal coverage; arrays (C, R, *box)."""

    region: HeldOut
    low: Floats
    high: Floats

    @property
    def below(self) -> NDArray[np.bool_]:
        """Targets below the interval."""
        return self.region.target < self.low

    @property
    def above(self) -> NDArray[np.bool_]:
        """Targets above the interval."""
        return self.region.target > self.high

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Targets inside the interval, ends included."""
        return ~(self.below | self.above)

    @property
    def width(self) -> Floats:
        """Width of the interval, units of the reference."""
        return self.high - self.low


def judge(region: HeldOut, calibration: Calibration, nominal: float) -> Judged:
    """Apply the calibrated interval, exactly as it is delivered, to every frame of a held-out region."""
    chance = None
    if calibration.random_ties:
        channels = len(region.target)
        chance = np.stack([chance_at(region.scan, k, channels, region.box.slices) for k in region.frames], axis=1)
    tokens = region.tokens if calibration.by_token else None
    low, high, _ = calibration.interval(region.lower, region.median, region.upper, nominal, tokens, chance)
    return Judged(region, low, high)
