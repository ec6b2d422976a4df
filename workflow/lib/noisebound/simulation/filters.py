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

# Number of images with whose truth the settings are chosen.
CHOSEN_ON = 30


def gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth an image by a Gaussian filter, with the values at its edge continued beyond it.

    Parameters
    ----------
    image
        (Y, X) float64.
    sigma
        Standard deviation in pixels.

    Returns
    -------
    ndarray
        (Y, X) float64.
    """
    return gaussian_filter(image, sigma, mode="nearest")


def total_variation(image: np.ndarray, weight: float) -> np.ndarray:
    """Denoise an image by total variation minimisation.

    Parameters
    ----------
    image
        (Y, X) float64.
    weight
        The larger, the smoother the result.

    Returns
    -------
    ndarray
        (Y, X) float64.

    References
    ----------
    A. Chambolle, "An algorithm for total variation minimization and applications", Journal of Mathematical Imaging and
    Vision 20 (2004) 89.
    """
    return denoise_tv_chambolle(image, weight=weight)


def non_local_means(image: np.ndarray, cutoff: float) -> np.ndarray:
    """Denoise an image by averaging pixels whose surroundings are alike: patches of 7 x 7 px within 21 x 21 px.

    Parameters
    ----------
    image
        (Y, X) float64.
    cutoff
        Distance between patches, in the unit of the image, beyond which their weight is small. What noise of standard
        deviation ``NOISE`` adds to the distance is subtracted.

    Returns
    -------
    ndarray
        (Y, X) float64.

    References
    ----------
    A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image denoising", CVPR 2005.
    """
    return denoise_nl_means(image, h=cutoff, sigma=NOISE, patch_size=7, patch_distance=10, fast_mode=True)


FILTERS: dict[str, tuple[Callable[[np.ndarray, float], np.ndarray], Sequence[float]]] = {
    "Gaussian filter": (gaussian, (2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0)),
    "total variation": (total_variation, (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)),
    "non-local means": (non_local_means, (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)),
}


@dataclass(frozen=True)
class Tuned:
    """A filter at the best of its settings, with the line that brings its images to the truth.

    Parameters
    ----------
    name
        Key of ``FILTERS``.
    setting
        Value of the filter's only parameter.
    scale, offset
        Truth = scale * filtered + offset, by least squares. The noise has a mean other than 0, which a filter cannot
        know.
    """

    name: str
    setting: float
    scale: float
    offset: float

    def apply(self, noisy: NDArray[np.float32]) -> NDArray[np.float64]:
        """Filter images and bring them to the unit of the truth.

        Parameters
        ----------
        noisy
            (n, Y, X) float32.

        Returns
        -------
        NDArray
            (n, Y, X) float64.
        """
        return self.scale * _apply(FILTERS[self.name][0], noisy, self.setting) + self.offset


def tune_filters(noisy: NDArray[np.float32], truth: NDArray[np.float32]) -> list[Tuned]:
    """Choose for every filter the setting whose images correlate best with the truth, on the first 30 images.

    Parameters
    ----------
    noisy, truth
        (n, Y, X) float32.

    Returns
    -------
    list of Tuned
        One for each of ``FILTERS``.
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
    """How good a filter at its best setting is on the test images.

    Parameters
    ----------
    name
        Key of ``FILTERS``.
    setting
        Value of the filter's only parameter.
    correlation, rmse
        Of the filtered images with the truth.
    """

    name: str
    setting: float
    correlation: float
    rmse: float


def compare_filters(train: SimulatedImages, test: SimulatedImages) -> list[Filtered]:
    """Tune every filter on the first 30 training images and judge it on the test images.

    Parameters
    ----------
    train, test
        Simulated images.

    Returns
    -------
    list of Filtered
        One for each of ``FILTERS``.
    """
    truth = test.truth.astype(np.float64)
    results = []
    for tuned in tune_filters(train.noisy, train.truth):
        images = tuned.apply(test.noisy)
        rmse = float(np.sqrt(np.mean((images - truth) ** 2)))
        results.append(Filtered(tuned.name, tuned.setting, correlation(images, truth), rmse))
    return results


def _apply(function: Callable[[Any, float], Any], noisy: NDArray[np.float32], setting: float) -> NDArray[np.float64]:
    return np.stack([function(image.astype(np.float64), setting) for image in noisy])
