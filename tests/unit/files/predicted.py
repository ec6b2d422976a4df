"""A file of predictions, written tile by tile."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from noisebound.files.prediction_writers import create_predictions

CHANNELS = ("Mg", "Fe")


def settings(shape: tuple[int, ...], **changes: Any) -> dict[str, Any]:
    return {
        "scan": "s",
        "channels": CHANNELS,
        "pixel_size": (0.5,) * len(shape),
        "pixel_unit": "nm",
        "shape": shape,
        "levels": (0.05, 0.5, 0.95),
        "frame": 1,
        "n_frames": 3,
        "n_members": 4,
        "n_latent": 5,
        "counts": True,
        "keep_members": True,
    } | changes


def tiles(shape: tuple[int, ...], tile: int) -> list[tuple[slice, ...]]:
    per_axis = [[slice(a, min(a + tile, size)) for a in range(0, size, tile)] for size in shape]
    return list(itertools.product(*per_axis))


def write(path: Path, shape: tuple[int, ...], tile: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    data = {
        "images": rng.normal(size=(4, 2, *shape)).astype(np.float32),
        "latent": rng.normal(size=(5, *shape)).astype(np.float32),
        "frames": rng.normal(size=(3, 3, 2, *shape)).astype(np.float32),
        "members": rng.normal(size=(4, 2, *shape)).astype(np.float32),
    }
    with create_predictions(path, **settings(shape)) as writer:
        for region in tiles(shape, tile):
            at = (..., *region)
            writer.write(region, *data["images"][at])
            writer.write_latent(region, data["latent"][at])
            for k in range(3):
                writer.write_frame(k, region, *data["frames"][k][at])
            for m in range(4):
                writer.write_member(m, region, data["members"][m][at])
    return data
