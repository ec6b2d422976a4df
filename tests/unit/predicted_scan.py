"""A scan with a reference and its predictions as files, made from arrays: the input of the steps after the ensemble."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from noisebound.files.prediction_writers import create_predictions
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions


@dataclass
class Files:
    scan: Path
    ensemble: Path
    regions: Path


def write_predicted_scan(
    folder: Path,
    *,
    noisy: np.ndarray,
    reference: np.ndarray | None,
    reference_kind: str,
    frames: tuple[np.ndarray, np.ndarray, np.ndarray],
    boxes: Sequence[Box],
    name: str = "s",
    channels: Sequence[str] = ("Mg", "Fe"),
    pixel_size: Sequence[float] | None = None,
    pixel_unit: str = "nm",
    members: np.ndarray | None = None,
    frame: int = 0,
    counts: bool = False,
    group: str = "",
    truth: np.ndarray | None = None,
) -> Files:
    """``noisy`` (R, C, *spatial), ``reference`` (C, *spatial), ``frames`` lower, median, upper (R, C, *spatial)."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder / f"{name}.scan.h5", folder / f"{name}.ensemble.h5", folder / f"{name}.regions.json")
    shape = noisy.shape[2:]
    size = list(pixel_size or (1.0,) * len(shape))
    with h5py.File(files.scan, "w") as file:
        file["noisy"] = noisy
        if reference is not None:
            file["reference"] = reference
        if truth is not None:
            file["truth"] = truth.astype(np.float32)
        file.attrs.update(
            {
                "format_version": 1,
                "scan": name,
                "axes": "RCYX" if len(shape) == 2 else "RCZYX",
                "channels": json.dumps(list(channels)),
                "pixel_size": json.dumps(size),
                "pixel_unit": pixel_unit,
                "reference_kind": reference_kind,
                "sources": "[]",
                "group": group,
                "counts": int(counts),
            }
        )
    lower, median, upper = (part.astype(np.float32) for part in frames)
    everything = tuple(slice(0, extent) for extent in shape)
    with create_predictions(
        files.ensemble,
        scan=name,
        channels=channels,
        pixel_size=size,
        pixel_unit=pixel_unit,
        shape=shape,
        levels=(0.05, 0.5, 0.95),
        frame=frame,
        n_frames=len(noisy) if reference is not None else 0,
        n_members=0 if members is None else len(members),
        n_latent=0,
        counts=counts,
        keep_members=members is not None,
    ) as writer:
        spread = np.zeros_like(median[0]) if members is None else members.std(axis=0).astype(np.float32)
        writer.write(everything, lower[frame], median[frame], upper[frame], spread)
        if reference is not None:
            for k in range(len(noisy)):
                writer.write_frame(k, everything, lower[k], median[k], upper[k])
        for m, values in enumerate([] if members is None else members):
            writer.write_member(m, everything, values.astype(np.float32))
    Regions(name, tuple(shape), (2,) * len(shape), "test", tuple(boxes)).write(files.regions)
    return files
