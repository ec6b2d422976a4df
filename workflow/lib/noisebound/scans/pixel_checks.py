"""Checks of the pixels of a scan: frames with more than one value, valid counts, an independent reference."""

from __future__ import annotations

import numpy as np

from ..core.errors import InputError, LeakageError


def check_frame(frame: np.ndarray, source: str, number: int, *, counts: bool) -> None:
    """Check the values of a noisy frame.

    Parameters
    ----------
    frame
        (C, [Z], Y, X), finite numbers of any type.
    source, number
        Its file and its number there, for messages.
    counts
        Whether its values are counts.

    Raises
    ------
    InputError
        If the frame has only one value, or counts are negative or fractional.
    """
    if frame.size > 1 and frame.min() == frame.max():
        raise InputError(
            f"frame {number} holds the one value {frame.flat[0]} everywhere",
            file=source,
            remedy="leave the frame out, or export it again from the instrument",
        )
    if not counts:
        return
    wrong = int(np.count_nonzero(frame < 0))
    if frame.dtype.kind == "f":
        wrong += int(np.count_nonzero((frame >= 0) & (frame != np.floor(frame))))
    if wrong:
        raise InputError(
            f"frame {number} has {wrong} values that are no counts (negative or with a fraction)",
            file=source,
            remedy="give raw counts, or set `data.kind: intensity` in the configuration",
        )


def summand(frame: np.ndarray, source: str, number: int, n_frames: int) -> np.ndarray:
    """Convert a frame for a sum of frames in 64 bits.

    Parameters
    ----------
    frame
        (C, [Z], Y, X), of any dtype.
    source, number
        Its file and its number there, for messages.
    n_frames
        Number of frames in the sum.

    Returns
    -------
    array
        The frame unchanged if its values are floats or have less than 64 bits; otherwise as int64.

    Raises
    ------
    InputError
        If values of 64 bits are so large that the sum could overflow.
    """
    if frame.dtype.kind == "f" or frame.dtype.itemsize < 8:
        return frame
    most = np.iinfo(np.int64).max // n_frames
    if int(frame.max()) > most or int(frame.min()) < -most:
        raise InputError(
            f"frame {number} has values beyond {most}, whose sum over all frames would overflow",
            file=source,
            remedy="save smaller numbers, for example with a common offset or factor taken off",
        )
    return frame.astype(np.int64)


def check_reference(reference: np.ndarray, source: str, total: np.ndarray, n_frames: int, *, counts: bool) -> None:
    """Check the values of a measured reference.

    Parameters
    ----------
    reference
        (C, [Z], Y, X).
    source
        Its file, for messages.
    total
        Sum of the noisy frames, of the same shape.
    n_frames
        Number of noisy frames.
    counts
        Whether the values are counts.

    Raises
    ------
    InputError
        If the reference has only one value, or counts are negative.
    LeakageError
        If it is the sum or the mean of the noisy frames, to 1 part in 10^6.
    """
    if reference.size > 1 and reference.min() == reference.max():
        problem = f"the reference holds the one value {reference.flat[0]} everywhere"
        raise InputError(problem, file=source, remedy="export the reference again")
    if counts and reference.min() < 0:
        problem = f"the reference of counts has {int(np.count_nonzero(reference < 0))} negative values"
        remedy = "give counts without background subtraction, or set `data.kind: intensity`"
        raise InputError(problem, file=source, remedy=remedy)
    value, summed = reference.astype(np.float64), total.astype(np.float64)
    if any(np.allclose(value, candidate, rtol=1e-6, atol=0) for candidate in (summed, summed / n_frames)):
        raise LeakageError(
            "the reference is the sum or the mean of the noisy frames themselves",
            file=source,
            remedy="set `reference` to leave-one-out, or give an independent measurement",
        )
