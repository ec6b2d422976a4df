"""Images as cells: the pixels of a small square (cube) become channels of one cell (Shi et al., arXiv:1609.05158).

Where structures are wider than a pixel, a network that works on cells of 2x2 pixels sees twice as far with the same
kernels and needs about a quarter of the operations; no pixel is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def continue_to_multiples(image: Tensor, multiple: int) -> Tensor:
    """Continue an image as its mirror image, until its lengths are multiples of a number.

    The mirror image is added behind the end of each axis. The outermost pixel is repeated, as in
    ``geometry.tiling.mirror``.

    Parameters
    ----------
    image
        (B, C, *spatial).
    multiple
        The number (px).

    Returns
    -------
    Tensor
        (B, C, *spatial), with lengths rounded up.
    """
    for axis in range(2, image.dim()):
        extent = image.shape[axis]
        if extent % multiple:
            position = torch.arange(extent + -extent % multiple, device=image.device) % (2 * extent)
            image = image.index_select(axis, torch.minimum(position, 2 * extent - 1 - position))
    return image


def fold(image: Tensor, cell: int) -> Tensor:
    """Turn pixels into cells.

    An image whose lengths are not multiples of ``cell`` is continued first (see :func:`continue_to_multiples`).

    Parameters
    ----------
    image
        (B, C, *spatial), with D spatial axes.
    cell
        Edge length of a cell (px).

    Returns
    -------
    Tensor
        (B, C * cell^D, *spatial / cell); the pixels of a cell are in row-major order.
    """
    if cell == 1:
        return image
    image = continue_to_multiples(image, cell)
    dimensions = image.dim() - 2
    for axis in range(2, 2 + 2 * dimensions, 2):
        image = image.unflatten(axis, (-1, cell))
    within, between = range(3, image.dim(), 2), range(2, image.dim(), 2)
    return image.permute(0, 1, *within, *between).flatten(1, 1 + dimensions)


def unfold(features: Tensor, cell: int, spatial: Sequence[int]) -> Tensor:
    """Turn cells back into pixels: the inverse of :func:`fold`.

    Parameters
    ----------
    features
        (B, C * cell^D, *spatial / cell).
    cell
        Edge length of a cell (px).
    spatial
        Lengths of the image (px).

    Returns
    -------
    Tensor
        (B, C, *spatial).
    """
    if cell == 1:
        return features
    dimensions = features.dim() - 2
    features = features.unflatten(1, (-1, *[cell] * dimensions))
    order = [axis for k in range(dimensions) for axis in (2 + dimensions + k, 2 + k)]
    pixels = features.permute(0, 1, *order)
    for axis in range(2, 2 + dimensions):
        pixels = pixels.flatten(axis, axis + 1)
    return crop(pixels, spatial)


def spread(features: Tensor, cell: int, spatial: Sequence[int]) -> Tensor:
    """Give each pixel the values of its cell.

    Parameters
    ----------
    features
        (B, C, *spatial / cell).
    cell
        Edge length of a cell (px).
    spatial
        Lengths of the image (px).

    Returns
    -------
    Tensor
        (B, C, *spatial).
    """
    if cell == 1:
        return features
    for axis in range(2, features.dim()):
        features = features.repeat_interleave(cell, axis)
    return crop(features, spatial)


def crop(pixels: Tensor, spatial: Sequence[int]) -> Tensor:
    """Keep the first pixels along each axis, which undoes :func:`continue_to_multiples`.

    Parameters
    ----------
    pixels
        (B, C, ...).
    spatial
        Lengths to be kept (px).

    Returns
    -------
    Tensor
        (B, C, *spatial), a view.
    """
    for axis, extent in enumerate(spatial, start=2):
        pixels = pixels.narrow(axis, 0, extent)
    return pixels
