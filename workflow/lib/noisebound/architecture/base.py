"""What every architecture says of itself, whichever family it is of. No torch here: an architecture is data.

A family describes one encoder, from an image to features at every pixel. What follows is the same for all: a projection
to the latent vector of a pixel, and three per-pixel heads.
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
    """The architecture of one member. Subclasses are frozen dataclasses that have these fields among their own."""

    member: int
    seed: int
    dimensions: int
    in_channels: int
    out_channels: int
    latent: int
    hidden: int

    @property
    def alignment(self) -> int:
        """Images must begin and end at multiples of this number of pixels for a pixel's output not to depend on where
        they were cut."""
        return 1

    @property
    def head_outputs(self) -> int:
        """Numbers that one head gives for every latent vector."""
        return self.out_channels

    @abstractmethod
    def radius(self) -> int:
        """Receptive radius in pixels, the same along every axis: an output depends on no input farther away."""

    @abstractmethod
    def features(self) -> int:
        """Number of channels with which the encoder ends."""

    @abstractmethod
    def encoder_count(self) -> int:
        """Number of trained parameters of the encoder."""

    @abstractmethod
    def words(self) -> str:
        """What it is, in a few words for people."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The content of ``architectures/member-<m>.json``; ``digest`` covers everything that shapes the network."""

    @classmethod
    @abstractmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for other content."""

    def parameter_count(self) -> int:
        """Number of trained parameters: the encoder, the latent projection and three per-pixel heads."""
        projection = self.features() * self.latent + self.latent
        head = self.latent * self.hidden + self.hidden + self.hidden * self.head_outputs + self.head_outputs
        return self.encoder_count() + projection + 3 * head

    @classmethod
    def restore(cls, content: Any, path: str | Path) -> Self:
        """The architecture that :meth:`to_json` wrote to ``path``.

        Raises ``InputError`` where the content was changed by hand: the digest, and everything else that follows from
        the architecture (receptive radius, parameter count), must be what it gives; and where it is larger than any
        network may be, which takes no time to find out.
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
        """Read ``architectures/member-<m>.json`` of this family; see :meth:`restore`."""
        return cls.restore(read_json(path, MOST_BYTES), path)


def reach_of_cells(reach: int, cell: int) -> int:
    """Receptive radius in pixels of a network that sees ``reach`` cells far, wherever in its cell a pixel lies."""
    return reach * cell + cell - 1


def digest_architecture(content: Mapping[str, Any]) -> str:
    """Digest of what shapes a network; the member's number and the seed do not."""
    return digest_json({key: value for key, value in content.items() if key not in ("member", "seed")})
