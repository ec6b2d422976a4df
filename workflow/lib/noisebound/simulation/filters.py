"""Classical filters of the synthetic images, each at the best of its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from ..core.statistics import correlation
from .images import NOISE, SimulatedImages

# Images whose truth the settings are chosen with.
CHOSEN_ON = 30


def gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian filter of standard deviation ``sigma`` px; images are continued by their edge."""
    return gaussian_filter(image, sigma, mode="nearest")


def total_variation(image: np.ndarray, weight: float) -> np.ndarray:
    """Total variation denoising of ``weight`` (A. Chambolle, J. Math. Imaging Vis. 20 (2004) 89)."""
    return denoise_tv_chambolle(image, weight=weight)


def non_local_means(image: np.ndarray, cutoff: float) -> np.ndarray:
    """Non-local means (A. Buades, B. Coll, J.-M. Morel, CVPR 2005): patches of 7 px within 21 px.

    ``cutoff`` is the distance between patches beyond which their weight is small.
    """
    return denoise_nl_means(image, h=cutoff, sigma=NOISE, patch_size=7, patch_distance=10, fast_mode=True)


FILTERS: dict[str, tuple[Callable[[np.ndarray, float], np.ndarray], Sequence[float]]] = {
    "Gaussian filter": (gaussian, (2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0)),
    "total variation": (total_variation, (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)),
    "non-local means": (non_local_means, (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)),
}


@dataclass(frozen=True)
class Tuned:
    """A filter at the best of its settings.

    The noise has a mean, which a filter cannot know: ``scale`` and ``offset`` bring its images to the truth.
    """

    name: str
    setting: float
    scale: float
    offset: float

    def apply(self, noisy: NDArray[np.float32]) -> NDArray[np.float64]:
        """The filtered images of ``noisy`` (n, Y, X), in the unit of the truth."""
        return self.scale * _apply(FILTERS[self.name][0], noisy, self.setting) + self.offset


def tune_filters(noisy: NDArray[np.float32], truth: NDArray[np.float32]) -> list[Tuned]:
    """Choose every filter's setting by the correlation of the first 30 images with their truth.

    Parameters
    ----------
    noisy, truth
        Images, (n, Y, X) float32.
    """
    noisy, known = noisy[:CHOSEN_ON], truth[:CHOSEN_ON].astype(np.float64)
    results = []
    for name, (function, choices) in FILTERS.items():
        tried = [_apply(function, noisy, choice) for choice in choices]
        best = int(np.argmax([correlation(images, known) for images in tried]))
        scale, offset = np.polyfit(tried[best].ravel(), known.ravel(), 1)
        results.append(Tuned(name, choices[best], float(scale), float(offset)))
    return results


@dataclass(frozen=True)
class Filtered:
    """Of a filter on the test images, at its best ``setting``: correlation with the truth, and error."""

    name: str
    setting: float
    correlation: float
    rmse: float


def compare_filters(train: SimulatedImages, test: SimulatedImages) -> list[Filtered]:
    """Tune every filter on the training images and apply it to the test images."""
    truth = test.truth.astype(np.float64)
    results = []
    for tuned in tune_filters(train.noisy, train.truth):
        images = tuned.apply(test.noisy)
        rmse = float(np.sqrt(np.mean((images - truth) ** 2)))
        results.append(Filtered(tuned.name, tuned.setting, correlation(images, truth), rmse))
    return results


def _apply(function: Callable[[Any, float], Any], noisy: NDArray[np.float32], setting: float) -> NDArray[np.float64]:
    return np.stack([function(image.astype(np.float64), setting) for image in noisy])
