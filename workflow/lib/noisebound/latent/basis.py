"""The latent basis: the linear map from the latents of all members to a few scores per pixel."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import read_arrays, write_arrays
from ..core.errors import InputError
from .components import live_channels, member_slices, member_weights, principal_components

logger = logging.getLogger("noisebound")


@dataclass(frozen=True, eq=False)
class LatentBasis:
    """One affine map from the concatenated latents of all members, D channels, to K scores.

    Every channel is standardised, dead channels are dropped, and every member gets the same total variance. The
    principal components of the result are the scores. All scores are divided by the standard deviation of the first,
    which keeps their proportions and the range of float16.

    Parameters
    ----------
    member_sizes
        (M,) int64, number of latent channels of each member; their sum is D.
    mean, scale
        (D,) float64, what is subtracted from each channel, and what the result is divided by.
    keep
        (D,) bool, False for dead channels.
    weight
        (D,) float64, 1/sqrt(number of kept channels of the member); 0 for dropped channels.
    components
        (K, number of kept channels) float64, orthonormal rows.
    explained
        (K,) float64, share of the variance.
    scores_sd
        (K,) float64, standard deviation of the scores on the sample, before the division.
    """

    member_sizes: NDArray[np.int64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    keep: NDArray[np.bool_]
    weight: NDArray[np.float64]
    components: NDArray[np.float64]
    explained: NDArray[np.float64]
    scores_sd: NDArray[np.float64]

    @property
    def n_components(self) -> int:
        """Number of scores K."""
        return len(self.components)

    @cached_property
    def members(self) -> tuple[slice, ...]:
        """Where each member's channels lie among the D concatenated ones."""
        return member_slices(self.member_sizes)

    @cached_property
    def _affine(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        matrix = np.zeros((self.n_components, len(self.mean)))
        matrix[:, self.keep] = self.components * (self.weight / self.scale)[self.keep] / self.scores_sd[0]
        return matrix.astype(np.float32), (-matrix @ self.mean).astype(np.float32)

    @property
    def matrix(self) -> NDArray[np.float32]:
        """(K, D) float32: scores = matrix @ latents + offset."""
        return self._affine[0]

    @property
    def offset(self) -> NDArray[np.float32]:
        """(K,) float32: scores = matrix @ latents + offset."""
        return self._affine[1]

    def project(self, latents: NDArray) -> NDArray[np.float32]:
        """Project concatenated latents, each pixel on its own.

        Parameters
        ----------
        latents
            (D, *spatial).

        Returns
        -------
        array
            Scores, float32 (K, *spatial).

        Raises
        ------
        ValueError
            If the number of channels is not D.
        """
        return _multiply(self.matrix, latents) + _spread(self.offset, latents)

    def partial(self, member: int, latents: NDArray) -> NDArray[np.float32]:
        """Compute what the latents of one member add to the scores.

        The sum over all members plus ``offset`` equals :meth:`project` of the concatenated latents. So a caller need
        not hold the latents of more than one member.

        Parameters
        ----------
        member
            Number of the member, from 0.
        latents
            (L, *spatial).

        Returns
        -------
        array
            float32 (K, *spatial).

        Raises
        ------
        ValueError
            If the number of channels is not that of the member.
        """
        return _multiply(self.matrix[:, self.members[member]], latents)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, types, shapes and values of all fields."""
        content = hashlib.sha256()
        for field in fields(self):
            array = np.ascontiguousarray(getattr(self, field.name))
            content.update(f"{field.name} {array.dtype.str} {array.shape}\n".encode())
            content.update(array.tobytes())
        return content.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write the basis as npz, atomically; the same basis gives the same bytes.

        Parameters
        ----------
        path
            The file to write.
        """
        write_arrays(path, {field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: str | Path) -> LatentBasis:
        """Read a basis that :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        LatentBasis
            The basis.

        Raises
        ------
        InputError
            If the file is missing or damaged, or its arrays do not fit together.
        """
        arrays = read_arrays(path, [field.name for field in fields(cls)])
        basis = cls(**arrays)
        channels, kept = int(basis.member_sizes.sum()), int(basis.keep.sum())
        whole = all(len(arrays[name]) == channels for name in ("mean", "scale", "keep", "weight"))
        if not whole or basis.components.ndim != 2 or basis.components.shape[1] != kept or len(basis.components) == 0:
            raise InputError("the arrays do not fit together", file=path, remedy="delete it and run the step again")
        return basis


def _multiply(matrix: NDArray[np.float32], latents: NDArray) -> NDArray[np.float32]:
    """A matrix (K, L) times the latents (L, *spatial) of every pixel."""
    if latents.shape[0] != matrix.shape[1]:
        raise ValueError(f"latents have {latents.shape[0]} channels, the basis expects {matrix.shape[1]}")
    flat = np.asarray(latents, dtype=np.float32).reshape(latents.shape[0], -1)
    return (matrix @ flat).reshape(len(matrix), *latents.shape[1:])


def _spread(vector: NDArray[np.float32], like: NDArray) -> NDArray[np.float32]:
    """A vector (K,) with as many axes as ``like``, to be added to every pixel."""
    return vector.reshape(-1, *(1,) * (like.ndim - 1))


def fit_basis(latents: NDArray, member_sizes: Sequence[int], components: int) -> LatentBasis:
    """Fit the basis: principal components of the standardised latents, with equal weight for every member.

    The components are eigenvectors of the covariance. Their sign is chosen so that the largest loading is positive. A
    member with only dead channels contributes nothing; the log names it.

    Parameters
    ----------
    latents
        (N, D), latents of all members at N pixels, of any float dtype.
    member_sizes
        Number of latent channels of each member; their sum is D.
    components
        Number of components to keep. If the rank of the latents is lower, the rank is taken and the log says so.

    Returns
    -------
    LatentBasis
        The basis.

    Raises
    ------
    InputError
        If there are fewer than two pixels, a value is not finite, ``components`` is below 1, or no channel varies.
    ValueError
        If ``latents`` do not have as many channels as ``member_sizes`` add up to.
    """
    sample = np.asarray(latents, dtype=np.float64)
    sizes = np.asarray(member_sizes, dtype=np.int64)
    _check_sample(sample, sizes, components)
    members = member_slices(sizes)
    mean, sd = sample.mean(axis=0), sample.std(axis=0)
    keep = live_channels(sd, np.abs(sample).max(axis=0), members)
    if not keep.any():
        raise InputError("no latent channel of any member varies", remedy="train longer (training.steps)")
    weight = member_weights(keep, members)
    scale = np.where(keep, sd, 1.0)
    weighted = ((sample - mean) / scale * weight)[:, keep]
    loadings, values = principal_components(weighted, components)
    chosen = len(loadings)
    explained = values[:chosen] / values.clip(min=0).sum()
    logger.info(
        "latent basis: %d of %d channels kept, %d components hold %.1f %% of the variance",
        keep.sum(), len(keep), chosen, 100 * explained.sum(),
    )  # fmt: skip
    return LatentBasis(sizes, mean, scale, keep, weight, loadings, explained, np.sqrt(values[:chosen]))


def _check_sample(sample: NDArray[np.float64], sizes: NDArray[np.int64], components: int) -> None:
    if sample.ndim != 2 or sample.shape[1] != sizes.sum():
        raise ValueError(f"latents of shape {sample.shape} do not hold members of sizes {sizes.tolist()}")
    if components < 1:
        raise InputError(
            "at least one is needed", key="structure.components", value=components, remedy="give 1 or more"
        )
    if len(sample) < 2:
        raise InputError(
            "too few pixels to fit the latent basis",
            key="structure.sample",
            value=len(sample),
            remedy="sample more pixels",
        )
    if not np.isfinite(sample).all():
        raise InputError(
            "the members' latents hold values that are not finite",
            remedy="train again with a lower training.learning_rate; see the members' logs",
        )
