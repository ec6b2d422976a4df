"""What the ensemble and the latent basis need of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class EnsembleSettings:
    """The section ``ensemble``, and the levels of the section ``training``.

    Parameters
    ----------
    tile
        Lengths of a tile (px), one per axis, or ``auto``: as large as the memory allows.
    overlap
        Pixels that a tile reads beyond each border of what it keeps, or ``exact``: the receptive radius.
    orientations
        In how many orientations a member sees the image: 1, 4 or 8.
    combine
        ``average`` of the members' quantiles, or ``pool`` of their distributions (see ``combine.combine_members``).
    frame
        Number of the delivered frame, from 0.
    keep_members
        Whether each member's median is written, for scans with a reference.
    levels
        Levels of the lower and the upper quantile.
    """

    tile: str | Sequence[int]
    overlap: str | int
    orientations: int
    combine: str
    frame: int
    keep_members: bool
    levels: Sequence[float]


@dataclass(frozen=True)
class BasisSettings:
    """How the latent basis is fitted.

    Parameters
    ----------
    components
        Number of components that are kept, ``structure.components``.
    sample_size
        Pixels in the sample of all scans together, ``structure.sample``.
    frame
        Number of the frame that is read, ``ensemble.frame``; of scans with fewer frames, the last.
    seed
        Seed of the run.
    """

    components: int
    sample_size: int
    frame: int
    seed: int
