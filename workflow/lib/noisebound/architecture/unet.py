"""The U-Net as data: the encoder that a run can be compared with (Ronneberger et al., arXiv:1505.04597).

On the way down, each level computes ``convolutions`` 3x3 (3x3x3) convolutions. The image is then halved: the largest of
each 2x2 (2x2x2) pixels remains, and the next level has twice as many channels. On the way up, a per-pixel layer halves
the channels and every pixel is repeated to 2x2 (2x2x2) (Odena et al., https://distill.pub/2016/deconv-checkerboard).
The features of the same level on the way down are concatenated, and as many convolutions follow. There is no
normalisation layer, because its statistics would make a pixel depend on its batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from .base import KERNEL, Blueprint, digest_architecture
from .limits import whole
from .settings import UNET, UNetSettings


def unet_radius(levels: int, convolutions: int) -> int:
    """Receptive radius of a U-Net.

    Parameters
    ----------
    levels
        How often the image is halved.
    convolutions
        Convolutions per level, on the way down and again on the way up.

    Returns
    -------
    int
        The radius (px), ``convolutions * (3 * 2**levels - 2) + 2**levels - 1``.

    Notes
    -----
    A convolution at level l reaches 2^l pixels. The first term is the sum over both ways and the lowest level. A pixel
    at the lowest level covers a block of 2^levels pixels, and a pixel at one end of the block also sees the other end:
    this is the rest.
    """
    return convolutions * (3 * 2**levels - 2) + 2**levels - 1


def unet_alignment(levels: int) -> int:
    """Edge length of the block that one pixel at the lowest level covers.

    Parameters
    ----------
    levels
        How often the image is halved.

    Returns
    -------
    int
        The length (px), ``2**levels``.
    """
    return int(2**levels)


@dataclass(frozen=True)
class UNetArchitecture(Blueprint):
    """The U-Net of one member. The members of a run differ only in their first weights and in their training.

    Parameters
    ----------
    levels
        How often the image is halved.
    width
        Channels at full resolution; they double with every level.
    convolutions
        Convolutions per level, on the way down and again on the way up. For all other fields see :class:`Blueprint`.
    """

    member: int
    seed: int
    dimensions: int
    in_channels: int
    out_channels: int
    levels: int
    width: int
    convolutions: int
    latent: int
    hidden: int

    @property
    def alignment(self) -> int:
        """Tiles begin and end at multiples of ``2**levels`` px."""
        return unet_alignment(self.levels)

    def radius(self) -> int:
        """Receptive radius (px); see :func:`unet_radius`."""
        return unet_radius(self.levels, self.convolutions)

    def widths(self) -> tuple[int, ...]:
        """Return the channels of each level, from full resolution to the lowest."""
        return tuple(self.width * 2**level for level in range(self.levels + 1))

    def features(self) -> int:
        """Number of channels at the end of the encoder."""
        return self.width

    def encoder_count(self) -> int:
        """Count the trained parameters of both ways, biases included."""
        widths = self.widths()
        down = sum(map(self._block_count, (self.in_channels, *widths), widths))
        halvings = sum(wide * narrow + narrow for narrow, wide in pairwise(widths))
        return down + halvings + sum(self._block_count(2 * width, width) for width in widths[:-1])

    def _block_count(self, inputs: int, outputs: int) -> int:
        """Count the parameters of the convolutions of one level on one way."""
        read = inputs + (self.convolutions - 1) * outputs
        return int(KERNEL**self.dimensions * read * outputs + self.convolutions * outputs)

    def words(self) -> str:
        """Describe the architecture in a few words."""
        return f"U-Net of {self.levels} levels and width {self.width}"

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``architectures/member-<m>.json`` (see :meth:`Blueprint.to_json`)."""
        content = {"family": UNET, **asdict(self)}
        return content | {
            "radius": [self.radius()] * self.dimensions,
            "alignment": self.alignment,
            "parameters": self.parameter_count(),
            "digest": digest_architecture(content),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> UNetArchitecture:
        """Make the architecture from what :meth:`to_json` returned.

        Parameters
        ----------
        content
            A JSON object.

        Returns
        -------
        UNetArchitecture
            The architecture. Its size and its digest are not checked; see :meth:`restore`.

        Raises
        ------
        KeyError, TypeError, ValueError
            For any other content.
        """
        return cls(**{field: whole(content, field) for field in cls.__dataclass_fields__})


def plan_unet(
    settings: UNetSettings, *, seed: int, member: int, dimensions: int, in_channels: int, out_channels: int
) -> UNetArchitecture:
    """Make the U-Net of one member. Nothing of it is random.

    Parameters
    ----------
    settings
        The section ``architecture``.
    seed
        Seed of the run.
    member
        Number of the member.
    dimensions
        Spatial dimensions of the images, 2 or 3.
    in_channels, out_channels
        Channels of the noisy image and of each quantile image.

    Returns
    -------
    UNetArchitecture
        The U-Net.

    Raises
    ------
    InputError
        Where its receptive radius exceeds ``settings.max_radius``.
    """
    check_reach(settings)
    return UNetArchitecture(
        member=member,
        seed=seed,
        dimensions=dimensions,
        in_channels=in_channels,
        out_channels=out_channels,
        levels=settings.levels,
        width=settings.width,
        convolutions=settings.convolutions,
        latent=settings.latent,
        hidden=settings.hidden,
    )


def check_reach(settings: UNetSettings, file: str | Path | None = None) -> None:
    """Check that the receptive radius of a U-Net does not exceed ``settings.max_radius``.

    Parameters
    ----------
    settings
        The section ``architecture``.
    file
        The configuration file, for the error message.

    Raises
    ------
    InputError
        Where the radius is larger.
    """
    radius = unet_radius(settings.levels, settings.convolutions)
    if radius > settings.max_radius:
        raise InputError(
            f"a U-Net of {settings.levels} levels with {settings.convolutions} convolutions each sees {radius} px far",
            file=file,
            key="architecture.max_radius",
            value=settings.max_radius,
            remedy=f"raise it to {radius}, or lower architecture.unet.levels or architecture.unet.convolutions",
        )
