"""Simulated latents whose truth is known: four phases in a plane or volume, with the files that tokens come from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import tifffile

from noisebound.files.prediction_writers import create_predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis, fit_basis
from noisebound.latent.frames import FramePairs, save_pairs
from noisebound.latent.sample import LatentSample, save_sample
from noisebound.regions.regions import Regions
from noisebound.structure.fit_tokens import fit_tokens
from noisebound.structure.settings import StructureSettings
from noisebound.structure.token_model import TokenModel
from noisebound.structure.train_pixels import TrainFiles
from tests.unit.scans.ingested import ingest as ingest_scan

SIZES = [6, 4, 5]
# Denoised intensity of the four phases, two channels; the sum of standardised intensities orders them 2, 0, 3, 1.
PHASES = np.array([[3.0, 1.0], [9.0, 3.0], [1.0, 0.5], [5.0, 2.0]])
ORDER = [2, 0, 3, 1]


class Simulation:
    """Four phases in a plane or volume; each member sees them through a random linear map of its own, with noise."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.codes = rng.normal(size=(4, 3)) * 4
        self.maps = [rng.normal(size=(3, size)) for size in SIZES]

    def phases(self, shape: tuple[int, ...], seed: int) -> np.ndarray:
        """Phase of every pixel, in blobs of 4 pixels."""
        rng = np.random.default_rng(seed)
        coarse = rng.choice(4, size=[-(-size // 4) for size in shape], p=[0.4, 0.3, 0.2, 0.1])
        for axis in range(len(shape)):
            coarse = coarse.repeat(4, axis=axis)
        return coarse[tuple(slice(0, size) for size in shape)]

    def latents(self, phase: np.ndarray, seed: int) -> np.ndarray:
        """Concatenated member latents (D, *spatial) float32."""
        rng = np.random.default_rng(seed)
        clean = np.concatenate([self.codes[phase] @ weights for weights in self.maps], axis=-1)
        return np.moveaxis(clean + 0.3 * rng.normal(size=clean.shape), -1, 0).astype(np.float32)

    def medians(self, phase: np.ndarray, seed: int) -> np.ndarray:
        """Denoised medians (2, *spatial) float32."""
        rng = np.random.default_rng(seed)
        return np.moveaxis(PHASES[phase] + 0.2 * rng.normal(size=(*phase.shape, 2)), -1, 0).astype(np.float32)


def write_ensemble(
    path: Path,
    scan: str,
    latent: np.ndarray,
    medians: np.ndarray,
    members: int = 3,
    *,
    frame: int = 0,
    pixel_size: tuple[float, ...] = (0.5, 0.5, 0.5),
    noise: float = 0.1,
) -> None:
    """The medians of the members are ``medians`` with normal noise of this standard deviation."""
    shape = medians.shape[1:]
    region = tuple(slice(0, size) for size in shape)
    with create_predictions(
        path,
        scan=scan,
        channels=["Mg", "Fe"],
        pixel_size=pixel_size[-len(shape) :],
        pixel_unit="µm",
        shape=shape,
        levels=[0.05, 0.5, 0.95],
        frame=frame,
        n_frames=0,
        n_members=members,
        n_latent=len(latent),
        counts=False,
        keep_members=True,
    ) as writer:
        writer.write(region, medians - 1, medians, medians + 1, np.ones_like(medians))
        writer.write_latent(region, latent)
        for m in range(members):
            writer.write_member(m, region, medians + noise * np.random.default_rng(m).normal(size=medians.shape))


World = tuple[Path, Simulation, LatentBasis, dict[str, np.ndarray]]


def make_pairs(simulation: Simulation, basis: LatentBasis, phase: np.ndarray) -> FramePairs:
    """Two frames of the lower half of a scan, and two images of noise that have nothing in common."""
    rows = slice(50, None)
    where = np.argwhere(np.ones_like(phase[rows], dtype=bool)) + np.array([50, 0])
    random = np.random.default_rng(6)
    return FramePairs(
        "repeats",
        "held-out",
        np.stack([basis.project(simulation.latents(phase, seed))[:, *where.T].T for seed in (3, 7)]).astype(np.float16),
        np.stack([simulation.medians(phase, seed)[:, *where.T].T for seed in (4, 8)]),
        random.normal(size=(2, len(where), 3)).astype(np.float16),
        random.normal(size=(500, 3)).astype(np.float16),
        where.astype(np.int64),
        np.zeros(len(where), np.int64),
        ("right",),
    )


def make_world(folder: Path) -> World:
    """Two learned scans, of which the lower halves are trained on, with their latent step."""
    simulation = Simulation()
    phases = {"left": simulation.phases((80, 64), 1), "right": simulation.phases((80, 96), 2)}
    latents = {scan: simulation.latents(phase, 3) for scan, phase in phases.items()}
    coordinates = np.stack(np.unravel_index(np.arange(0, 40 * 64, 2), (40, 64)), axis=1)
    drawn = latents["left"][:, *coordinates.T].T
    basis = fit_basis(drawn, SIZES, 3)
    medians = {scan: simulation.medians(phase, 4) for scan, phase in phases.items()}
    sample = LatentSample(
        drawn,
        np.random.default_rng(5).normal(size=drawn.shape).astype(np.float32),
        medians["left"][:, *coordinates.T].T,
        np.array(SIZES),
        coordinates,
        np.zeros(len(drawn), dtype=np.int64),
        ("left",),
    )
    basis.save(folder / "basis.npz")
    save_sample(folder / "sample.npz", sample)
    save_pairs(folder / "frames.npz", make_pairs(simulation, basis, phases["right"]))
    for scan, phase in phases.items():
        write_ensemble(folder / f"{scan}.h5", scan, basis.project(latents[scan]), medians[scan])
        half = (40, phase.shape[1])
        boxes = (Box("train", (0, 0), half), Box("test", (50, 0), phase.shape))
        Regions(scan, phase.shape, (10, 10), "given", boxes).write(folder / f"{scan}.json")
    return folder, simulation, basis, phases


def fit(folder: Path, name: str = "model", seed: int = 11, scans: tuple[Path, ...] = (), **changes: int) -> TokenModel:
    """The step on the files of :func:`make_world`."""
    files = TrainFiles([folder / "right.h5", folder / "left.h5"], [folder / "left.json", folder / "right.json"], scans)
    inputs = folder / "basis.npz", folder / "sample.npz", folder / "frames.npz"
    settings = StructureSettings(**{"tokens": 4, "repeats": 3, "sample": 2000, **changes})
    fit_tokens(files, *inputs, folder / f"{name}.npz", folder / f"{name}.csv", settings=settings, seed=seed)
    return TokenModel.load(folder / f"{name}.npz")


def read_rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def ingest(folder: Path, scan: str, noisy: np.ndarray, reference: np.ndarray) -> Path:
    """The standard file of a scan, images (C, Y, X)."""
    for name, image in (("noisy", noisy), ("reference", reference)):
        tifffile.imwrite(folder / f"{scan}-{name}.tif", image.astype(np.float32))
    output = folder / f"{scan}-scan.h5"
    ingest_scan(
        [str(folder / f"{scan}-noisy.tif")],
        [str(folder / f"{scan}-reference.tif")],
        output,
        scan=scan,
        dimensions=2,
        channels=["Mg", "Fe"],
        counts=False,
        axes="CYX",
        reference_axes="CYX",
    )
    return output
