"""The U-Net as data: the encoder that a run can be compared with (Ronneberger et al., arXiv:1505.04597).

On the way down, each level computes ``convolutions`` times a 3x3 (3x3x3) convolution and then halves the image by the
largest of each 2x2 (2x2x2) pixels, with twice as many channels on the next level. On the way up, a per-pixel layer
halves the channels, every pixel becomes 2x2 (2x2x2) equal ones (Odena et al., https://distill.pub/2016/deconv-checkerboard),
the features of the same level on the way down are concatenated, and the convolutions follow again. There is no
normalisation layer, whose statistics would make a pixel depend on its batch.
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
    """Receptive radius (px) of a U-Net that halves its image ``levels`` times.

    Notes
    -----
    A convolution at level l reaches 2^l pixels. Those of both ways and of the lowest level add up to
    convolutions * (3 * 2^levels - 2). One pixel at the lowest level covers a block of 2^levels pixels, of which a pixel
    at one end also sees the other end: 2^levels - 1 pixels more.
    """
    return convolutions * (3 * 2**levels - 2) + 2**levels - 1


def unet_alignment(levels: int) -> int:
    """Edge length (px) of the area that one pixel at the lowest level covers."""
    return int(2**levels)


@dataclass(frozen=True)
class UNetArchitecture(Blueprint):
    """The U-Net of one member. All members of a run have the same one; they differ in their first weights."""

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
        """Images are halved ``levels`` times, so they must begin and end at multiples of 2^levels pixels."""
        return unet_alignment(self.levels)

    def radius(self) -> int:
        """Receptive radius (px); see :func:`unet_radius`."""
        return unet_radius(self.levels, self.convolutions)

    def widths(self) -> tuple[int, ...]:
        """Channels of each level, from the full image to the smallest."""
        return tuple(self.width * 2**level for level in range(self.levels + 1))

    def features(self) -> int:
        """Number of channels at the end of the encoder."""
        return self.width

    def encoder_count(self) -> int:
        """Number of trained parameters of both ways, with bias."""
        widths = self.widths()
        down = sum(map(self._block_count, (self.in_channels, *widths), widths))
        halvings = sum(wide * narrow + narrow for narrow, wide in pairwise(widths))
        return down + halvings + sum(self._block_count(2 * width, width) for width in widths[:-1])

    def _block_count(self, inputs: int, outputs: int) -> int:
        """Parameters of the convolutions of one level and way."""
        read = inputs + (self.convolutions - 1) * outputs
        return int(KERNEL**self.dimensions * read * outputs + self.convolutions * outputs)

    def words(self) -> str:
        """A few words for people."""
        return f"U-Net of {self.levels} levels and width {self.width}"

    def to_json(self) -> dict[str, Any]:
        """The content of ``architectures/member-<m>.json``; ``digest`` covers everything that shapes the network."""
        content = {"family": UNET, **asdict(self)}
        return content | {
            "radius": [self.radius()] * self.dimensions,
            "alignment": self.alignment,
            "parameters": self.parameter_count(),
            "digest": digest_architecture(content),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> UNetArchitecture:
        """Read what :meth:`to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            For any other content.
        """
        return cls(**{field: whole(content, field) for field in cls.__dataclass_fields__})


def plan_unet(
    settings: UNetSettings, *, seed: int, member: int, dimensions: int, in_channels: int, out_channels: int
) -> UNetArchitecture:
    """The U-Net of one member. Nothing of it is random.

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
    """Check the receptive radius of a U-Net against ``max_radius``.

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
