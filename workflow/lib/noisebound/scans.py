"""The standard file of one scan: how it is written from the instrument's files, and how regions of it are read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from .acquisition import Acquisition, plan_acquisition
from .errors import InputError, NoiseboundError
from .leakage import LearnedScan, check_new_scan, roles_of
from .names import check_scan_name
from .readers import read_header
from .scan_content import Content
from .scan_sources import ScanSources
from .sources import LEAVE_ONE_OUT
from .storage import atomic_path

FORMAT_VERSION = 1
_AGAIN = "delete it and run the ingest step again"


def ingest_scan(
    noisy: Sequence[str],
    reference: Sequence[str] | str | None,
    output: str | Path,
    *,
    scan: str,
    group: str = "",
    dimensions: int,
    channels: Sequence[str],
    counts: bool,
    axes: str | None = None,
    reference_axes: str | None = None,
    file_channels: Sequence[str] | None = None,
    pixel_size: float | Sequence[float] | None = None,
    pixel_unit: str | None = None,
    truth: str | None = None,
    sources_file: str | Path | None = None,
    planned: Sequence[str] = (),
    role: str | None = None,
    others: Mapping[str, tuple[str, str | Path, list[str]]] | None = None,
) -> None:
    """Write the standard HDF5 file of a scan from its noisy and reference files.

    ``noisy`` files hold one frame or several (R); all frames are put one after the other. ``reference`` is a list of
    files (several are averaged), ``"leave-one-out"`` (the sum of all frames is stored; the target of a frame is the
    mean of the others) or ``None``. ``channels`` are the run's names; files with named channels are put in this
    order, "Mg" standing for "Mg_Ka" too; ``file_channels`` overrides the names in the files. ``counts`` demands
    non-negative integers. ``pixel_size`` ([z,] y, x, or one number) with ``pixel_unit`` overrides the files. ``truth``
    is the file of the true signal of a simulated scan, kept to judge with.

    ``sources_file`` is where to write what the scan was read from (:class:`ScanSources`); ``planned`` goes there as it
    is. With ``role``, the scan's, the pixels are compared with those of the scans ``others``
    (:func:`leakage.check_new_scan`).

    The same inputs give the same bytes. Memory holds one source file and the sum of the frames.

    Raises ``InputError`` (``LeakageError`` where targets would contain inputs, or where a scan of another role holds
    the same pixels) naming file and remedy; then no output is left.
    """
    check_scan_name(scan)
    acquisition = plan_acquisition(
        noisy,
        reference,
        dimensions=dimensions,
        channels=channels,
        axes=axes,
        reference_axes=reference_axes,
        file_channels=file_channels,
        pixel_size=pixel_size,
        pixel_unit=pixel_unit,
        truth=truth,
    )
    content = Content(acquisition, counts=counts)
    with atomic_path(output) as temporary, h5py.File(temporary, "w", libver="earliest") as stored:
        spatial, count = acquisition.shape, len(acquisition.channels)
        tile = (*(min(32, length) for length in spatial[:-2]), *(min(128, length) for length in spatial[-2:]))
        compression: dict[str, Any] = {
            "compression": "gzip",
            "compression_opts": 4,
            "shuffle": True,
            "track_times": False,
        }
        frames = stored.create_dataset(
            "noisy", (acquisition.n_frames, count, *spatial), acquisition.dtype, chunks=(1, 1, *tile), **compression
        )
        for number, frame in enumerate(content.frames()):
            frames[number] = frame
        target = content.reference()
        if target is not None:
            stored.create_dataset("reference", data=target, chunks=(1, *tile), **compression)
        signal = content.truth()
        if signal is not None:
            stored.create_dataset("truth", data=signal, chunks=(1, *tile), **compression)
        axes_written = "RCYX" if acquisition.dimensions == 2 else "RCZYX"
        for dataset in stored.values():
            for dimension, letter in zip(dataset.dims, axes_written[-dataset.ndim :], strict=True):
                dimension.label = letter
        sources = ScanSources.of(acquisition, content, planned)
        if role is not None:
            check_new_scan(LearnedScan(scan, roles_of(role), sources), others or {})
        attributes = _attributes(acquisition, axes_written, scan, group, counts)
        attributes["sources"] = json.dumps(sources.attribute(acquisition), ensure_ascii=False)
        stored.attrs.update(attributes)
        if sources_file is not None:
            sources.write(sources_file)


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


def _attributes(acquisition: Acquisition, axes: str, scan: str, group: str, counts: bool) -> dict[str, Any]:
    measured = "measured" if acquisition.reference else "none"
    return {
        "format_version": FORMAT_VERSION,
        "scan": scan,
        "group": group,
        "axes": axes,
        "channels": json.dumps(acquisition.channels, ensure_ascii=False),
        "pixel_size": json.dumps(acquisition.pixel_size),
        "pixel_unit": acquisition.pixel_unit,
        "counts": int(counts),
        "reference_kind": LEAVE_ONE_OUT if acquisition.leave_one_out else measured,
    }


class Scan:
    """A scan's standard file, open for reading; a context manager. Only the regions asked for are read.

    ``shape`` is spatial ([Z], Y, X); ``pixel_size`` has one entry per spatial axis in ``pixel_unit``;
    ``reference_kind`` is measured, leave-one-out or none. Raises ``InputError`` where the file is missing or is not
    of this format.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError("the file does not exist", file=path, remedy="run the ingest step")
        try:
            self._file = h5py.File(self.path, "r", locking="best-effort")
        except OSError as error:
            raise InputError(f"not a readable HDF5 file ({error})", file=path, remedy=_AGAIN) from None
        try:
            self._open()
        except (KeyError, ValueError, TypeError) as error:
            self._file.close()
            raise InputError(f"not a scan of format {FORMAT_VERSION} ({error})", file=path, remedy=_AGAIN) from None

    def _open(self) -> None:
        attributes = self._file.attrs
        version = int(attributes["format_version"])
        if version != FORMAT_VERSION:
            raise ValueError(f"format_version is {version}")
        self.name, self.group, self.axes = (str(attributes[key]) for key in ("scan", "group", "axes"))
        self.channels: tuple[str, ...] = tuple(json.loads(attributes["channels"]))
        self.pixel_size: tuple[float, ...] = tuple(json.loads(attributes["pixel_size"]))
        self.pixel_unit = str(attributes["pixel_unit"])
        self.reference_kind = str(attributes["reference_kind"])
        self.counts = bool(attributes["counts"])
        self.sources: list[dict[str, str]] = json.loads(attributes["sources"])
        self._noisy: h5py.Dataset = self._file["noisy"]
        self.n_frames, self.n_channels = (int(length) for length in self._noisy.shape[:2])
        self.shape: tuple[int, ...] = tuple(int(length) for length in self._noisy.shape[2:])
        self.ndim = len(self.shape)
        if len(self.axes) != self._noisy.ndim or len(self.channels) != self.n_channels:
            raise ValueError("axes or channels do not fit the array")
        self.has_reference = self.reference_kind != "none"
        self._reference: h5py.Dataset | None = self._file["reference"] if self.has_reference else None
        self.has_truth = "truth" in self._file

    def __enter__(self) -> Scan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        self._file.close()

    def read_frame(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray:
        """Noisy frame ``k`` as float32 (C, [Z], Y, X), or the ``region`` of it (one slice per spatial axis).

        Raises ``IndexError`` for a frame that is not there, ``ValueError`` for slices of another number or step.
        """
        return self._frame(k, region).astype(np.float32)

    def read_target(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray:
        """What frame ``k`` is compared with, as float32 (C, [Z], Y, X).

        The measured reference, or for leave-one-out the mean of the other frames, (sum - frame k) / (R - 1), which
        frame k has no part in. Raises ``InputError`` for a scan without reference.
        """
        if self._reference is None:
            remedy = "name a reference in the scan sheet, or give the scan the role apply"
            raise InputError("the scan has no reference", file=self.path, remedy=remedy)
        self._check_frame(k)
        target = self._reference[(slice(None), *self._region(region))]
        if self.reference_kind != LEAVE_ONE_OUT:
            return target.astype(np.float32)
        others = target.astype(np.float64) - self._frame(k, region)
        return (others / (self.n_frames - 1)).astype(np.float32)

    def read_truth(self, region: tuple[slice, ...] | None = None) -> np.ndarray | None:
        """The true signal as float32 (C, [Z], Y, X), which only a simulated scan has; ``None`` elsewhere."""
        if not self.has_truth:
            return None
        return np.asarray(self._file["truth"][(slice(None), *self._region(region))], dtype=np.float32)

    def read_target_noise(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray | None:
        """Variance of the target of frame ``k`` about the truth, float32 (C, [Z], Y, X); ``None`` where unknown.

        For counts with leave-one-out: the mean of R - 1 Poisson counts varies by mean / (R - 1).
        """
        if self.reference_kind != LEAVE_ONE_OUT or not self.counts:
            return None
        return self.read_target(k, region) / np.float32(self.n_frames - 1)

    def _frame(self, k: int, region: tuple[slice, ...] | None) -> np.ndarray:
        self._check_frame(k)
        return np.asarray(self._noisy[(k, slice(None), *self._region(region))])

    def _check_frame(self, k: int) -> None:
        if not 0 <= k < self.n_frames:
            raise IndexError(f"frame {k} of {self.n_frames} in {self.path}")

    def _region(self, region: tuple[slice, ...] | None) -> tuple[slice, ...]:
        if region is None:
            return (slice(None),) * self.ndim
        if len(region) != self.ndim or any(part.step not in (None, 1) for part in region):
            raise ValueError(f"a region of {self.path} needs {self.ndim} slices of step 1, not {region}")
        return tuple(slice(*part.indices(length)[:2]) for part, length in zip(region, self.shape, strict=True))
