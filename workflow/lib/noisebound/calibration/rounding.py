"""Float32 arithmetic that rounds outwards, so that no rounding ever loses coverage."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]


def subtract_up(a: ArrayLike, b: ArrayLike) -> Doubles:
    """``a - b`` in float64, rounded towards plus infinity where it is not exact (error term of Knuth's TwoSum)."""
    x, y = np.asarray(a, dtype=np.float64), -np.asarray(b, dtype=np.float64)
    total = x + y
    part = total - x
    error = (x - (total - part)) + (y - part)
    return np.where(error > 0, np.nextafter(total, np.inf), total)


def round_outwards(values: Doubles, towards: float) -> Floats:
    """Cast to float32, rounding towards ``towards`` (minus or plus infinity)."""
    with np.errstate(over="ignore"):
        cast = values.astype(np.float32)
    inside = cast > values if towards < 0 else cast < values
    return np.where(inside, np.nextafter(cast, np.float32(towards)), cast)


def up(values: ArrayLike) -> Doubles:
    """The next larger float64 of each value."""
    return np.nextafter(np.asarray(values, dtype=np.float64), np.inf)


def width_of(lower: ArrayLike, upper: ArrayLike) -> Doubles:
    """Predicted width in float64, never below the smallest normal float32, so that one can divide by it."""
    return np.maximum(
        np.asarray(upper, dtype=np.float64) - np.asarray(lower, dtype=np.float64), float(np.finfo(np.float32).tiny)
    )
