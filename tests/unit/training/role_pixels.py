"""Images of a role made of arrays, without files."""

from __future__ import annotations

import torch

from noisebound.geometry.boxes import Box
from noisebound.training.role_images import RoleImages


def role_images(
    shape: tuple[int, int], boxes: list[tuple[tuple[int, int], tuple[int, int]]], *, frames: int = 1, seed: int = 0
) -> RoleImages:
    """Random images of two channels with one target for all frames; ``boxes`` are lower and upper ends."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(shape, dtype=torch.bool)
    for lower, upper in boxes:
        mask[lower[0] : upper[0], lower[1] : upper[1]] = True
    return RoleImages(
        torch.randn((frames, 2, *shape), generator=generator),
        torch.randn((1, 2, *shape), generator=generator),
        mask,
        tuple(Box("train", lower, upper) for lower, upper in boxes),
    )
