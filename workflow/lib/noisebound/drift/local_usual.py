"""Local deviations that images of a run usually show, learned from the calibrate regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..geometry.boxes import Box
from .block_statistics import Doubles
from .local_images import NoisyFrame, scales_of, tiles_of
from .local_kernels import SCALES
from .local_scores import Deviation, deviations
from .local_tail import TAIL, block_maxima, fit_tail, tail_level

# Pixels per channel and scale on which blur and growth are learned, at most about.
_PIXELS = 1 << 20
# Pixels of all channels whose deviations are kept in memory.
_KEPT = 1 << 20
# Contrasts below so many standard deviations are noise.
_CONTRAST = 2.0
# Deviations opposite to the contrast may grow by no more, so that invented objects cannot hide behind their own edges.
_LARGEST = 0.01
# Chance that the largest deviation of a scan like the calibrated ones is called a place, per channel and scale.
_BY_CHANCE = 0.02


class LocalUsual(NamedTuple):
    """What local deviations are usual, per channel and scale of ``SCALES``.

    Parameters
    ----------
    blur
        (C, S) float64 >= 0: deviation per contrast of the image, as blurring makes it.
    growth
        (C, S, 2) float64 >= 0: by how much the variance of the deviation exceeds that without contrast, per squared
        contrast. First for deviations opposite to the contrast, as of invented structure, then for those of the same
        sign.
    tail
        (C, S, 5) float64: how far the largest deviations go that are left, see ``local_tail.fit_tail``.
    """

    blur: Doubles
    growth: Doubles
    tail: Doubles

    @classmethod
    def of_noise(cls, channels: int) -> LocalUsual:
        """What is usual where images are right and noise is as assumed.

        Parameters
        ----------
        channels
            Number of channels.

        Returns
        -------
        LocalUsual
            No blur, no growth, no tail.
        """
        shape = (channels, len(SCALES))
        return cls(np.zeros(shape), np.zeros((*shape, 2)), np.zeros((*shape, TAIL)))

    def spreads(self, level: float, pixels: int) -> Doubles:
        """Compute how many standard deviations of noise count as one.

        Parameters
        ----------
        level
            Threshold for noise alone.
        pixels
            Number of pixels that are searched.

        Returns
        -------
        NDArray
            (C, S) float64 >= 1: with it, scans like the calibrated ones seldom exceed ``level``.
        """
        chance = _BY_CHANCE / len(self.tail)
        return np.array([[max(1.0, tail_level(own, pixels, chance) / level) for own in row] for row in self.tail])

    def without(self, deviation: Deviation, channel: int) -> Doubles:
        """Take usual blur and its spread off deviations.

        Parameters
        ----------
        deviation
            Deviations of one channel.
        channel
            Its number.

        Returns
        -------
        NDArray
            float64, in the shape of the deviation, in standard deviations of noise.
        """
        at = channel, SCALES.index(deviation.scale)
        left = deviation.score - self.blur[at] * deviation.contrast
        own = np.where(left * deviation.contrast < 0, *self.growth[at])
        found: Doubles = left / np.sqrt(1 + own * np.square(deviation.contrast))
        return found


def fit_usual(frames: Sequence[tuple[NoisyFrame, Sequence[Box]]]) -> LocalUsual:
    """Learn what local deviations are usual.

    Parameters
    ----------
    frames
        Per scan its noisy frame and its calibrate boxes; at least one.

    Returns
    -------
    LocalUsual
        ``blur`` is fitted by least squares through 0 where the contrast is above 2 standard deviations; ``growth`` is
        the slope of the squared deviation on the squared contrast there.
    """
    channels = len(frames[0][0].channels)
    size = sum(box.size for _, boxes in frames for box in boxes)
    step = max(1, -(-size // _PIXELS))
    usual = LocalUsual.of_noise(channels)
    rows: dict[tuple[int, int], list[tuple[Doubles, Doubles]]] = {}
    # Two passes; small ones are computed once.
    kept = list(_all_deviations(frames)) if size * channels <= _KEPT else None
    for c, found in kept or _all_deviations(frames):
        at = c, SCALES.index(found.scale)
        rows.setdefault(at, []).append((found.score.ravel()[::step], found.contrast.ravel()[::step]))
    for at, parts in rows.items():
        score, contrast = (np.concatenate(part) for part in zip(*parts, strict=True))
        usual.blur[at], usual.growth[at] = _blur_and_growth(score, contrast)
    rows.clear()
    largest: dict[tuple[int, int], list[Doubles]] = {}
    for c, found in kept or _all_deviations(frames):
        at = c, SCALES.index(found.scale)
        largest.setdefault(at, []).append(block_maxima(np.abs(usual.without(found, c))))
    for at, maxima in largest.items():
        usual.tail[at] = fit_tail(np.concatenate(maxima), size)
    # Small differences of scale are none of kind: the largest deviation of a channel counts for all of its scales.
    usual.tail[:, :, -1] = usual.tail[:, :, -1].max(axis=1, keepdims=True)
    for s in range(1, len(SCALES)):
        missing = usual.tail[:, s, 0] == 0
        usual.tail[missing, s] = usual.tail[missing, s - 1]
    return usual


def _all_deviations(frames: Sequence[tuple[NoisyFrame, Sequence[Box]]]) -> Iterator[tuple[int, Deviation]]:
    """Number of the channel and deviations, of all tiles of all boxes without their surroundings."""
    for frame, boxes in frames:
        for box in boxes:
            for tile in tiles_of(box):
                for c, measured in enumerate(frame.read(tile.outer)):
                    for found in deviations(measured, scales_of(box)):
                        yield c, Deviation(found.scale, found.score[tile.inner], found.contrast[tile.inner])


def _blur_and_growth(score: Doubles, contrast: Doubles) -> tuple[float, Doubles]:
    """Blur and growth of one channel and scale, from pixels (n,); see :func:`fit_usual`."""
    growth = np.zeros(2)
    clear = np.abs(contrast) > _CONTRAST
    if not clear.any():
        return 0.0, growth
    score, contrast = score[clear], contrast[clear]
    blur = max(0.0, float((score * contrast).sum() / np.square(contrast).sum()))
    left = score - blur * contrast
    for side, chosen in enumerate((left * contrast < 0, left * contrast > 0)):
        x, y = np.square(contrast[chosen]), np.square(left[chosen])
        spread = float(x.var()) if x.size else 0.0
        growth[side] = max(0.0, float(((x - x.mean()) * (y - y.mean())).mean()) / spread) if spread > 0 else 0.0
    growth[0] = min(growth[0], _LARGEST)
    return blur, growth
