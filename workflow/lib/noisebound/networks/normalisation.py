"""Normalisation of a network's input and target: a variance-stabilising transform, then zero mean and unit spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.variance import stabilise, unstabilise

STATISTICS = ("input_mean", "input_spread", "target_mean", "target_spread")


@dataclass(frozen=True)
class Normalisation:
    """Transforms and statistics per channel, measured on training pixels only.

    Parameters
    ----------
    input_transform, target_transform
        Names of variance-stabilising transforms (see ``core.variance``).
    counts
        Whether intensities are counts, so that restored values below zero become zero.
    input_mean, input_spread, target_mean, target_spread
        float32 (C,), means and standard deviations of transformed values.
    """

    input_transform: str
    target_transform: str
    counts: bool
    input_mean: NDArray[np.float32]
    input_spread: NDArray[np.float32]
    target_mean: NDArray[np.float32]
    target_spread: NDArray[np.float32]

    def normalise_input(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Turn a noisy image into network input.

        Parameters
        ----------
        image
            (C, *spatial), raw.

        Returns
        -------
        array
            float32 (C, *spatial), in standard deviations from the mean of the transformed training pixels.
        """
        return _scale(stabilise(image, self.input_transform), self.input_mean, self.input_spread)

    def normalise_target(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Turn a reference into a training target.

        Parameters
        ----------
        image
            (C, *spatial), in the units of the reference.

        Returns
        -------
        array
            float32 (C, *spatial), in standard deviations from the mean of the transformed training targets.
        """
        return _scale(stabilise(image, self.target_transform), self.target_mean, self.target_spread)

    def restore_target(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Turn network output back into the units of the reference.

        Parameters
        ----------
        values
            (C, *spatial), normalised.

        Returns
        -------
        array
            float32 (C, *spatial); counts are not negative.
        """
        shape = (-1,) + (1,) * (values.ndim - 1)
        restored = unstabilise(
            values * self.target_spread.reshape(shape) + self.target_mean.reshape(shape), self.target_transform
        )
        return np.maximum(restored, 0) if self.counts else restored

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain values.

        Returns
        -------
        dict
            Transforms, ``counts``, and the statistics as numbers that are exact to the last bit of float32.
        """
        return {
            "input_transform": self.input_transform,
            "target_transform": self.target_transform,
            "counts": self.counts,
            **{name: [float(value) for value in getattr(self, name)] for name in STATISTICS},
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Normalisation:
        """Make the normalisation from what :meth:`to_json` returned.

        Parameters
        ----------
        content
            A JSON object.

        Returns
        -------
        Normalisation
            The normalisation.

        Raises
        ------
        KeyError, TypeError, ValueError
            For other content.
        """
        return cls(
            input_transform=str(content["input_transform"]),
            target_transform=str(content["target_transform"]),
            counts=bool(content["counts"]),
            **{name: np.asarray(content[name], dtype=np.float32) for name in STATISTICS},
        )


def _scale(values: NDArray[Any], mean: NDArray[Any], spread: NDArray[Any]) -> NDArray[np.float32]:
    """Subtract ``mean`` (C,) from ``values`` (C, *spatial) and divide them by ``spread`` (C,)."""
    shape = (-1,) + (1,) * (values.ndim - 1)
    return ((values - mean.reshape(shape)) / spread.reshape(shape)).astype(np.float32)
