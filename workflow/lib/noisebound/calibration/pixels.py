"""The pixels that calibrate: all pixels of the calibrate regions, read frame by frame.

Every frame is predicted on its own and compared with its own target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.sources import LEAVE_ONE_OUT
from ..files.labels import read_tokens
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import block_labels, count_blocks
from ..regions.regions import Regions
from .field_pixels import CalibrationPixels, FieldPixels
from .predicted_scans import PredictedScans
from .rounding import Floats
from .targets import describe_target


def read_calibration_pixels(scans: PredictedScans, block: int, delivered_only: bool) -> CalibrationPixels:
    """Read the calibrate regions of all scans.

    Parameters
    ----------
    scans
        Files of the scans; scans without calibrate regions are left out.
    block
        Side in px of the blocks that are counted.
    delivered_only
        Whether groups depend on tokens. Then tokens are read too, and only the delivered frame, from which they were
        made.

    Returns
    -------
    CalibrationPixels
        The pixels of all scans.

    Raises
    ------
    InputError
        Where no scan has calibrate regions, a scan with such regions has no reference, a target is not finite, or
        channels differ.
    """
    pixels: CalibrationPixels | None = None
    maps = scans.token_maps
    for ensemble, scan, regions in scans.with_role("calibrate"):
        channels = tuple(ensemble.channels)
        if pixels is None:
            pixels = CalibrationPixels(channels, ensemble.levels)
        if channels != pixels.channels:
            raise InputError(
                f"channels {list(channels)} differ from those of the other scans, {list(pixels.channels)}",
                file=ensemble.path,
                remedy="give all scans of a run the same channels in the same order",
            )
        tokens = read_tokens(maps[scan.name], scan.shape) if delivered_only else None
        _add(pixels, ensemble, scan, regions, tokens, block)
        pixels.n_blocks += count_blocks(regions.of("calibrate"), block)
    if pixels is None:
        raise InputError(
            "no scan has a region to calibrate on",
            key="role",
            remedy="give a scan with a reference the role calibrate, or draw cells C into regions.layout",
        )
    return pixels


def _add(
    pixels: CalibrationPixels,
    ensemble: Predictions,
    scan: Scan,
    regions: Regions,
    tokens: NDArray[Any] | None,
    block: int,
) -> None:
    """Read the calibrate regions of one scan: of all frames, or of the delivered one where ``tokens`` are given."""
    boxes = regions.of("calibrate")
    # Repeats of one field of view count as one. A scan with regions of other roles, such as train, is not
    # exchangeable with further scans.
    name = scan.field_of_view
    own = pixels.fields.setdefault(name, FieldPixels(name))
    own.whole &= len(boxes) == len(regions.boxes)
    frames = range(ensemble.n_frames) if tokens is None else [ensemble.frame]
    own.frames += len(frames)
    labels: list[NDArray[np.intp]] = []
    for box in boxes:
        numbers, count = block_labels(box.shape, block)
        labels.append(own.n_blocks + numbers.ravel())
        own.n_blocks += count
    noisy: list[NDArray[np.float64]] = []
    for k in frames:
        for box, numbers in zip(boxes, labels, strict=True):
            target = scan.read_target(k, box.slices)
            _check_finite(target, pixels.channels, scan)
            images = (*ensemble.read_frame(k, box.slices), target)
            own.parts.append(np.stack([image.reshape(len(image), -1) for image in images]))
            own.blocks.append(numbers)
            frame = target if scan.reference_kind == LEAVE_ONE_OUT else scan.read_frame(k, box.slices)
            noisy.append(frame.reshape(len(target), -1).sum(axis=1, dtype=np.float64))
            if tokens is not None:
                own.tokens.append(tokens[box.slices].ravel())
    own.noisy_sums = np.concatenate([own.noisy_sums.reshape(-1, len(pixels.channels)), np.stack(noisy)])
    pixels.sources.append(
        {
            "scan": scan.name,
            "boxes": len(boxes),
            "frames": len(frames),
            "pixels": len(frames) * sum(box.size for box in boxes),
        }
    )
    words = describe_target(scan, boxes)
    if words not in pixels.targets:
        pixels.targets.append(words)


def _check_finite(target: Floats, channels: Sequence[str], scan: Scan) -> None:
    for channel, image in zip(channels, target, strict=True):
        if not np.isfinite(image).all():
            raise InputError(
                f"channel {channel!r} of a reference is not finite in a calibrate region",
                file=scan.path,
                remedy="repair the reference or leave that place out of the calibrate regions",
            )
