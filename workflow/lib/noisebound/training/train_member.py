"""The step train_member: train one member of the ensemble."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ..architecture.base import Blueprint
from ..architecture.families import read_architecture
from ..core.errors import InputError, LeakageError
from ..core.hardware import Hardware
from ..core.storage import write_json
from ..files.scan import Scan
from ..networks.member_file import save_member
from ..networks.normalisation import Normalisation
from ..networks.precision import resolve_precision
from ..regions.regions import Regions
from .checkpoint import checkpoint_path, resume, save_checkpoint, training_digest
from .history import write_history
from .role_images import RoleImages, load_role
from .settings import DataSettings, TrainingSettings
from .statistics import measure_normalisation
from .trainer import Trainer

logger = logging.getLogger("noisebound")


@dataclass(frozen=True)
class TrainingFiles:
    """The files of one training.

    Parameters
    ----------
    architecture
        ``architectures/member-<m>.json``.
    scans, regions
        Matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``.
    weights
        Output: the trained member.
    history
        Output: the loss curves (CSV).
    about
        Output, unless it is None: what the member was trained with (JSON); the pages compare it with the configuration.
    """

    architecture: str | Path
    scans: Sequence[str | Path]
    regions: Sequence[str | Path]
    weights: str | Path
    history: str | Path
    about: str | Path | None = None


def train_member(
    files: TrainingFiles,
    *,
    member: int,
    seed: int,
    settings: TrainingSettings,
    data: DataSettings,
    checkpoint_every: int,
    code: str = "",
    hardware: Hardware | None = None,
) -> None:
    """Train one member and write its weights and its loss curves.

    Pixels with the role train are learned from; those with the role select choose the step whose weights are kept. A
    checkpoint beside the weights lets a killed training continue. The last one stays: if Snakemake is killed before it
    records that this job ended, it repeats the job, which then has nothing left to train.

    Parameters
    ----------
    files
        Inputs and outputs.
    member
        Number of the member.
    seed
        Seed of the run.
    settings
        The section ``training``.
    data
        Transforms, and whether intensities are counts.
    checkpoint_every
        Steps between two checkpoints; it changes no weight.
    code
        Digest of the library; a checkpoint of other code is not continued.
    hardware
        What to compute on; by default that of this machine.

    Raises
    ------
    InputError
        Where the scans do not fit the architecture or hold no training pixels, where the patch does not fit the rim or
        the alignment (see ``patches.check_patch``), and where the training diverges.
    LeakageError
        Where the guard band of the regions is narrower than the receptive radius.
    """
    hardware = hardware or Hardware.here()
    hardware.prepare()
    torch.use_deterministic_algorithms(True, warn_only=True)
    graph = read_architecture(files.architecture)
    _check_scans(graph, files.scans, files.regions)
    normalisation = measure_normalisation(files.scans, files.regions, data)
    images = _load_images(graph, files, normalisation, member, seed)
    trainer = Trainer(graph, images["train"], images["select"], settings, seed, hardware.device)
    _log_start(trainer, images)
    _train(trainer, files, data, seed, checkpoint_every, code)
    write_history(files.history, trainer.history)
    save_member(files.weights, trainer.best, graph, normalisation, member=member, step=trainer.best_step)
    if files.about is not None:
        made = {"member": member, "seed": seed, "training": asdict(settings), "transforms": list(data.transforms)}
        write_json(files.about, {**made, "counts": data.counts, "architecture": graph.to_json()["digest"]})


def _load_images(
    graph: Blueprint, files: TrainingFiles, normalisation: Normalisation, member: int, seed: int
) -> dict[str, list[RoleImages]]:
    """Load the train and the select images of all scans."""
    radius = [graph.radius()] * graph.dimensions
    # Other random numbers than those of the architecture, (member,), and of the training, (member, 1).
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(member, 2)))
    images: dict[str, list[RoleImages]] = {"train": [], "select": []}
    for role, found in images.items():
        for scan_file, region_file in zip(files.scans, files.regions, strict=True):
            loaded = load_role(scan_file, region_file, role, radius, normalisation, random)
            if loaded is not None:
                found.append(loaded)
    if not images["select"]:
        logger.warning("no pixel has role 'select': the weights of the last step are kept")
    return images


def _log_start(trainer: Trainer, images: dict[str, list[RoleImages]]) -> None:
    graph = trainer.architecture
    logger.info(
        "member %d: %s, %d parameters, receptive radius %s px, %d train and %d select pixels, on %s",
        graph.member,
        graph.words(),
        graph.parameter_count(),
        [graph.radius()] * graph.dimensions,
        sum(image.pixels for image in images["train"]),
        sum(image.pixels for image in images["select"]),
        trainer.device,
    )


def _train(
    trainer: Trainer, files: TrainingFiles, data: DataSettings, seed: int, checkpoint_every: int, code: str
) -> None:
    """Take all steps, from the last checkpoint of the same training on."""
    checkpoint = checkpoint_path(files.weights)
    digest = training_digest(
        trainer.architecture,
        files.scans,
        files.regions,
        settings=replace(trainer.settings, precision=resolve_precision(trainer.settings.precision, trainer.device)),
        data=data,
        seed=seed,
        code=code,
    )
    resume(trainer, checkpoint, digest)
    while not trainer.finished:
        trainer.advance()
        if trainer.step % checkpoint_every == 0 or trainer.finished:
            save_checkpoint(trainer, checkpoint, digest)


def _check_scans(graph: Blueprint, scans: Sequence[str | Path], regions: Sequence[str | Path]) -> None:
    """Check that scans have the network's channels, and guard bands at least as wide as its receptive radius."""
    for scan_file, region_file in zip(scans, regions, strict=True):
        guard = Regions.read(region_file).guard
        if min(guard) < graph.radius():
            raise LeakageError(
                f"the guard band of {min(guard)} px is narrower than the receptive radius of {graph.radius()} px",
                file=region_file,
                key="guard",
                remedy="run the step assign_regions again, or draw smaller networks",
            )
        with Scan(scan_file) as scan:
            if (scan.ndim, scan.n_channels) != (graph.dimensions, graph.in_channels):
                raise InputError(
                    f"the scan has {scan.n_channels} channels in {scan.ndim}-D, the networks take "
                    f"{graph.in_channels} in {graph.dimensions}-D",
                    file=scan_file,
                    key="data.channels",
                    remedy="train on scans that all have the configured channels and dimensions",
                )
