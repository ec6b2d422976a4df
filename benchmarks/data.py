"""The synthetic images that all methods learn from, are calibrated on and are tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from noisebound.geometry.boxes import Box
from noisebound.geometry.tiling import mirror
from noisebound.simulation.images import SIZE, SimulatedImages, simulate_images
from noisebound.training.role_images import RoleImages

SEEDS = {"train": 1000, "calibrate": 2000, "test": 3000}
COUNTS = {"train": 500, "calibrate": 100, "test": 200}


@dataclass(frozen=True)
class Scale:
    """Mean and spread of noisy images and truth over the training images."""

    noisy_mean: float
    noisy_spread: float
    truth_mean: float
    truth_spread: float

    @classmethod
    def of(cls, images: SimulatedImages) -> Scale:
        """The statistics of ``images``."""
        parts = images.noisy, images.truth
        return cls(*(float(value) for part in parts for value in (part.mean(), part.std())))

    def normalise(self, images: SimulatedImages) -> tuple[np.ndarray, np.ndarray]:
        """Noisy images and truth with mean 0 and spread 1, float32 (n, Y, X)."""
        noisy = (images.noisy - self.noisy_mean) / self.noisy_spread
        return noisy.astype(np.float32), ((images.truth - self.truth_mean) / self.truth_spread).astype(np.float32)


def make_images(role: str) -> SimulatedImages:
    """The images of ``role``: train, calibrate or test; the same in every process."""
    return simulate_images(COUNTS[role], np.random.default_rng(SEEDS[role]))


def resident(noisy: np.ndarray, truth: np.ndarray, margin: int) -> RoleImages:
    """Normalised images (n, Y, X) as the frames that ``noisebound.training.train_member`` draws its patches from.

    Every image is continued by ``margin`` px as its mirror image, which gives context and teaches nothing.
    """
    widths = [(margin, margin)] * 2
    mask = np.pad(np.ones(noisy.shape[1:], dtype=bool), margin)
    return RoleImages(
        noisy=torch.from_numpy(mirror(noisy, widths))[:, None],
        target=torch.from_numpy(mirror(truth, widths))[:, None],
        mask=torch.from_numpy(mask),
        boxes=(Box("train", (margin, margin), (margin + SIZE, margin + SIZE)),),
    )
