"""Problems with the files of a scan, found by reading them as the step ingest_scan would."""

from __future__ import annotations

from ..core.errors import NoiseboundError
from .acquisition import measured_reference, plan_acquisition
from .content import Content
from .readers import read_header
from .settings import DataSettings, SourceSettings


def find_problems(source: SourceSettings, data: DataSettings) -> list[str]:
    """Read and check everything that ``ingest_scan`` would, and write nothing.

    Parameters
    ----------
    source
        The files of the scan.
    data
        What the run says of every scan.

    Returns
    -------
    list of str
        Problems in words. All files whose headers cannot be read are reported together. If all can be read, only the
        first further problem is reported.
    """
    files = [(one, source.axes) for one in source.noisy]
    others = [*measured_reference(source), *([source.truth] if source.truth else [])]
    files += [(one, source.reference_axes) for one in others]
    problems = []
    for file, axes in files:
        try:
            read_header(file, axes=axes)
        except NoiseboundError as error:
            problems.append(str(error))
    if problems:
        return problems
    try:
        content = Content(plan_acquisition(source, data), counts=data.counts)
        for _ in content.frames():
            pass
        content.reference()
        content.truth()
    except NoiseboundError as error:
        problems.append(str(error))
    return problems
