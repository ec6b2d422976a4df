"""Checks of the pixels of a scan: no frame of one value, counts that are counts, a reference of its own."""

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
        Where it stands, for messages.
    counts
        Whether its values are counts.

    Raises
    ------
    InputError
        For a frame of one value and, for counts, for negative or fractional values.
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
    """A frame as it is added to the sum of ``n_frames`` frames, which has 64 bits.

    Raises
    ------
    InputError
        For values of 64 bits whose sum could overflow.
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
        Sum of the ``n_frames`` noisy frames, of the same shape.
    counts
        Whether the values are counts.

    Raises
    ------
    InputError
        For a reference of one value and, for counts, for negative values.
    LeakageError
        Where it is the sum or the mean of the noisy frames.
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
