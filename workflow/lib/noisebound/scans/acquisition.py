"""What one scan is made of: its source files, fitted together by their headers."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.errors import InputError, LeakageError
from ..core.length_units import in_one_unit, unit_name
from ..core.sources import LEAVE_ONE_OUT, source_identity
from ..geometry.boxes import boxes_meet
from .readers import Header, read_header
from .stored_image import Origin

_SAME_FIELD = "list only files of one field of view, measured with the same shape"


@dataclass(frozen=True)
class Acquisition:
    """Sources of one scan that fit together. ``shape`` is spatial; ``orders`` maps file channels to scan channels."""

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


def plan_acquisition(
    noisy: Sequence[str],
    reference: Sequence[str] | str | None,
    *,
    dimensions: int | None = None,
    channels: Sequence[str] | None = None,
    axes: str | None = None,
    reference_axes: str | None = None,
    file_channels: Sequence[str] | None = None,
    pixel_size: float | Sequence[float] | None = None,
    pixel_unit: str | None = None,
    truth: str | None = None,
) -> Acquisition:
    """Read the headers of a scan's sources and fit them together; no pixels are read.

    ``dimensions`` and ``channels`` (names in the run's order) are taken from the files where ``None``;
    ``file_channels`` overrides the channel names in the files, in the files' order; ``truth`` is the file of the true
    signal of a simulated scan, with the axes of the reference. Raises ``InputError`` where
    shapes, channels, axes or pixel sizes disagree, and ``LeakageError`` where a source is used twice.
    """
    if not noisy:
        raise InputError("a scan without noisy files", key="noisy", remedy="name at least one file")
    if dimensions not in (None, 2, 3):
        raise InputError("images have 2 or 3 dimensions", key="dimensions", value=dimensions, remedy="use 2 or 3")
    leave_one_out = reference == LEAVE_ONE_OUT
    if isinstance(reference, str) and not leave_one_out:
        reference = [reference]
    reference_sources = () if leave_one_out or reference is None else tuple(reference)
    _check_distinct(noisy, reference_sources)
    noisy_headers = tuple(read_header(source, axes=axes) for source in noisy)
    reference_headers = tuple(read_header(source, axes=reference_axes) for source in reference_sources)
    _check_origins(noisy_headers, reference_headers)
    truth_header = read_header(truth, axes=reference_axes) if truth else None
    headers = noisy_headers + reference_headers + ((truth_header,) if truth_header else ())
    dimensions = dimensions or (3 if noisy_headers[0].length("Z") > 1 else 2)
    shape = _spatial_shape(noisy_headers[0], dimensions)
    for header in headers[1:]:
        other = _spatial_shape(header, dimensions)
        if other != shape:
            problem = f"spatial shape {other} where {noisy_headers[0].source!r} has {shape}"
            raise InputError(problem, file=header.source, remedy=_SAME_FIELD)
    count = sum(header.length("R") for header in noisy_headers)
    if leave_one_out and count < 2:
        raise InputError(
            "leave-one-out needs at least 2 noisy frames, and there is 1",
            file=noisy_headers[0].source,
            remedy="add repeats of the same field of view, name a measured reference or leave `reference` empty",
        )
    names = _channel_names(noisy_headers[0], channels, file_channels)
    orders = {header.source: _channel_order(header, names, file_channels) for header in headers}
    size, unit = _pixel_size(headers, dimensions, pixel_size, pixel_unit)
    dtype = np.result_type(*(header.dtype for header in noisy_headers)).newbyteorder("=")
    return Acquisition(
        noisy_headers,
        reference_headers,
        leave_one_out,
        dimensions,
        names,
        shape,
        dtype,
        size,
        unit,
        orders,
        truth_header,
    )


def _check_distinct(noisy: Sequence[str], reference: Sequence[str]) -> None:
    seen: set[tuple[str, str]] = set()
    for source in (*noisy, *reference):
        identity = source_identity(source)
        if identity in seen:
            remedy = "name every file once, under `noisy` or under `reference`"
            raise LeakageError("used twice in one scan", file=source, remedy=remedy)
        seen.add(identity)


def _check_origins(noisy: Sequence[Header], reference: Sequence[Header]) -> None:
    """Raise where two sources of a scan take their pixels from the same place, through whatever links."""
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


def _spatial_shape(header: Header, dimensions: int) -> tuple[int, ...]:
    if dimensions == 2 and header.length("Z") > 1:
        problem = f"{header.length('Z')} planes along Z (axes {header.axes}, shape {header.shape}) in a 2-D run"
        remedy = "set `data.dimensions: 3`, or set the `axes` column if these are repeats (R) or channels (C)"
        raise InputError(problem, file=header.source, remedy=remedy)
    if dimensions == 3 and "Z" not in header.axes:
        problem = f"no axis Z (axes {header.axes}, shape {header.shape}) in a 3-D run"
        remedy = "set `data.dimensions: 2`, or set the `axes` column if one of these axes is Z"
        raise InputError(problem, file=header.source, remedy=remedy)
    return tuple(header.length(axis) for axis in "ZYX"[-dimensions:])


def _channel_names(
    header: Header, wanted: Sequence[str] | None, file_channels: Sequence[str] | None
) -> tuple[str, ...]:
    if wanted is not None:
        return tuple(wanted)
    return tuple(file_channels or header.channels or [f"channel {number}" for number in range(header.length("C"))])


def match_channels(found: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...] | None:
    """Where each wanted channel lies among the found ones; ``None`` unless they pair up one to one.

    "Mg" matches "Mg" and "Mg_Ka" (the part before "_"). Channels in place are preferred over a reordering.
    """

    def fits(name: str, other: str) -> bool:
        return other in (name, name.split("_", 1)[0])

    if len(found) != len(wanted):
        return None
    if all(fits(name, other) for name, other in zip(found, wanted, strict=True)):
        return tuple(range(len(wanted)))
    places = [[place for place, name in enumerate(found) if fits(name, other)] for other in wanted]
    order = tuple(place[0] for place in places if len(place) == 1)
    return order if len(set(order)) == len(wanted) else None


def _channel_order(header: Header, names: tuple[str, ...], file_channels: Sequence[str] | None) -> tuple[int, ...]:
    count = header.length("C")
    if file_channels is not None and len(file_channels) != count:
        raise InputError(
            f"{len(file_channels)} channel names for {count} channels",
            file=header.source,
            key="channels",
            value=";".join(file_channels),
            remedy="give one name per channel of the file, in the file's order",
        )
    if count != len(names):
        raise InputError(
            f"{count} channels (axes {header.axes}, shape {header.shape}) where {len(names)} are configured: {names}",
            file=header.source,
            remedy="list the file's channels under `data.channels`, or set the `axes` column if C is another axis",
        )
    found = tuple(file_channels) if file_channels is not None else header.channels
    if found is None:
        return tuple(range(count))
    order = match_channels(found, names)
    if order is None:
        raise InputError(
            f"channels {', '.join(found)} in the file do not pair up with the configured {', '.join(names)}",
            file=header.source,
            remedy="correct `data.channels`, or name the file's channels in the `channels` column",
        )
    return order


def _pixel_size(
    headers: Sequence[Header], dimensions: int, given: float | Sequence[float] | None, unit: str | None
) -> tuple[tuple[float, ...], str]:
    if given is not None:
        sizes = tuple(float(size) for size in (given if isinstance(given, Sequence) else [given]))
        sizes = sizes * dimensions if len(sizes) == 1 else sizes
        if len(sizes) != dimensions or not all(math.isfinite(size) and size > 0 for size in sizes):
            remedy = f"give 1 or {dimensions} positive numbers in the order [z,] y, x"
            raise InputError("not usable as pixel size", key="pixel_size", value=given, remedy=remedy)
        if not unit:
            remedy = "set `pixel_unit` too, for example nm or µm"
            raise InputError("a pixel size without its unit", key="pixel_unit", value=given, remedy=remedy)
        return sizes, unit_name(unit) or "px"
    if unit:
        remedy = "set `pixel_size` too, or leave both empty to use what the file says"
        raise InputError("a unit without a pixel size", key="pixel_unit", value=unit, remedy=remedy)
    known = [header for header in headers if header.pixel_size and header.pixel_unit]
    if not known:
        return (1.0,) * dimensions, "px"
    # A header whose only plane is dropped in 2-D still lists a size for Z.
    first = known[0]
    sizes, first_unit = (first.pixel_size or ())[-dimensions:], str(first.pixel_unit)
    for header in known[1:]:
        other = (header.pixel_size or ())[-dimensions:]
        converted = in_one_unit(
            {"X": 1.0, **dict(zip("abc", other, strict=False))},
            {"X": first_unit, **dict.fromkeys("abc", header.pixel_unit)},
        )
        values = tuple(converted[0][key] for key in "abc"[: len(other)]) if converted else ()
        if len(values) != len(sizes) or not np.allclose(values, sizes, rtol=1e-3, atol=0):
            raise InputError(
                f"pixel size {other} {header.pixel_unit} where {first.source!r} has {sizes} {first_unit}",
                file=header.source,
                remedy="list files of one field of view, or set `pixel_size` and `pixel_unit` in the scan sheet",
            )
    return sizes, first_unit
