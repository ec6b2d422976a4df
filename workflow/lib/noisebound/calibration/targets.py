"""What the intervals are about: the reference as measured, or the true signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..files.scan import Scan
from ..geometry.boxes import Box

TRUE_TARGET = "the true signal, which is the reference of these simulated scans"


def describe_target(scan: Scan, boxes: Sequence[Box]) -> str:
    """Say in words what the intervals of a scan are meant to cover.

    Parameters
    ----------
    scan
        Frames, reference and, if it is simulated, the true signal.
    boxes
        Boxes in which the target is compared with the true signal.

    Returns
    -------
    str
        ``TRUE_TARGET`` where target and true signal are equal in all frames and boxes, else the kind of reference.
    """
    if scan.has_truth and all(
        np.array_equal(scan.read_truth(box.slices), scan.read_target(k, box.slices))  # type: ignore[arg-type]
        for k in range(scan.n_frames if scan.reference_kind == "leave-one-out" else 1)
        for box in boxes
    ):
        return TRUE_TARGET
    if scan.reference_kind == "leave-one-out":
        return f"the mean of the other {scan.n_frames - 1} frames, noisy itself"
    return "the reference measurement, noisy itself"
