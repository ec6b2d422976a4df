"""What a network sees instead of raw numbers: a variance-stabilising transform, then zero mean and unit spread.

The transforms are monotone, so a quantile of the transformed value, mapped back with the plain inverse, is the same
quantile of the value itself. No bias correction belongs here: it would move the quantiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

TRANSFORMS = ("none", "sqrt", "anscombe")


def stabilise(values: NDArray[Any], transform: str) -> NDArray[np.float32]:
    """Apply a variance-stabilising transform: ``none``, ``sqrt`` (x^1/2) or ``anscombe`` (2 (x + 3/8)^1/2).

    Values below the transform's domain count as its lower end. Shape kept, float32 returned.
    Source: Anscombe, Biometrika 35 (1948) 246. Raises ``InputError`` for an unknown name.
    """
    values = np.asarray(values, dtype=np.float32)
    if transform == "none":
        return values
    if transform == "sqrt":
        return np.sqrt(np.maximum(values, 0))
    if transform == "anscombe":
        return 2 * np.sqrt(np.maximum(values + np.float32(0.375), 0))
    raise _unknown(transform)


def unstabilise(values: NDArray[Any], transform: str) -> NDArray[np.float32]:
    """The plain inverse of :func:`stabilise`, monotone over all numbers; shape kept, float32 returned."""
    values = np.asarray(values, dtype=np.float32)
    if transform == "none":
        return values
    if transform == "sqrt":
        return np.square(np.maximum(values, 0))
    if transform == "anscombe":
        return np.square(np.maximum(values, 0) / 2) - np.float32(0.375)
    raise _unknown(transform)


def _unknown(transform: str) -> InputError:
    return InputError(
        "unknown transform",
        key="data.input_transform or data.target_transform",
        value=transform,
        remedy=f"use one of {TRANSFORMS}",
    )


@dataclass(frozen=True)
class Normalisation:
    """Transforms and per-channel statistics, input and target apart; learned from training pixels only.

    Means and spreads are float32 arrays (C,) of transformed values. ``counts`` says that intensities cannot be
    negative, so quantiles that map back below zero are delivered as zero.
    """

    input_transform: str
    target_transform: str
    counts: bool
    input_mean: NDArray[np.float32]
    input_spread: NDArray[np.float32]
    target_mean: NDArray[np.float32]
    target_spread: NDArray[np.float32]

    def normalise_input(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Image (C, *spatial) in raw units to network input, float32."""
        return _scale(stabilise(image, self.input_transform), self.input_mean, self.input_spread)

    def normalise_target(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Reference (C, *spatial) in raw units to training target, float32."""
        return _scale(stabilise(image, self.target_transform), self.target_mean, self.target_spread)

    def restore_target(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Network output (C, *spatial) to the physical units of the reference, float32."""
        shape = (-1,) + (1,) * (values.ndim - 1)
        restored = unstabilise(
            values * self.target_spread.reshape(shape) + self.target_mean.reshape(shape), self.target_transform
        )
        return np.maximum(restored, 0) if self.counts else restored

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, exact to the last bit of float32."""
        statistics = ("input_mean", "input_spread", "target_mean", "target_spread")
        return {
            "input_transform": self.input_transform,
            "target_transform": self.target_transform,
            "counts": self.counts,
            **{name: [float(value) for value in getattr(self, name)] for name in statistics},
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Normalisation:
        """The inverse of :meth:`to_json`."""
        statistics = ("input_mean", "input_spread", "target_mean", "target_spread")
        return cls(
            input_transform=str(content["input_transform"]),
            target_transform=str(content["target_transform"]),
            counts=bool(content["counts"]),
            **{name: np.asarray(content[name], dtype=np.float32) for name in statistics},
        )


def _scale(values: NDArray[Any], mean: NDArray[Any], spread: NDArray[Any]) -> NDArray[np.float32]:
    shape = (-1,) + (1,) * (values.ndim - 1)
    return ((values - mean.reshape(shape)) / spread.reshape(shape)).astype(np.float32)
