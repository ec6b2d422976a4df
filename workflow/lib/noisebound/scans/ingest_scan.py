"""The step ingest_scan: write the standard file of a scan from the instrument's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..core.names import check_scan_name
from ..core.sources import LEAVE_ONE_OUT
from ..core.storage import atomic_path
from ..files.scan import FORMAT_VERSION, MEASURED, NO_REFERENCE
from ..regions.leakage import LearnedScan, check_new_scan, roles_of
from .acquisition import Acquisition, plan_acquisition
from .axes import AXES
from .content import Content
from .described_sources import describe_sources, sources_attribute
from .settings import DataSettings, SourceSettings

# Pixels per axis of a chunk.
_CHUNK = {"Z": 32, "Y": 128, "X": 128}
_COMPRESSION: dict[str, Any] = {"compression": "gzip", "compression_opts": 4, "shuffle": True, "track_times": False}


def ingest_scan(
    source: SourceSettings,
    data: DataSettings,
    output: str | Path,
    *,
    scan: str,
    sources_file: str | Path | None = None,
    planned: Sequence[str] = (),
    role: str | None = None,
    others: Mapping[str, tuple[str, str | Path, list[str]]] | None = None,
) -> None:
    """Write the standard HDF5 file of a scan from its noisy and reference files.

    The same inputs give the same bytes. Memory holds one source file and the sum of the frames at a time.

    Parameters
    ----------
    source
        The files of the scan, and what the scan sheet says of them.
    data
        What the run says of every scan. A channel "Mg" stands for "Mg_Ka" in a file too.
    output
        The file to write, ``scans/<scan>.h5``: ``noisy`` (R, C, [Z], Y, X) in the dtype of the source files and, if the
        scan has them, ``reference`` and ``truth`` (C, [Z], Y, X), and ``reference_variance``, that of a reference of
        several repeats about the signal. For leave-one-out, ``reference`` is the sum of all
        frames.
    scan
        The name of the scan.
    sources_file
        The JSON file to write with what the scan was read from (:class:`ScanSources`).
    planned
        Stamps of the files when the workflow was read; ``sources_file`` keeps them unchanged.
    role, others
        The role of the scan, and the scans whose pixels it is compared with (:func:`leakage.check_new_scan`). Without a
        role nothing is compared.

    Raises
    ------
    InputError
        If a file cannot be used. The message names the file and the remedy, and no output is left.
    LeakageError
        If targets would contain inputs, or a scan of another role holds the same pixels. No output is left.
    """
    check_scan_name(scan)
    acquisition = plan_acquisition(source, data)
    content = Content(acquisition, counts=data.counts)
    axes = AXES if acquisition.dimensions == 3 else AXES.replace("Z", "")
    with atomic_path(output) as temporary, h5py.File(temporary, "w", libver="earliest") as stored:
        _write_images(stored, content, axes)
        sources = describe_sources(acquisition, content, planned)
        if role is not None:
            check_new_scan(LearnedScan(scan, roles_of(role), sources), others or {})
        attributes = _attributes(acquisition, axes, scan, source.group, data.counts)
        attributes["sources"] = json.dumps(sources_attribute(sources, acquisition), ensure_ascii=False)
        stored.attrs.update(attributes)
        if sources_file is not None:
            sources.write(sources_file)


def _write_images(stored: h5py.File, content: Content, axes: str) -> None:
    """Write all images of a scan, chunked and compressed, with their axes as labels."""
    acquisition = content.acquisition
    spatial, count = acquisition.shape, len(acquisition.channels)
    tile = tuple(min(_CHUNK[axis], length) for axis, length in zip(axes[2:], spatial, strict=True))
    frames = stored.create_dataset(
        "noisy", (acquisition.n_frames, count, *spatial), acquisition.dtype, chunks=(1, 1, *tile), **_COMPRESSION
    )
    for number, frame in enumerate(content.frames()):
        frames[number] = frame
    images = {"reference": content.reference(), "truth": content.truth()}
    images["reference_variance"] = content.reference_variance
    for name, image in images.items():
        if image is not None:
            stored.create_dataset(name, data=image, chunks=(1, *tile), **_COMPRESSION)
    stored.attrs["reference_repeats"] = content.reference_repeats
    stored.attrs["reference_events"] = int(content.reference_events)
    reference, truth = images["reference"], images["truth"]
    known = reference is not None and truth is not None and np.array_equal(reference, truth)
    stored.attrs["reference_is_truth"] = int(known)
    for dataset in stored.values():
        for dimension, letter in zip(dataset.dims, axes[-dataset.ndim :], strict=True):
            dimension.label = letter


def _attributes(acquisition: Acquisition, axes: str, scan: str, group: str, counts: bool) -> dict[str, Any]:
    kind = MEASURED if acquisition.reference else NO_REFERENCE
    return {
        "format_version": FORMAT_VERSION,
        "scan": scan,
        "group": group,
        "axes": axes,
        "channels": json.dumps(acquisition.channels, ensure_ascii=False),
        "pixel_size": json.dumps(acquisition.pixel_size),
        "pixel_unit": acquisition.pixel_unit,
        "counts": int(counts),
        "reference_kind": LEAVE_ONE_OUT if acquisition.leave_one_out else kind,
    }
