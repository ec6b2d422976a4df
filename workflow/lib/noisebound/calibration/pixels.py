"""Which pixels calibrate: predictions and targets of the calibrate regions, in memory, by field of view.

Every frame is predicted on its own and compared with its own target.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..files.labels import read_tokens
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import count_blocks
from ..regions.regions import Regions
from .exchangeability import Unit
from .predicted_scans import PredictedScans
from .rounding import Floats
from .targets import describe_target

# Places in the first axis of ``FieldPixels.parts``.
_MEDIAN, _TARGET = 1, 3


@dataclass
class FieldPixels:
    """Calibration pixels of one field of view, over all its repeats.

    Attributes
    ----------
    name
        "group <name>" or "scan <name>".
    whole
        Whether the whole scan served calibration, so that it is like a further scan.
    frames
        Number of frames.
    parts
        One array per box and frame, (4, C, n) float32: lower, median, upper and target.
    tokens
        Parallel to ``parts``, (n,) each; empty where no tokens are needed.
    """

    name: str
    whole: bool = True
    frames: int = 0
    parts: list[Floats] = field(default_factory=list)
    tokens: list[NDArray[Any]] = field(default_factory=list)

    def channel(self, c: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Lower, median, upper and target of one channel, flat float32."""
        lower, median, upper, target = np.concatenate([part[:, c] for part in self.parts], axis=1)
        return lower, median, upper, target

    def median(self, c: int) -> Floats:
        """Median of one channel, flat float32."""
        return np.concatenate([part[_MEDIAN, c] for part in self.parts])

    def target(self, c: int) -> Floats:
        """Target of one channel, flat float32."""
        return np.concatenate([part[_TARGET, c] for part in self.parts])

    def all_tokens(self) -> NDArray[Any]:
        """Token of each pixel, flat; empty where none are needed."""
        return np.concatenate(self.tokens) if self.tokens else np.zeros(0, dtype=np.intp)


@dataclass
class CalibrationPixels:
    """All calibration pixels, and where they came from.

    Attributes
    ----------
    channels
        Names, in the order of the images' first axis.
    levels
        Quantile levels of lower, median and upper.
    fields
        Fields of view by name.
    sources
        How much of each scan was used, as ``calibration.json`` says it.
    targets
        Kinds of target in words.
    n_blocks
        Number of blocks, of the side given to :meth:`add`.
    """

    channels: tuple[str, ...]
    levels: tuple[float, ...]
    fields: dict[str, FieldPixels] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    n_blocks: int = 0

    @property
    def all(self) -> list[FieldPixels]:
        """Every field of view."""
        return list(self.fields.values())

    @property
    def whole(self) -> list[FieldPixels]:
        """Fields of view that served calibration alone: what a statement about further scans rests on."""
        return [own for own in self.fields.values() if own.whole]

    def counted(self, unit: Unit) -> list[FieldPixels]:
        """Fields of view that a ``unit`` counts: all for pixel, otherwise those that served calibration alone."""
        return self.all if unit == "pixel" else self.whole

    @property
    def n_pixels(self) -> int:
        """Pixels over all frames, of one channel."""
        return sum(source["pixels"] for source in self.sources)

    @property
    def n_frames(self) -> int:
        """Frames of all scans."""
        return sum(source["frames"] for source in self.sources)

    def median(self, c: int) -> Floats:
        """Median of one channel over all fields of view, flat float32."""
        return np.concatenate([own.median(c) for own in self.all])

    def target(self, c: int) -> Floats:
        """Target of one channel over all fields of view, flat float32."""
        return np.concatenate([own.target(c) for own in self.all])

    def add(self, ensemble: Predictions, scan: Scan, regions: Regions, block: int, tokens: NDArray[Any] | None) -> None:
        """Read the calibrate regions of one scan.

        Parameters
        ----------
        ensemble, scan, regions
            The scan and its predictions.
        block
            Side in px of the blocks that are counted.
        tokens
            Label image, spatial shape. Where it is given, only the delivered frame is read.

        Raises
        ------
        InputError
            For a target that is not finite.
        """
        boxes = regions.of("calibrate")
        # Repeats of one field of view are one thing to exchange; a scan that taught the networks is like no other.
        name = f"group {scan.group}" if scan.group else f"scan {scan.name}"
        own = self.fields.setdefault(name, FieldPixels(name))
        own.whole &= len(boxes) == len(regions.boxes)
        frames = range(ensemble.n_frames) if tokens is None else [ensemble.frame]
        own.frames += len(frames)
        for k in frames:
            for box in boxes:
                target = scan.read_target(k, box.slices)
                self._check_finite(target, scan)
                images = (*ensemble.read_frame(k, box.slices), target)
                own.parts.append(np.stack([image.reshape(len(image), -1) for image in images]))
                if tokens is not None:
                    own.tokens.append(tokens[box.slices].ravel())
        self.n_blocks += count_blocks(boxes, block)
        self.sources.append(
            {
                "scan": scan.name,
                "boxes": len(boxes),
                "frames": len(frames),
                "pixels": len(frames) * sum(box.size for box in boxes),
            }
        )
        words = describe_target(scan, boxes)
        if words not in self.targets:
            self.targets.append(words)

    def _check_finite(self, target: Floats, scan: Scan) -> None:
        for channel, image in zip(self.channels, target, strict=True):
            if not np.isfinite(image).all():
                raise InputError(
                    f"channel {channel!r} of a reference is not finite in a calibrate region",
                    file=scan.path,
                    remedy="repair the reference or leave that place out of the calibrate regions",
                )


def read_calibration_pixels(scans: PredictedScans, block: int, delivered_only: bool) -> CalibrationPixels:
    """Read the calibrate regions of all scans.

    Parameters
    ----------
    scans
        Files; scans without calibrate regions are passed over.
    block
        Side in px of the blocks that are counted.
    delivered_only
        Whether groups depend on tokens. These are read, and of the frames the delivered one alone, to which they
        belong.

    Raises
    ------
    InputError
        Where no scan has calibrate regions, one that has lacks a reference, or channels differ.
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
        pixels.add(ensemble, scan, regions, block, tokens)
    if pixels is None:
        raise InputError(
            "no scan has a region to calibrate on",
            key="role",
            remedy="give a scan with a reference the role calibrate, or draw cells C into regions.layout",
        )
    return pixels
