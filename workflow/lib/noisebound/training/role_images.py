"""The pixels of one role in memory, with as much around them as a network sees.

Beyond the end of the scan lies its mirror image, as at inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..files.scan import Scan
from ..geometry.boxes import Box
from ..geometry.tiling import mirror
from ..networks.normalisation import Normalisation
from ..regions.regions import Regions


@dataclass
class RoleImages:
    """All frames of one scan inside the bounding box of a role, with a rim around it.

    Parameters
    ----------
    noisy
        float32 (R, C, *spatial), normalised.
    target
        float32 (R, C, *spatial), normalised; (1, C, *spatial) where one reference serves all frames.
    mask
        Boolean (*spatial), true at the pixels with the role; false in the rim.
    boxes
        The boxes of the role, in pixels of these arrays.
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
    """Add U(-1/3, 2/3) / exposures to counts, so that their quantiles are smooth and their median is their mean.

    Calibration and evaluation use the counts as they are.

    Parameters
    ----------
    target
        (C, *spatial), the mean over ``exposures`` counts: multiples of 1 / exposures.
    exposures
        Number of exposures.
    random
        Source of the draws.

    Returns
    -------
    array of float32
        (C, *spatial).

    Notes
    -----
    Quantiles of counts jump from one integer to the next. The median of a Poisson count, made continuous, lies about a
    third away from its mean. The draw moves it onto the mean, to within 0.03 counts for rates above one half.

    References
    ----------
    Jittering: Machado and Santos Silva, JASA 100 (2005) 1226. The third: Choi, Proc. AMS 121 (1994) 245.
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
    """Read the pixels of one role, and as much around them as a network sees.

    Input that no pixel of the role can see becomes zero, and so do the targets of other pixels. A mask of the loss
    alone would not do: a NaN at such a pixel would still reach the weights.

    Parameters
    ----------
    scan_file, region_file
        ``scans/<scan>.h5`` and ``regions/<scan>.json``.
    role
        The role.
    radius
        Receptive radius (px per axis).
    normalisation
        Transforms and statistics of input and target.
    random
        Source of the draws by which counts are dithered (see :func:`dither`).

    Returns
    -------
    RoleImages or None
        None where the scan has no pixel of that role.

    Raises
    ------
    InputError
        Where a file cannot be read, or the scan has no reference.
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
        target = np.stack(
            [normalisation.normalise_target(image) for image in _targets(scan, crop, normalisation, random)]
        )
    mask = regions.mask(role)[crop]
    target[..., ~mask] = 0
    noisy[..., ~_visible(regions.shape, boxes, radius)[crop]] = 0
    return RoleImages(
        noisy=torch.from_numpy(mirror(noisy, rim)),
        target=torch.from_numpy(mirror(target, rim)),
        mask=torch.from_numpy(np.pad(mask, rim)),
        boxes=tuple(_shift(box, [r - low for r, low in zip(radius, lower, strict=True)]) for box in boxes),
    )


def _targets(
    scan: Scan, crop: tuple[slice, ...], normalisation: Normalisation, random: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Read the raw targets (C, *crop), counts dithered: one per frame, or one for all if the reference is measured."""
    shared = scan.reference_kind == "measured"
    targets = [scan.read_target(k, crop) for k in range(1 if shared else scan.n_frames)]
    if normalisation.counts:
        exposures = 1 if shared else scan.n_frames - 1
        targets = [dither(target, exposures, random) for target in targets]
    return targets


def _shift(box: Box, by: Sequence[int]) -> Box:
    """Move a box by so many pixels per axis."""
    lower, upper = (tuple(end + d for end, d in zip(ends, by, strict=True)) for ends in (box.lower, box.upper))
    return Box(box.role, lower, upper)


def _with_rim(
    lower: Sequence[int], upper: Sequence[int], shape: Sequence[int], radius: Sequence[int]
) -> tuple[tuple[slice, ...], list[tuple[int, int]]]:
    """Cut a box and its rim at the ends of the scan; also return how many pixels per axis and side are missing."""
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
