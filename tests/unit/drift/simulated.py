"""Simulated acquisitions with phases and noise of known kinds, their predictions, and checks of one against others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import ndimage

from noisebound.core import storage
from noisebound.drift.block_table import BlockTable
from noisebound.drift.check_drift import CheckedScan, check_drift
from noisebound.drift.fit_drift import fit_drift
from noisebound.drift.residuals import Residuals
from noisebound.drift.settings import DriftSettings
from noisebound.files.prediction_writers import create_denoised, create_predictions
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis
from noisebound.regions.regions import Regions

SIDE = 96
CHANNELS = ("Mg", "Fe")
SETTINGS = {"level": 0.05, "difference": 0.8, "correlation": 0.1, "draws": 999}
Images = np.ndarray
PHASES = np.array([[2.0, 9.0], [12.0, 3.0], [6.0, 6.0]])
# One phase everywhere: scenes without structure.
EVEN = np.repeat(PHASES[:1], 3, axis=0)


def scene(rng: np.random.Generator, phases: Images, side: int = SIDE) -> Images:
    """Grains of several ``phases`` (P, C), a few pixels wide each: noise-free images (C, Y, X)."""
    fields = [ndimage.gaussian_filter(rng.normal(size=(side, side)), 4) for _ in phases]
    return np.stack([ndimage.gaussian_filter(phases[np.argmax(fields, axis=0), c], 0.7) for c in range(2)])


def measured(truth: Images, rng: np.random.Generator, counts: bool) -> Images:
    """One noisy frame of each channel."""
    if counts:
        return rng.poisson(truth).astype(np.float32)
    return (truth + rng.normal(scale=0.8, size=truth.shape)).astype(np.float32)


def latents(noisy: Images) -> Images:
    """Stand-in for an encoder: smooth averages and differences of them, (4, Y, X)."""
    fine = np.stack([ndimage.gaussian_filter(image, 1) for image in noisy])
    coarse = np.stack([ndimage.gaussian_filter(image, 3) for image in noisy])
    return np.concatenate([(coarse - 6) / 3, 2 * (fine - coarse)]).astype(np.float32)


@contextmanager
def no_waiting_for_the_disk() -> Iterator[None]:
    """Hundreds of small files are written, and none of them has to outlive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage.os, "fsync", lambda number: None)
        yield


@no_waiting_for_the_disk()
def write(
    folder: Path,
    name: str,
    noisy: Images,
    median: Images,
    role: str,
    counts: bool,
    half: float = 1.0,
    boxes: tuple[Box, ...] | None = None,
    reference: Images | None = None,
) -> dict[str, Path]:
    """The files of one scan that the check reads; the interval is the median ± ``half``."""
    folder.mkdir(exist_ok=True)
    kinds = ("ensemble", "denoised", "scan", "regions")
    files = {kind: folder / f"{name}.{kind}.{'json' if kind == 'regions' else 'h5'}" for kind in kinds}
    with h5py.File(files["scan"], "w") as file:
        file["noisy"] = noisy[None].astype(np.uint16 if counts else np.float32)
        file.attrs.update({"format_version": 1, "scan": name, "group": "", "axes": "RCYX", "pixel_unit": "nm"})
        file.attrs.update({"channels": json.dumps(CHANNELS), "pixel_size": "[1.0, 1.0]"})
        file.attrs["reference_kind"] = "none" if reference is None else "measured"
        if reference is not None:
            file["reference"] = reference.astype(np.float32)
        file.attrs.update({"sources": "[]", "counts": int(counts)})
    shape = noisy.shape[1:]
    everything = tuple(slice(0, extent) for extent in shape)
    median = median.astype(np.float32)
    about: dict[str, Any] = {"scan": name, "channels": CHANNELS, "pixel_size": [1.0, 1.0], "pixel_unit": "nm"}
    about |= {"shape": shape, "levels": (0.05, 0.5, 0.95), "frame": 0, "n_frames": 0, "n_members": 0, "counts": counts}
    with create_predictions(files["ensemble"], n_latent=4, keep_members=False, **about) as out:
        out.write(everything, median - half, median, median + half, np.zeros_like(median))
        out.write_latent(everything, latents(noisy))
    with (
        Predictions(files["ensemble"]) as like,
        create_denoised(files["denoised"], like, nominal=[0.9], primary=0.9) as out,
    ):
        out.write(everything, median, median, np.zeros_like(median), {0.9: (median - half, median + half)})
    layout = boxes or (Box(role, (0, 0), shape),)
    Regions(name, shape, (2, 2), "test", layout).write(files["regions"])
    return files


def write_basis(folder: Path) -> Path:
    """Components are stored as they are: scores have the standard deviations of the stand-in's latents."""
    path = folder / "basis.npz"
    one, eye = np.ones(4), np.eye(4)
    LatentBasis(np.array([4]), 0 * one, one, one > 0, one, eye, one / 4, np.array([1.0, 1.0, 0.8, 0.8])).save(path)
    return path


class Bench:
    """Calibrated scans of one kind, and checks of further scans against them."""

    def __init__(self, folder: Path, counts: bool, scans: int, side: int = SIDE) -> None:
        self.folder, self.basis, self.counts, self.rng = folder, write_basis(folder), counts, np.random.default_rng(3)
        self.side = side
        made = [self.make(f"calibrate{i}", "calibrate")[0] for i in range(scans)]
        self.calibrated = folder / "calibrated.npz"
        if made:
            self.fit(made)

    @no_waiting_for_the_disk()
    def fit(self, made: list[dict[str, Path]]) -> None:
        files = [[scan[kind] for scan in made] for kind in ("ensemble", "scan", "regions")]
        fit_drift(*files, self.basis, self.calibrated, block=16)

    def make(
        self,
        name: str,
        role: str = "apply",
        *,
        phases: Images = PHASES,
        before: Callable[[Images], Images] = lambda truth: truth,
        after: Callable[[Images], Images] = lambda noisy: noisy,
        denoise: Callable[[Images], Images] = lambda truth: truth,
        **more: Any,
    ) -> tuple[dict[str, Path], Images]:
        """A scan whose truth, noisy frame or denoised image is changed by a function; its files and its truth."""
        truth = before(scene(self.rng, phases, self.side))
        noisy = after(measured(truth, self.rng, self.counts))
        return write(self.folder, name, noisy, denoise(truth), role, self.counts, **more), truth

    @no_waiting_for_the_disk()
    def check(self, files: dict[str, Path], **settings: Any) -> dict[str, Any]:
        output = files["ensemble"].with_suffix(".drift.json")
        about = DriftSettings(**{**SETTINGS, **settings})
        check_drift(CheckedScan(**files), self.basis, self.calibrated, output, settings=about, seed=1)
        return json.loads(output.read_text(encoding="utf-8"))


def make_table(
    rng: np.random.Generator, blocks: int, scan: str, *, whole: bool = True, latents: bool = True, shift: float = 0.0
) -> BlockTable:
    """Random statistics of blocks, all of one scan and about ``shift``."""
    return BlockTable(
        channels=CHANNELS,
        image=shift + rng.normal(size=(blocks, 2, 6)),
        latent=shift + rng.normal(size=(blocks, 5 if latents else 0)),
        top=np.full((blocks, 2), 100.0),
        at_top=rng.uniform(0.01, 0.1, (blocks, 2)),
        field=np.zeros(blocks, np.int64),
        fields=(f"scan {scan}",),
        whole=np.array([whole]),
        residual=rng.normal(size=(blocks, 2, 5)) / 16,
    )


def make_residuals(rng: np.random.Generator, blocks: int, **parts: np.ndarray) -> Residuals:
    """What right images leave in ``blocks`` without structure, but for ``parts``; one in ten pixels is outside."""
    corners = 16 * np.stack([np.arange(blocks) // 4, np.arange(blocks) % 4], axis=1)
    usual = {
        "correlation": rng.normal(size=(blocks, 2, 5)) / 16,
        "flat": np.ones(blocks, bool),
        "level": rng.normal(size=(blocks, 2)),
        "pattern": rng.normal(size=(blocks, 2)),
        "beyond": np.full((blocks, 2), 0.1),
        "off": np.full((blocks, 2), 0.1),
        "lower": corners,
        "upper": corners + 16,
    }
    return Residuals(**(usual | parts))
