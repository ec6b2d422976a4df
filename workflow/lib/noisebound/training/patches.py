"""Training pixels in memory, and random patches of them cut on the device that trains.

A patch is larger than what it teaches: its rim, as wide as the receptive radius, only gives context. Where the scan
ends, it continues as its mirror image, as it does at inference. Every pixel that counts in the loss therefore sees
exactly the input it will see at inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import InputError
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..geometry.tiling import mirror
from ..networks.normalisation import Normalisation
from ..regions.regions import Regions


@dataclass
class RoleImages:
    """All frames of one scan inside one bounding box with a rim around it, and which of its pixels have the role.

    ``noisy`` and ``target`` are float32 (R, C, *spatial), normalised; where one reference serves all frames, ``target``
    has one entry. ``mask`` is boolean (*spatial), false in the rim.
    """

    noisy: Tensor
    target: Tensor
    mask: Tensor
    boxes: tuple[Box, ...]

    @property
    def pixels(self) -> int:
        """Number of pixels with the role."""
        return int(self.mask.sum())


def dither(target: NDArray[np.float32], exposures: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Spread counts over the gaps between them, so that their quantiles are smooth and their median is their mean.

    ``target`` (C, *spatial) is a mean over ``exposures`` counts, a multiple of 1 / exposures. Adds U(-1/3, 2/3) /
    exposures. Quantiles of counts jump from one integer to the next, and the median of a Poisson count lies about a
    third (for the count made continuous) away from its mean; this draw moves it onto the mean, to within 0.03 counts
    for rates above one half. Jittering: Machado and Santos Silva, JASA 100 (2005) 1226; the third: Choi, Proc. AMS 121
    (1994) 245. Calibration and evaluation use the counts as they are.
    """
    return target + random.uniform(-1 / 3, 2 / 3, size=target.shape).astype(np.float32) / np.float32(exposures)


def load_role(
    scan_file: str | Path,
    region_file: str | Path,
    role: str,
    radius: Sequence[int],
    normalisation: Normalisation,
    random: np.random.Generator,
) -> RoleImages | None:
    """Read everything one role needs from a scan: its boxes and a rim of the receptive ``radius`` (px per axis).

    Targets that are counts are dithered (see :func:`dither`) with draws from ``random``. Input that no pixel of the
    role can see and targets of other pixels become zero: masking the loss would not keep a NaN there out of the
    weights. Returns None where the scan has no pixel of that role.
    """
    regions = Regions.read(region_file)
    boxes = regions.of(role)
    if not boxes:
        return None
    lower = [min(box.lower[axis] for box in boxes) for axis in range(len(regions.shape))]
    upper = [max(box.upper[axis] for box in boxes) for axis in range(len(regions.shape))]
    crop, rim = _with_rim(lower, upper, regions.shape, radius)
    with Scan(scan_file) as scan:
        noisy = np.stack([normalisation.normalise_input(scan.read_frame(k, crop)) for k in range(scan.n_frames)])
        shared = scan.reference_kind == "measured"
        repeats = 1 if shared else scan.n_frames
        targets = [scan.read_target(k, crop) for k in range(repeats)]
        if normalisation.counts:
            exposures = 1 if shared else scan.n_frames - 1
            targets = [dither(target, exposures, random) for target in targets]
        target = np.stack([normalisation.normalise_target(image) for image in targets])
    mask = regions.mask(role)[crop]
    target[..., ~mask] = 0
    noisy[..., ~_visible(regions.shape, boxes, radius)[crop]] = 0
    shifted = tuple(
        Box(
            role,
            tuple(low - origin + r for low, origin, r in zip(box.lower, lower, radius, strict=True)),
            tuple(high - origin + r for high, origin, r in zip(box.upper, lower, radius, strict=True)),
        )
        for box in boxes
    )
    return RoleImages(
        noisy=torch.from_numpy(mirror(noisy, rim)),
        target=torch.from_numpy(mirror(target, rim)),
        mask=torch.from_numpy(np.pad(mask, rim)),
        boxes=shifted,
    )


def _with_rim(
    lower: Sequence[int], upper: Sequence[int], shape: Sequence[int], radius: Sequence[int]
) -> tuple[tuple[slice, ...], list[tuple[int, int]]]:
    """What can be read of a box and its rim, and how many pixels per axis and side are left to mirror."""
    first = [max(low - r, 0) for low, r in zip(lower, radius, strict=True)]
    last = [min(high + r, extent) for high, r, extent in zip(upper, radius, shape, strict=True)]
    crop = tuple(slice(low, high) for low, high in zip(first, last, strict=True))
    missing = [
        (low_read - (low - r), high + r - high_read)
        for low, high, r, low_read, high_read in zip(lower, upper, radius, first, last, strict=True)
    ]
    return crop, missing


def _visible(shape: Sequence[int], boxes: Sequence[Box], radius: Sequence[int]) -> NDArray[np.bool_]:
    """Boolean image of ``shape``, true where a pixel of a box can see: within ``radius`` of it."""
    visible = np.zeros(shape, dtype=bool)
    for box in boxes:
        sides = zip(box.lower, box.upper, radius, strict=True)
        visible[tuple(slice(max(low - rim, 0), high + rim) for low, high, rim in sides)] = True
    return visible


def check_patch(patch: Sequence[int], radius: Sequence[int], alignment: int = 1) -> None:
    """Raise ``InputError`` where a patch is too small to show even one pixel its whole receptive field, or where its
    lengths are no multiples of the ``alignment`` of the networks (px)."""
    if any(size % alignment for size in patch):
        raise InputError(
            f"networks that halve their images or work on cells need patches of multiples of {alignment} px",
            key="training.patch",
            value=list(patch),
            remedy=f"for example {[size + -size % alignment for size in patch]}",
        )
    if any(size < 2 * rim + 1 for size, rim in zip(patch, radius, strict=True)):
        raise InputError(
            f"patches must be at least {[2 * rim + 1 for rim in radius]} px wide, twice the receptive radius and one",
            key="training.patch",
            value=list(patch),
            remedy="give larger patches, or choose a smaller architecture.max_radius",
        )


class PatchSampler:
    """Draws random patches from ``images``; the patch must have passed :func:`check_patch`.

    ``patch`` and ``radius``, the rim whose pixels do not count, in pixels per axis. An image that is smaller than the
    patch shares a batch only with images that give patches of the same shape: cutting the others down would take
    context from pixels that count.
    """

    def __init__(self, images: Sequence[RoleImages], patch: Sequence[int], radius: Sequence[int]) -> None:
        self.patch, self.radius = tuple(patch), tuple(radius)
        groups: dict[tuple[int, ...], list[RoleImages]] = {}
        for image in images:
            shape = tuple(min(size, extent) for size, extent in zip(patch, image.mask.shape, strict=True))
            groups.setdefault(shape, []).append(image)
        self.owners = [[(image, box) for image in group for box in image.boxes] for group in groups.values()]
        self.sizes = [torch.tensor([box.size for _, box in group], dtype=torch.float64) for group in self.owners]
        self.pixels = torch.tensor([sum(image.pixels for image in group) for group in groups.values()]).double()

    def batch(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """``count`` patches under one random flip and right-angle rotation, the same for noisy, target and mask.

        Shapes (B, C, *patch), (B, C, *patch), (B, 1, *patch); the mask is true where a pixel counts. Rotations turn
        the last two axes; a volume is also flipped along Z.
        """
        group = int(torch.multinomial(self.pixels, 1, generator=generator)) if len(self.owners) > 1 else 0
        parts = [self._patch(group, generator) for _ in range(count)]
        noisy, target = (torch.stack([part[k] for part in parts]) for k in (0, 1))
        mask = torch.stack([part[2] for part in parts])[:, None]
        flips = [axis for axis in range(-len(self.patch), 0) if _randint(0, 2, generator)]
        turns = _randint(0, 4, generator)
        noisy, target, mask = (torch.rot90(torch.flip(part, flips), turns, (-2, -1)) for part in (noisy, target, mask))
        return noisy, target, mask

    def _patch(self, group: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """One random patch: noisy (C, *patch), target (C, *patch) and the boolean mask (*patch) of pixels that count.

        Scans and boxes are chosen in proportion to their pixels, frames evenly; then a pixel of the box, and a position
        of the patch in which that pixel counts. Where an image is smaller than the patch, the patch is as large as the
        image.
        """
        image, box = self.owners[group][int(torch.multinomial(self.sizes[group], 1, generator=generator))]
        frame = _randint(0, image.noisy.shape[0], generator)
        index: list[slice] = []
        counts_from: list[slice] = []
        for axis, extent in enumerate(image.mask.shape):
            size = min(self.patch[axis], extent)
            pixel = _randint(box.lower[axis], box.upper[axis], generator)
            # Patches that would leave the image are pushed back inside: pixels near its ends are learned from about as
            # often (half to one and a half times) as all others, not hardly ever.
            rim = self.radius[axis]
            start = min(max(pixel - rim - _randint(0, size - 2 * rim, generator), 0), extent - size)
            index.append(slice(start, start + size))
            counts_from.append(slice(rim, size - rim))
        window = tuple(index)
        mask = torch.zeros_like(image.mask[window])
        inner = tuple(counts_from)
        mask[inner] = image.mask[window][inner]
        channel_window = (slice(None), *window)
        return image.noisy[frame][channel_window], image.target[frame % image.target.shape[0]][channel_window], mask


def _randint(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high, (1,), generator=generator))
