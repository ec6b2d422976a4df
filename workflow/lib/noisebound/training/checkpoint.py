"""Checkpoints: a killed training goes on where it was, and never from another training's weights."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..architecture.base import Blueprint
from ..core.archives import check_archive
from ..core.storage import digest_json
from ..files.scan import Scan
from ..regions.regions import Regions
from .trainer import Trainer

logger = logging.getLogger("noisebound")


def checkpoint_path(output: str | Path) -> Path:
    """Where the checkpoint of a member lies, whose weights are ``output``."""
    return Path(output).with_suffix(".checkpoint.pt")


def training_digest(
    graph: Blueprint,
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    settings: Mapping[str, Any],
    seed: int,
    transforms: tuple[str, str],
    counts: bool,
    code: str,
) -> str:
    """Digest of everything that shapes the weights, so that a checkpoint of another training is never continued."""
    data = []
    for scan_file, region_file in zip(scans, regions, strict=True):
        with Scan(scan_file) as scan:
            facts = [scan.channels, scan.shape, scan.n_frames, scan.reference_kind, scan.axes]
            sources = [[source["sha256"], source["part"]] for source in scan.sources]
        boxes = [(b.role, b.lower, b.upper) for b in Regions.read(region_file).of("train", "select")]
        data.append([facts, sources, boxes])
    content = [graph.to_json()["digest"], graph.member, data, dict(settings), seed, list(transforms), counts, code]
    return digest_json(content)


def resume(trainer: Trainer, checkpoint: Path, digest: str) -> None:
    if not checkpoint.exists():
        return
    try:
        check_archive(checkpoint)
        state = torch.load(checkpoint, map_location=trainer.device, weights_only=True)
        found = state["digest"]
    except Exception as error:  # a torn or foreign file must not stop the training it was meant to shorten
        logger.warning("checkpoint %s cannot be read (%s): starting from the first step", checkpoint, error)
        return
    if found != digest:
        logger.info("checkpoint %s belongs to other data, settings or code: starting from the first step", checkpoint)
        return
    trainer.restore(state)
    logger.info("continuing from step %d of checkpoint %s", trainer.step, checkpoint)
