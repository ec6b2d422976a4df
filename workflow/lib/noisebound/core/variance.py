"""Variance-stabilising transforms and their plain inverses.

The transforms are monotone, so a quantile of the transformed value, mapped back with the plain inverse, is the same
quantile of the value itself. No bias correction belongs here: it would move the quantiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

TRANSFORMS = ("none", "sqrt", "anscombe")


def stabilise(values: NDArray[Any], transform: str) -> NDArray[np.float32]:
    """Apply a variance-stabilising transform.

    Parameters
    ----------
    values
        Any shape and type. What lies below the transform's domain counts as its lower end.
    transform
        "none", "sqrt" (x^1/2) or "anscombe" (2 (x + 3/8)^1/2).

    Returns
    -------
    array of float32
        Of the same shape.

    Raises
    ------
    InputError
        For an unknown name.

    References
    ----------
    Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35 (1948) 246.
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
    """The plain inverse of :func:`stabilise`, which is monotone over all numbers.

    Parameters
    ----------
    values
        Transformed values, any shape and type.
    transform
        As for :func:`stabilise`.

    Returns
    -------
    array of float32
        Of the same shape.

    Raises
    ------
    InputError
        For an unknown name.
    """
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
