"""Float arithmetic that rounds outwards, so that no rounding loses coverage."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]


def subtract_up(a: ArrayLike, b: ArrayLike) -> Doubles:
    """Subtract in float64, rounding towards plus infinity where the difference is not exact.

    Parameters
    ----------
    a, b
        Numbers that broadcast with each other.

    Returns
    -------
    ndarray
        ``a - b``, float64.

    References
    ----------
    The rounding error is computed exactly by TwoSum: D. E. Knuth, "The Art of Computer Programming", volume 2, section
    4.2.2.
    """
    x, y = np.asarray(a, dtype=np.float64), -np.asarray(b, dtype=np.float64)
    total = x + y
    part = total - x
    error = (x - (total - part)) + (y - part)
    return np.where(error > 0, np.nextafter(total, np.inf), total)


def round_outwards(values: Doubles, towards: float) -> Floats:
    """Cast to float32, rounding in one direction.

    Parameters
    ----------
    values
        float64 of any shape.
    towards
        Minus or plus infinity.

    Returns
    -------
    ndarray
        float32 of the same shape, never on the other side of ``values``.
    """
    with np.errstate(over="ignore"):
        cast = values.astype(np.float32)
    inside = cast > values if towards < 0 else cast < values
    return np.where(inside, np.nextafter(cast, np.float32(towards)), cast)


def up(values: ArrayLike) -> Doubles:
    """Return the next larger float64 of each value.

    Parameters
    ----------
    values
        Numbers of any shape.

    Returns
    -------
    ndarray
        float64 of the same shape.
    """
    return np.nextafter(np.asarray(values, dtype=np.float64), np.inf)


def width_of(lower: ArrayLike, upper: ArrayLike) -> Doubles:
    """Compute the predicted width; it is never below the smallest normal float32, so that one can divide by it.

    Parameters
    ----------
    lower, upper
        Predicted quantiles of one shape.

    Returns
    -------
    ndarray
        float64 of that shape, in the same unit.
    """
    return np.maximum(
        np.asarray(upper, dtype=np.float64) - np.asarray(lower, dtype=np.float64), float(np.finfo(np.float32).tiny)
    )
