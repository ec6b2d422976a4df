"""The step train_member: train one member of the ensemble."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..architecture.base import Blueprint
from ..architecture.families import read_architecture
from ..core.errors import InputError, LeakageError
from ..core.hardware import Hardware
from ..core.storage import atomic_path, write_json
from ..files.scan import Scan
from ..networks.member_file import save_member
from ..networks.precision import resolve_precision
from ..regions.regions import Regions
from .checkpoint import checkpoint_path, resume, training_digest
from .patches import RoleImages, load_role
from .statistics import measure_normalisation
from .trainer import Trainer, write_history

logger = logging.getLogger("noisebound")


def train_member(
    architecture: str | Path,
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    output: str | Path,
    history: str | Path,
    *,
    member: int,
    seed: int,
    settings: Mapping[str, Any],
    transforms: tuple[str, str],
    counts: bool,
    about: str | Path | None = None,
    code: str = "",
    hardware: Hardware | None = None,
) -> None:
    """Train one member and write its weights (``.pt``) and its ``history`` (CSV).

    ``about`` is a JSON file for what the member was trained with: the pages compare it with what they state.

    ``scans`` and ``regions`` are matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``; pixels with role
    train are learned from, pixels with role select choose the step whose weights are kept. ``transforms`` names the
    variance-stabilising transforms of input and target. A checkpoint beside the output, bound to data, architecture,
    settings and ``code`` (a digest of the library) by a digest, lets a killed job continue. The last one is kept: a job
    that ended while no Snakemake watched is repeated by the next, and that repetition then has nothing left to train.
    How often it is written (``settings["checkpoint_every"]``, in steps) changes no weight and is no part of the digest.
    Without ``hardware``, that of this machine is used.

    Raises ``InputError`` where the scans do not fit the architecture or hold no training pixels, where a patch is
    smaller than the receptive field or does not fit the alignment, and where the training diverges.
    """
    hardware = hardware or Hardware.here()
    hardware.prepare()
    device = hardware.device
    torch.use_deterministic_algorithms(True, warn_only=True)
    graph = read_architecture(architecture)
    _check_scans(graph, scans, regions)
    normalisation = measure_normalisation(scans, regions, transforms=transforms, counts=counts)
    radius = [graph.radius()] * graph.dimensions
    # spawn_key (member, 2): apart from the streams of the graph and of the training.
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(member, 2)))
    images: dict[str, list[RoleImages]] = {"train": [], "select": []}
    for role, found in images.items():
        for scan_file, region_file in zip(scans, regions, strict=True):
            loaded = load_role(scan_file, region_file, role, radius, normalisation, random)
            if loaded is not None:
                found.append(loaded)
    if not images["select"]:
        logger.warning("no pixel has role 'select': the weights of the last step are kept")
    trainer = Trainer(graph, images["train"], images["select"], settings, seed, device)
    logger.info(
        "member %d: %s, %d parameters, receptive radius %s px, %d train and %d select pixels, on %s",
        member,
        graph.words(),
        graph.parameter_count(),
        radius,
        sum(image.pixels for image in images["train"]),
        sum(image.pixels for image in images["select"]),
        device,
    )
    checkpoint = checkpoint_path(output)
    shaping = {key: value for key, value in settings.items() if key != "checkpoint_every"}
    resolved = {**shaping, "precision": resolve_precision(str(settings["precision"]), device)}
    digest = training_digest(graph, scans, regions, resolved, seed, transforms, counts, code)
    resume(trainer, checkpoint, digest)
    while not trainer.finished:
        trainer.advance()
        if trainer.step % int(settings["checkpoint_every"]) == 0 or trainer.finished:
            with atomic_path(checkpoint) as temporary:
                torch.save({"digest": digest, **trainer.state()}, temporary)
    write_history(history, trainer.history)
    save_member(output, trainer.best, graph, normalisation, member=member, step=trainer.best_step)
    if about is not None:
        made = {"member": member, "seed": seed, "training": shaping, "transforms": list(transforms)}
        write_json(about, {**made, "counts": counts, "architecture": graph.to_json()["digest"]})


def _check_scans(graph: Blueprint, scans: Sequence[str | Path], regions: Sequence[str | Path]) -> None:
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
