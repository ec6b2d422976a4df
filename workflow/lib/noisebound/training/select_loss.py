"""The select loss: the loss of a network over all pixels with the role select."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from ..geometry.tiling import DEFAULT_TILE, Tile, tiles
from ..networks import engine
from ..networks.losses import quantile_loss
from ..networks.quantile_network import QuantileNetwork
from .role_images import RoleImages


@torch.no_grad()
def select_loss(network: QuantileNetwork, images: Sequence[RoleImages], levels: Sequence[float]) -> float:
    """Quantile loss, averaged over all pixels with the role select, all frames and all channels.

    Images are computed tile by tile.

    Parameters
    ----------
    network
        The network, on the device that computes.
    images
        The select images, with at least one pixel that has the role.
    levels
        Levels of lower, median and upper quantile.

    Returns
    -------
    float
        The loss, summed over the three quantiles, in units of the normalised target.
    """
    architecture = network.architecture
    radius = [architecture.radius()] * architecture.dimensions
    total, pixels = 0.0, 0
    for image in images:
        for tile in tiles(image.mask.shape, DEFAULT_TILE[len(radius)], radius, architecture.alignment):
            for loss, count in _tile_losses(network, image, tile, levels):
                total += loss * count
                pixels += count
    return total / pixels


def _tile_losses(
    network: QuantileNetwork, image: RoleImages, tile: Tile, levels: Sequence[float]
) -> Iterator[tuple[float, int]]:
    """Yield loss and number of pixels of each frame in one tile; nothing where no pixel has the role."""
    device = next(network.parameters()).device
    # Boxes may lie far apart: pixels between them, and those of the halo, do not count.
    mask = torch.zeros_like(image.mask)
    mask[tile.keep] = image.mask[tile.keep]
    mask = mask[tile.read][None, None]
    count = int(mask.sum())
    if not count:
        return
    window = (slice(None), *tile.read)
    for frame in range(image.noisy.shape[0]):
        noisy = image.noisy[frame][window][None].to(device)
        target = image.target[frame % image.target.shape[0]][window][None].to(device)
        _, quantiles = engine.predict(network, noisy)
        yield float(quantile_loss(quantiles, target, levels, mask.to(device))), count
