"""Which pixels calibrate: predictions and targets of the calibrate regions, in memory, by field of view.

Every frame is predicted on its own and compared with its own target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
from .targets import describe_target

Floats = NDArray[np.float32]
_MEDIAN, _TARGET = 1, 3


@dataclass
class FieldPixels:
    """Calibration pixels of one field of view.

    ``parts`` holds one array per box and frame, (4, C, n) float32: lower, median, upper and target. ``tokens`` is
    parallel to it, (n,) each, and empty where no tokens are needed. ``frames`` is the number of frames, over all
    repeats. ``whole`` says that the whole scan served calibration, so that it is like a further scan.
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

    ``levels`` are the quantile levels of lower, median and upper; ``sources`` says per scan how much of it was used;
    ``targets`` are the kinds of target in words; ``n_blocks`` counts blocks of the side given to :meth:`add`.
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
        """Read the calibrate regions of one scan: all frames, or the delivered one alone where ``tokens`` are given.

        Raises ``InputError`` for a target that is not finite.
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


def read_calibration_pixels(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    block: int,
    tokens: Mapping[str, str | Path] | None,
) -> CalibrationPixels:
    """Read the calibrate regions of all scans; ``ensembles``, ``scans`` and ``regions`` are parallel lists of files.

    ``tokens`` are the label TIFFs by name of the scan where groups depend on them. Raises ``InputError`` where no scan
    has calibrate regions, one that has lacks a reference, or channels differ.
    """
    pixels: CalibrationPixels | None = None
    for ensemble_file, scan_file, region_file in zip(ensembles, scans, regions, strict=True):
        areas = Regions.read(region_file)
        if not areas.of("calibrate"):
            continue
        with Predictions(ensemble_file) as ensemble, Scan(scan_file) as scan:
            if not scan.has_reference or not ensemble.n_frames:
                raise InputError(
                    "the scan has calibrate regions but no reference to calibrate against",
                    file=scan_file,
                    remedy="name its reference in the scan sheet, or give it the role apply",
                )
            channels = tuple(ensemble.channels)
            if pixels is None:
                pixels = CalibrationPixels(channels, ensemble.levels)
            if channels != pixels.channels:
                raise InputError(
                    f"channels {list(channels)} differ from those of the other scans, {list(pixels.channels)}",
                    file=ensemble_file,
                    remedy="give all scans of a run the same channels in the same order",
                )
            labels = read_tokens(tokens[scan.name], scan.shape) if tokens is not None else None
            pixels.add(ensemble, scan, areas, block, labels)
    if pixels is None:
        raise InputError(
            "no scan has a region to calibrate on",
            key="role",
            remedy="give a scan with a reference the role calibrate, or draw cells C into regions.layout",
        )
    return pixels
