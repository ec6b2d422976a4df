"""Classical filters of the synthetic images, each at the best of its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from noisebound.simulate import NOISE, SimulatedImages

CHOSEN_ON = 30  # training images


def smooth(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian of ``sigma`` px."""
    return gaussian_filter(image, sigma, mode="nearest")


def flatten(image: np.ndarray, weight: float) -> np.ndarray:
    """Total variation (Chambolle 2004) of ``weight``."""
    return denoise_tv_chambolle(image, weight=weight)


def average_alike(image: np.ndarray, cut: float) -> np.ndarray:
    """Non-local means (Buades et al. 2005), patches of 7 px, within 21 px; ``cut`` is the cut-off of distances."""
    return denoise_nl_means(image, h=cut, sigma=NOISE, patch_size=7, patch_distance=10, fast_mode=True)


FILTERS: dict[str, tuple[Callable[[np.ndarray, float], np.ndarray], Sequence[float]]] = {
    "Gaussian filter": (smooth, (2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0)),
    "total variation": (flatten, (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)),
    "non-local means": (average_alike, (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)),
}


@dataclass(frozen=True)
class Filtered:
    """Of a filter on the test images, at its best ``setting``: correlation with the truth, and error."""

    name: str
    setting: float
    correlation: float
    rmse: float


def compare_filters(train: SimulatedImages, test: SimulatedImages) -> list[Filtered]:
    """Choose every filter's setting by the correlation on 30 training images, and apply it to the test images.

    The noise has a mean, which a filter cannot know: scale and offset of its images are fitted to the same 30.
    """
    known, truth = (part.truth.astype(np.float64) for part in (train, test))
    known = known[:CHOSEN_ON]
    results = []
    for name, (function, choices) in FILTERS.items():
        tried = [_apply(function, train.noisy[:CHOSEN_ON], choice) for choice in choices]
        best = int(np.argmax([_correlate(images, known) for images in tried]))
        scale, offset = np.polyfit(tried[best].ravel(), known.ravel(), 1)
        images = _apply(function, test.noisy, choices[best])
        rmse = float(np.sqrt(np.mean((scale * images + offset - truth) ** 2)))
        results.append(Filtered(name, choices[best], _correlate(images, truth), rmse))
    return results


def _apply(function: Callable[[Any, float], Any], noisy: np.ndarray, setting: float) -> np.ndarray:
    return np.stack([function(image.astype(np.float64), setting) for image in noisy])


def _correlate(images: np.ndarray, truth: np.ndarray) -> float:
    return float(np.corrcoef(images.ravel(), truth.ravel())[0, 1])
