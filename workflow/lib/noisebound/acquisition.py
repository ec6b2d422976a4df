"""What one scan is made of: its source files fitted together, and every value in them checked."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import InputError, LeakageError
from .metadata import in_one_unit, unit_name
from .readers import Header, Image, read_header, read_image
from .sources import LEAVE_ONE_OUT, source_identity

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


class Content:
    """Reads an acquisition's pixels once, one file at a time, and checks them.

    ``frames`` is to be used up before ``reference``.
    """

    def __init__(self, acquisition: Acquisition, *, counts: bool) -> None:
        self.acquisition, self.counts = acquisition, counts
        summed = np.float64 if acquisition.dtype.kind == "f" else np.int64
        self._total = np.zeros((len(acquisition.channels), *acquisition.shape), summed)
        self._seen: dict[bytes, str] = {}

    def frames(self) -> Iterator[np.ndarray]:
        """Yield every noisy frame (C, [Z], Y, X) in its file's dtype.

        Raises ``InputError`` for frames of one value and, for counts, for negative or fractional values;
        ``LeakageError`` where two frames of a leave-one-out scan are the same.
        """
        for header in self.acquisition.noisy:
            stack = self._arranged(header)
            for number, frame in enumerate(stack):
                self._check_frame(frame, header.source, number)
                self._total += frame
                yield frame

    def reference(self) -> np.ndarray | None:
        """The measured reference (C, [Z], Y, X), or for leave-one-out the sum of all frames (uint32 for integers).

        Several reference frames are averaged to float32. Raises ``InputError`` for a reference of one value or, for
        counts, a negative one; ``LeakageError`` where it is the sum or mean of the noisy frames themselves.
        """
        if self.acquisition.leave_one_out:
            return _compact(self._total)
        if not self.acquisition.reference:
            return None
        stacks = [self._arranged(header) for header in self.acquisition.reference]
        if sum(len(stack) for stack in stacks) == 1:
            reference = stacks[0][0]
        else:
            count = sum(len(stack) for stack in stacks)
            reference = (sum(stack.sum(axis=0, dtype=np.float64) for stack in stacks) / count).astype(np.float32)
        self._check_reference(reference, self.acquisition.reference[0].source)
        return reference

    def truth(self) -> np.ndarray | None:
        """The true signal of a simulated scan, float32 (C, [Z], Y, X). Raises ``InputError`` for more than one "
        "image."""
        header = self.acquisition.truth
        if header is None:
            return None
        stack = self._arranged(header)
        if len(stack) != 1:
            remedy = "give one image, in the unit of the reference"
            raise InputError(f"the truth holds {len(stack)} frames", file=header.source, key="truth", remedy=remedy)
        return stack[0].astype(np.float32)

    def _arranged(self, header: Header) -> np.ndarray:
        image = read_image(header.source, axes=header.axes)
        stack = arrange(image, self.acquisition.dimensions)
        order = self.acquisition.orders[header.source]
        return stack if order == tuple(range(len(order))) else stack[:, list(order)]

    def _check_frame(self, frame: np.ndarray, source: str, number: int) -> None:
        if frame.size > 1 and frame.min() == frame.max():
            raise InputError(
                f"frame {number} holds the one value {frame.flat[0]} everywhere",
                file=source,
                remedy="leave the frame out, or export it again from the instrument",
            )
        if self.counts:
            wrong = int(np.count_nonzero(frame < 0))
            if frame.dtype.kind == "f":
                wrong += int(np.count_nonzero((frame >= 0) & (frame != np.floor(frame))))
            if wrong:
                raise InputError(
                    f"frame {number} has {wrong} values that are no counts (negative or with a fraction)",
                    file=source,
                    remedy="give raw counts, or set `data.kind: intensity` in the configuration",
                )
        if self.acquisition.leave_one_out:
            digest = hashlib.sha256(np.ascontiguousarray(frame).tobytes()).digest()
            here = f"frame {number} of {source!r}"
            if digest in self._seen:
                raise LeakageError(
                    f"{here} equals {self._seen[digest]}, so that the target of one would contain the other",
                    file=source,
                    remedy="list every frame once",
                )
            self._seen[digest] = here

    def _check_reference(self, reference: np.ndarray, source: str) -> None:
        if reference.size > 1 and reference.min() == reference.max():
            problem = f"the reference holds the one value {reference.flat[0]} everywhere"
            raise InputError(problem, file=source, remedy="export the reference again")
        if self.counts and reference.min() < 0:
            problem = f"the reference of counts has {int(np.count_nonzero(reference < 0))} negative values"
            remedy = "give counts without background subtraction, or set `data.kind: intensity`"
            raise InputError(problem, file=source, remedy=remedy)
        value, count = reference.astype(np.float64), self.acquisition.n_frames
        total = self._total.astype(np.float64)
        if any(np.allclose(value, candidate, rtol=1e-6, atol=0) for candidate in (total, total / count)):
            raise LeakageError(
                "the reference is the sum or the mean of the noisy frames themselves",
                file=source,
                remedy="set `reference` to leave-one-out, or give an independent measurement",
            )


def arrange(image: Image, dimensions: int) -> np.ndarray:
    """View an image as (R, C, [Z], Y, X); axes it lacks get length 1."""
    array, axes = image.array, image.axes
    for axis in "ZCR":
        if axis not in axes:
            array, axes = array[np.newaxis], axis + axes
    array = array.transpose([axes.index(axis) for axis in "RCZYX"])
    return array if dimensions == 3 else array[:, :, 0]


def _compact(total: np.ndarray) -> np.ndarray:
    fits = total.dtype.kind == "i" and total.min() >= 0 and total.max() <= np.iinfo(np.uint32).max
    return total.astype(np.uint32) if fits else total


def _check_distinct(noisy: Sequence[str], reference: Sequence[str]) -> None:
    seen: set[tuple[str, str]] = set()
    for source in (*noisy, *reference):
        identity = source_identity(source)
        if identity in seen:
            remedy = "name every file once, under `noisy` or under `reference`"
            raise LeakageError("used twice in one scan", file=source, remedy=remedy)
        seen.add(identity)


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
