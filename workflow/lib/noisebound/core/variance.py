"""Variance-stabilising transforms and their algebraic inverses.

The transforms are monotone, so a quantile of the transformed values, mapped back with the algebraic inverse, is the
same quantile of the values. An inverse that corrects the bias of the mean would shift the quantiles and is not used.
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
        Numbers of any shape and dtype. Values below the domain of the transform are set to its lower end.
    transform
        "none", "sqrt" (x^1/2) or "anscombe" (2 (x + 3/8)^1/2).

    Returns
    -------
    array
        float32, of the same shape.

    Raises
    ------
    InputError
        If the name is unknown.

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
    """Apply the algebraic inverse of :func:`stabilise`.

    Parameters
    ----------
    values
        Transformed values of any shape and dtype. For "sqrt" and "anscombe", negative values are set to 0 first.
    transform
        As in :func:`stabilise`.

    Returns
    -------
    array
        float32, of the same shape.

    Raises
    ------
    InputError
        If the name is unknown.
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
