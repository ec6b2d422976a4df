"""What is wrong with the files of a scan, found by reading them as the ingest step would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.errors import NoiseboundError
from ..core.sources import LEAVE_ONE_OUT
from .acquisition import plan_acquisition
from .content import Content
from .readers import read_header


def find_problems(
    noisy: Sequence[str],
    reference: Sequence[str] | str | None,
    *,
    counts: bool = False,
    axes: str | None = None,
    reference_axes: str | None = None,
    **settings: Any,
) -> list[str]:
    """Read and check everything that ``ingest_scan`` would, write nothing, and return what is wrong in words.

    All unreadable files are reported together; how files fit together is looked at when each can be read.
    ``settings`` as for ``plan_acquisition``.
    """
    measured = [reference] if isinstance(reference, str) else list(reference or ())
    measured = [] if reference == LEAVE_ONE_OUT else measured
    problems = []
    truth = settings.get("truth")
    others = [*measured, *([truth] if truth else [])]
    for source, source_axes in [(one, axes) for one in noisy] + [(one, reference_axes) for one in others]:
        try:
            read_header(source, axes=source_axes)
        except NoiseboundError as error:
            problems.append(str(error))
    if problems:
        return problems
    try:
        acquisition = plan_acquisition(noisy, reference, axes=axes, reference_axes=reference_axes, **settings)
        content = Content(acquisition, counts=counts)
        for _ in content.frames():
            pass
        content.reference()
        content.truth()
    except NoiseboundError as error:
        problems.append(str(error))
    return problems
