"""The fitted token model, which gives the pixels of every scan their tokens by the same rule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import read_arrays, write_arrays
from ..core.errors import InputError
from .clustering import nearest_centre

ORDER_RULE = (
    "ascending mean over the token's pixels of the sum over channels of (median - mean) / sd: token 0 is darkest"
)


@dataclass(frozen=True, eq=False)
class TokenModel:
    """T cluster centres in the space of the latent scores, numbered as tokens.

    Parameters
    ----------
    centres
        (T, K) float64 in units of the stored scores, in the order of the tokens.
    intensity
        (T,) float64, the brightness by which tokens are ordered; 0 for a token without sampled pixels.
    share
        (T,) float64, share of the sampled pixels.
    order
        The rule of the order, in words.
    basis
        Digest of the latent basis.
    seed
        Seed of the run.
    scans
        Names of the scans whose train regions were sampled.
    """

    centres: NDArray[np.float64]
    intensity: NDArray[np.float64]
    share: NDArray[np.float64]
    order: str
    basis: str
    seed: int
    scans: tuple[str, ...]

    def assign(self, scores: NDArray) -> NDArray[np.intp]:
        """Give every pixel the token of the nearest centre, each pixel on its own.

        Parameters
        ----------
        scores
            (K, *spatial), any float type, in units of the stored scores.

        Returns
        -------
        NDArray
            (*spatial), numbers of tokens from 0.
        """
        flat = scores.reshape(len(scores), -1).T
        return nearest_centre(flat, self.centres).reshape(scores.shape[1:])

    def save(self, path: str | Path) -> None:
        """Write the model as npz, atomically; the same model gives the same bytes.

        Parameters
        ----------
        path
            File to write.
        """
        write_arrays(
            path,
            {
                "centres": self.centres,
                "intensity": self.intensity,
                "share": self.share,
                "order": np.array(self.order),
                "basis": np.array(self.basis),
                "seed": np.array(str(self.seed)),
                "scans": np.asarray(self.scans, dtype=np.str_),
            },
        )

    @classmethod
    def load(cls, path: str | Path) -> TokenModel:
        """Read a model.

        Parameters
        ----------
        path
            File of :meth:`save`.

        Returns
        -------
        TokenModel
            The model.

        Raises
        ------
        InputError
            Where the file is missing or damaged, or its centres are not a table of finite numbers.
        """
        found = read_arrays(path, ["centres", "intensity", "share", "order", "basis", "seed", "scans"])
        centres = found["centres"]
        if centres.ndim != 2 or len(centres) == 0 or not np.isfinite(centres).all():
            raise InputError("the centres are unusable", file=path, remedy="delete it and run the step again")
        return cls(
            centres,
            found["intensity"],
            found["share"],
            str(found["order"]),
            str(found["basis"]),
            int(str(found["seed"])),
            tuple(str(name) for name in found["scans"]),
        )
