"""Checkpoints: a killed training continues from its own, never from that of another training."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from ..architecture.base import Blueprint
from ..core.archives import check_archive
from ..core.storage import atomic_path, digest_json
from ..files.scan import Scan
from ..regions.regions import Regions
from .settings import DataSettings, TrainingSettings
from .trainer import Trainer

logger = logging.getLogger("noisebound")


def checkpoint_path(output: str | Path) -> Path:
    """Name the checkpoint of a training.

    Parameters
    ----------
    output
        The weights of the member.

    Returns
    -------
    Path
        A file beside them, with the suffix ``.checkpoint.pt``.
    """
    return Path(output).with_suffix(".checkpoint.pt")


def training_digest(
    graph: Blueprint,
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    *,
    settings: TrainingSettings,
    data: DataSettings,
    seed: int,
    code: str,
) -> str:
    """Digest of everything that shapes the weights: a checkpoint with another digest is never continued.

    Parameters
    ----------
    graph
        The member's architecture.
    scans, regions
        Matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``.
    settings
        The section ``training``, with the precision that ``auto`` stands for.
    data
        Transforms, and whether intensities are counts.
    seed
        Seed of the run.
    code
        Digest of the library.

    Returns
    -------
    str
        SHA-256 as hexadecimal digits.
    """
    facts = []
    for scan_file, region_file in zip(scans, regions, strict=True):
        with Scan(scan_file) as scan:
            about = [scan.channels, scan.shape, scan.n_frames, scan.reference_kind, scan.axes]
            pixels = scan.stored_digest()  # as stored: other code may read the same sources otherwise
        boxes = [(b.role, b.lower, b.upper) for b in Regions.read(region_file).of("train", "select")]
        facts.append([about, pixels, boxes])
    return digest_json(
        [
            graph.to_json()["digest"],
            graph.member,
            facts,
            asdict(settings),
            seed,
            list(data.transforms),
            data.counts,
            code,
        ]
    )


def save_checkpoint(trainer: Trainer, path: Path, digest: str) -> None:
    """Write the state of a training, atomically.

    Parameters
    ----------
    trainer
        The training.
    path
        The file to write.
    digest
        What :func:`training_digest` returned for this training.
    """
    with atomic_path(path) as temporary:
        torch.save({"digest": digest, **trainer.state()}, temporary)


def resume(trainer: Trainer, path: Path, digest: str) -> None:
    """Continue from a checkpoint of the same training, if there is one.

    A checkpoint that is damaged or has another digest is ignored, with a line in the log.

    Parameters
    ----------
    trainer
        The training, at its first step.
    path
        The checkpoint, which need not exist.
    digest
        What :func:`training_digest` returned for this training.
    """
    if not path.exists():
        return
    try:
        check_archive(path)
        state = torch.load(path, map_location=trainer.device, weights_only=True)
        found = state["digest"]
    except Exception as error:  # a damaged file must not stop the training that it was meant to shorten
        logger.warning("checkpoint %s cannot be read (%s): starting from the first step", path, error)
        return
    if found != digest:
        logger.info("checkpoint %s belongs to other data, settings or code: starting from the first step", path)
        return
    trainer.restore(state)
    logger.info("continuing from step %d of checkpoint %s", trainer.step, path)
