"""The source files of one scan, fitted together by their headers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.errors import InputError, LeakageError
from ..core.sources import LEAVE_ONE_OUT, source_identity
from ..geometry.boxes import boxes_meet
from .axes import SPATIAL
from .channels import channel_names, channel_order
from .pixel_sizes import scan_pixel_size
from .readers import Header, read_header
from .settings import DataSettings, SourceSettings
from .stored_image import Origin

_SAME_FIELD = "list only files of one field of view, measured with the same shape"


@dataclass(frozen=True)
class Acquisition:
    """Sources of one scan that fit together.

    Parameters
    ----------
    noisy, reference
        Headers of the files in their order.
    leave_one_out
        Whether the target of a noisy frame is the mean of the others.
    dimensions
        Number of spatial axes, 2 or 3.
    channels
        Names of the channels in the order of the run.
    shape
        Pixels per spatial axis ([z], y, x).
    dtype
        Type that holds the values of every noisy file, in native byte order.
    pixel_size, pixel_unit
        One number per spatial axis ([z], y, x) and their unit.
    orders
        By source, the index in the file of each channel of the scan.
    truth
        Header of the true signal; None unless the scan is simulated.
    """

    noisy: tuple[Header, ...]
    reference: tuple[Header, ...]
    leave_one_out: bool
    dimensions: int
    channels: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    pixel_size: tuple[float, ...]
    pixel_unit: str
    orders: dict[str, tuple[int, ...]]
    truth: Header | None = None

    @property
    def n_frames(self) -> int:
        """Number of noisy frames in all files together."""
        return sum(header.length("R") for header in self.noisy)


def plan_acquisition(source: SourceSettings, data: DataSettings) -> Acquisition:
    """Read the headers of a scan's sources and check that they fit together; no pixels are read.

    Parameters
    ----------
    source
        The files of the scan.
    data
        What the run says of every scan.

    Returns
    -------
    Acquisition
        The sources.

    Raises
    ------
    InputError
        If a file cannot be used, or shapes, channels, axes or pixel sizes disagree.
    LeakageError
        If two sources are the same or lead to the same pixels.
    """
    if not source.noisy:
        raise InputError("a scan without noisy files", key="noisy", remedy="name at least one file")
    if data.dimensions not in (None, 2, 3):
        raise InputError("images have 2 or 3 dimensions", key="dimensions", value=data.dimensions, remedy="use 2 or 3")
    leave_one_out = source.reference == LEAVE_ONE_OUT
    measured = measured_reference(source)
    _check_distinct(source.noisy, measured)
    noisy = tuple(read_header(one, axes=source.axes) for one in source.noisy)
    reference = tuple(read_header(one, axes=source.reference_axes) for one in measured)
    _check_origins(noisy, reference)
    truth = read_header(source.truth, axes=source.reference_axes) if source.truth else None
    headers = noisy + reference + ((truth,) if truth else ())
    dimensions = data.dimensions or (3 if noisy[0].length("Z") > 1 else 2)
    shape = _common_shape(headers, dimensions)
    if leave_one_out:
        _check_frames(noisy)
    names = channel_names(noisy[0], data.channels, source.file_channels)
    orders = {header.source: channel_order(header, names, source.file_channels) for header in headers}
    size, unit = scan_pixel_size(headers, dimensions, source.pixel_size, source.pixel_unit)
    dtype = np.result_type(*(header.dtype for header in noisy)).newbyteorder("=")
    return Acquisition(noisy, reference, leave_one_out, dimensions, names, shape, dtype, size, unit, orders, truth)


def measured_reference(source: SourceSettings) -> tuple[str, ...]:
    """List the sources of a measured reference.

    Parameters
    ----------
    source
        The files of the scan.

    Returns
    -------
    tuple of str
        The sources; empty for leave-one-out and for a scan without reference.
    """
    if source.reference is None or source.reference == LEAVE_ONE_OUT:
        return ()
    return (source.reference,) if isinstance(source.reference, str) else tuple(source.reference)


def _check_distinct(noisy: Sequence[str], reference: Sequence[str]) -> None:
    """Raise ``LeakageError`` if two sources are the same, however they are spelled."""
    seen: set[tuple[str, str]] = set()
    for source in (*noisy, *reference):
        identity = source_identity(source)
        if identity in seen:
            remedy = "name every file once, under `noisy` or under `reference`"
            raise LeakageError("used twice in one scan", file=source, remedy=remedy)
        seen.add(identity)


def _check_origins(noisy: Sequence[Header], reference: Sequence[Header]) -> None:
    """Raise ``LeakageError`` if two sources lead to the same pixels, through whatever links."""
    seen: dict[tuple[str, str], list[tuple[Origin, str]]] = {}
    for header in (*noisy, *reference):
        mine = dict.fromkeys(header.origins)
        for origin in mine:
            for other, source in seen.get((os.path.realpath(origin.path), origin.array), ()):
                if boxes_meet(origin.lower, origin.upper, other.lower, other.upper):
                    problem = f"it leads to the same pixels of {origin.path!r} as {source!r} of the same scan"
                    remedy = "name every dataset once, under `noisy` or under `reference`"
                    raise LeakageError(problem, file=header.source, remedy=remedy)
        for origin in mine:
            seen.setdefault((os.path.realpath(origin.path), origin.array), []).append((origin, header.source))


def _check_frames(noisy: Sequence[Header]) -> None:
    """Raise ``InputError`` if there is only one frame, which has no other to be compared with."""
    if sum(header.length("R") for header in noisy) < 2:
        raise InputError(
            "leave-one-out needs at least 2 noisy frames, and there is 1",
            file=noisy[0].source,
            remedy="add repeats of the same field of view, name a measured reference or leave `reference` empty",
        )


def _common_shape(headers: Sequence[Header], dimensions: int) -> tuple[int, ...]:
    """Return the spatial shape of all files; raise ``InputError`` if they differ."""
    shape = _spatial_shape(headers[0], dimensions)
    for header in headers[1:]:
        other = _spatial_shape(header, dimensions)
        if other != shape:
            problem = f"spatial shape {other} where {headers[0].source!r} has {shape}"
            raise InputError(problem, file=header.source, remedy=_SAME_FIELD)
    return shape


def _spatial_shape(header: Header, dimensions: int) -> tuple[int, ...]:
    if dimensions == 2 and header.length("Z") > 1:
        problem = f"{header.length('Z')} planes along Z (axes {header.axes}, shape {header.shape}) in a 2-D run"
        remedy = "set `data.dimensions: 3`, or set the `axes` column if these are repeats (R) or channels (C)"
        raise InputError(problem, file=header.source, remedy=remedy)
    if dimensions == 3 and "Z" not in header.axes:
        problem = f"no axis Z (axes {header.axes}, shape {header.shape}) in a 3-D run"
        remedy = "set `data.dimensions: 2`, or set the `axes` column if one of these axes is Z"
        raise InputError(problem, file=header.source, remedy=remedy)
    return tuple(header.length(axis) for axis in SPATIAL[-dimensions:])
