"""Random patches of the training pixels.

The rim of a patch only gives context. Where it is as wide as the receptive radius, every pixel that counts in the loss
sees exactly the input that it will see at inference.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..core.errors import InputError
from .role_images import RoleImages


def check_patch(patch: Sequence[int], radius: Sequence[int], alignment: int = 1) -> None:
    """Check the lengths of a patch.

    Parameters
    ----------
    patch
        Lengths of the patch (px per axis).
    radius
        Width of its rim, whose pixels do not count (px per axis).
    alignment
        Length (px) of which the networks need multiples.

    Raises
    ------
    InputError
        Where a length is not a multiple of ``alignment``, or no pixel lies inside the rim.
    """
    if any(size % alignment for size in patch):
        raise InputError(
            f"networks that halve their images or work on cells need patches of multiples of {alignment} px",
            key="training.patch",
            value=list(patch),
            remedy=f"for example {[size + -size % alignment for size in patch]}",
        )
    if any(size < 2 * rim + 1 for size, rim in zip(patch, radius, strict=True)):
        raise InputError(
            f"patches must be at least {[2 * rim + 1 for rim in radius]} px wide: twice their rim, and a pixel "
            "that counts",
            key="training.patch",
            value=list(patch),
            remedy="give larger patches, a smaller training.rim, or a smaller architecture.max_radius",
        )


class PatchSampler:
    """Draws random patches from images.

    An image that is smaller than the patch gives patches as large as itself. It shares a batch only with images whose
    patches have the same shape: to cut the patches of larger images down to its size would cost them context.

    Parameters
    ----------
    images
        The images.
    patch
        Lengths of a patch (px per axis) that have passed :func:`check_patch`.
    radius
        Width of the rim whose pixels do not count (px per axis).
    """

    def __init__(self, images: Sequence[RoleImages], patch: Sequence[int], radius: Sequence[int]) -> None:
        self.patch, self.radius = tuple(patch), tuple(radius)
        groups: dict[tuple[int, ...], list[RoleImages]] = {}
        for image in images:
            shape = tuple(min(size, extent) for size, extent in zip(patch, image.mask.shape, strict=True))
            groups.setdefault(shape, []).append(image)
        self.owners = [[(image, box) for image in group for box in image.boxes] for group in groups.values()]
        self.sizes = [torch.tensor([box.size for _, box in group], dtype=torch.float64) for group in self.owners]
        self.pixels = torch.tensor([sum(image.pixels for image in group) for group in groups.values()]).double()

    def batch(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Draw patches and turn all of them by one random flip and right-angle rotation.

        Rotations turn the last two axes; a volume is also flipped along Z.

        Parameters
        ----------
        count
            Number of patches B.
        generator
            Source of the draws.

        Returns
        -------
        noisy, target : Tensor
            float32 (B, C, *patch), normalised.
        mask : Tensor
            Boolean (B, 1, *patch), true where a pixel counts.
        """
        group = int(torch.multinomial(self.pixels, 1, generator=generator)) if len(self.owners) > 1 else 0
        parts = [self._patch(group, generator) for _ in range(count)]
        noisy, target = (torch.stack([part[k] for part in parts]) for k in (0, 1))
        mask = torch.stack([part[2] for part in parts])[:, None]
        flips = [axis for axis in range(-len(self.patch), 0) if _randint(0, 2, generator)]
        turns = _randint(0, 4, generator)
        noisy, target, mask = (torch.rot90(torch.flip(part, flips), turns, (-2, -1)) for part in (noisy, target, mask))
        return noisy, target, mask

    def _patch(self, group: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Draw one patch: noisy (C, *patch), target (C, *patch) and the boolean mask (*patch) of pixels that count.

        Boxes are chosen in proportion to their pixels, and frames evenly; then a pixel of the box, and a position of
        the patch in which that pixel counts. Along an axis on which the image is smaller than the patch, the patch is
        as long as the image.
        """
        image, box = self.owners[group][int(torch.multinomial(self.sizes[group], 1, generator=generator))]
        frame = _randint(0, image.noisy.shape[0], generator)
        index: list[slice] = []
        counts_from: list[slice] = []
        for axis, extent in enumerate(image.mask.shape):
            size = min(self.patch[axis], extent)
            pixel = _randint(box.lower[axis], box.upper[axis], generator)
            # Patches that would leave the image are moved back inside, so that pixels near its ends are learned from
            # about as often (half to one and a half times) as all others.
            rim = self.radius[axis]
            start = min(max(pixel - rim - _randint(0, size - 2 * rim, generator), 0), extent - size)
            index.append(slice(start, start + size))
            counts_from.append(slice(rim, size - rim))
        window = tuple(index)
        mask = torch.zeros_like(image.mask[window])
        inner = tuple(counts_from)
        mask[inner] = image.mask[window][inner]
        channel_window = (slice(None), *window)
        return image.noisy[frame][channel_window], image.target[frame % image.target.shape[0]][channel_window], mask


def _randint(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high, (1,), generator=generator))
