"""The properties that every architecture has, whichever family it belongs to.

A family describes the encoder, from an image to features at every pixel. Behind it, all networks have a projection to
the latent vector of a pixel and three per-pixel heads. An architecture is data: nothing here needs torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from ..core.errors import InputError
from ..core.storage import digest_json, read_json
from .limits import MOST_BYTES, check_size

KERNEL = 3


class Blueprint(ABC):
    """The architecture of one member. Subclasses are frozen dataclasses with at least these fields.

    Parameters
    ----------
    member
        Number of the member.
    seed
        Seed of the run.
    dimensions
        Spatial dimensions of the images, 2 or 3.
    in_channels, out_channels
        Channels of the noisy image and of each quantile image.
    latent
        Length of the latent vector of a pixel.
    hidden
        Channels of the hidden layer of each head.
    """

    member: int
    seed: int
    dimensions: int
    in_channels: int
    out_channels: int
    latent: int
    hidden: int

    @property
    def alignment(self) -> int:
        """Tiles begin and end at multiples of this length (px), so that all tiles agree on a pixel's output."""
        return 1

    @property
    def head_outputs(self) -> int:
        """Number of outputs of one head for each latent vector."""
        return self.out_channels

    @abstractmethod
    def radius(self) -> int:
        """Receptive radius (px), the same along every axis: an output depends on no input farther away."""

    @abstractmethod
    def features(self) -> int:
        """Number of channels at the end of the encoder."""

    @abstractmethod
    def encoder_count(self) -> int:
        """Number of trained parameters of the encoder."""

    @abstractmethod
    def words(self) -> str:
        """Describe the architecture in a few words, such as "U-Net of 2 levels and width 16"."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the content of ``architectures/member-<m>.json``.

        Returns
        -------
        dict
            The fields, the ``radius`` per axis (px), the number of ``parameters``, and the ``digest`` of everything
            that shapes the network (see :func:`digest_architecture`).
        """

    @classmethod
    @abstractmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Make the architecture from what :meth:`to_json` returned.

        Parameters
        ----------
        content
            A JSON object.

        Returns
        -------
        Blueprint
            The architecture. Its size and its digest are not checked; see :meth:`restore`.

        Raises
        ------
        KeyError, TypeError, ValueError
            For any other content.
        """

    def parameter_count(self) -> int:
        """Count the trained parameters: those of the encoder, the latent projection and the three heads."""
        projection = self.features() * self.latent + self.latent
        head = self.latent * self.hidden + self.hidden + self.hidden * self.head_outputs + self.head_outputs
        return self.encoder_count() + projection + 3 * head

    @classmethod
    def restore(cls, content: Any, path: str | Path) -> Self:
        """Check the content of an architecture file and make the architecture.

        Parameters
        ----------
        content
            The JSON content, as :meth:`to_json` returned it.
        path
            The file, for error messages.

        Returns
        -------
        Blueprint
            The architecture.

        Raises
        ------
        InputError
            Where the content is not an architecture, exceeds ``limits.check_size``, or does not match the digest, the
            receptive radius or the parameter count that it states, so that the file was changed by hand.
        """
        remedy = "delete it and draw it again"
        try:
            architecture = cls.from_json(content)
            check_size(architecture.parameter_count(), architecture.radius())
            matches = architecture.to_json() == content
        except KeyError as error:
            raise InputError(f"not an architecture ({error} is missing)", file=path, remedy=remedy) from None
        except (TypeError, ValueError) as error:
            raise InputError(f"not an architecture ({error})", file=path, remedy=remedy) from None
        if not matches:
            raise InputError("the architecture does not match its digest", file=path, key="digest", remedy=remedy)
        return architecture

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read ``architectures/member-<m>.json`` of this family.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Blueprint
            The architecture.

        Raises
        ------
        InputError
            Where the file cannot be read, and as :meth:`restore`.
        """
        return cls.restore(read_json(path, MOST_BYTES), path)


def reach_of_cells(reach: int, cell: int) -> int:
    """Convert a receptive radius from cells to pixels.

    A pixel at one edge of a cell also sees the pixel at the opposite edge, so the cell's own width counts too.

    Parameters
    ----------
    reach
        Receptive radius (cells).
    cell
        Edge length of a cell (px).

    Returns
    -------
    int
        Receptive radius (px) that holds for every pixel of a cell.
    """
    return reach * cell + cell - 1


def digest_architecture(content: Mapping[str, Any]) -> str:
    """Digest of everything that shapes a network; the member's number and the seed do not.

    Parameters
    ----------
    content
        The fields of an architecture, without what is computed from them.

    Returns
    -------
    str
        SHA-256 as hexadecimal digits.
    """
    return digest_json({key: value for key, value in content.items() if key not in ("member", "seed")})
