"""The step ingest_scan: write the standard file of a scan from the instrument's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py

from ..core.names import check_scan_name
from ..core.sources import LEAVE_ONE_OUT
from ..core.storage import atomic_path
from ..files.scan import FORMAT_VERSION
from ..regions.leakage import LearnedScan, check_new_scan, roles_of
from .acquisition import Acquisition, plan_acquisition
from .content import Content
from .described_sources import describe_sources, sources_attribute


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
        sources = describe_sources(acquisition, content, planned)
        if role is not None:
            check_new_scan(LearnedScan(scan, roles_of(role), sources), others or {})
        attributes = _attributes(acquisition, axes_written, scan, group, counts)
        attributes["sources"] = json.dumps(sources_attribute(sources, acquisition), ensure_ascii=False)
        stored.attrs.update(attributes)
        if sources_file is not None:
            sources.write(sources_file)


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
