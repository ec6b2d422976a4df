"""One network of a hyperparameter search: drawn and trained like a member, and what became of it."""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..architecture.draw_architecture import draw_architecture
from ..core.errors import InputError
from ..core.hardware import Hardware
from ..core.storage import read_json, write_json
from ..regions.regions import Regions
from ..training.checkpoint import checkpoint_path
from ..training.train_member import train_member
from ..training.trainer import write_history

logger = logging.getLogger("noisebound")
# Errors about keys of these sections are the fault of a trial's settings; any other is one of the data or the machine.
SEARCHED = ("architecture.", "training.")


def train_trial(
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    outcome: str | Path,
    history: str | Path,
    *,
    architecture: Mapping[str, Any],
    dimensions: int,
    channels: int,
    number: int,
    seed: int,
    settings: Mapping[str, Any],
    transforms: tuple[str, str],
    counts: bool,
    code: str = "",
    hardware: Hardware | None = None,
) -> None:
    """Draw and train network ``number`` of a trial, and write its ``outcome`` (JSON) and its ``history`` (CSV).

    ``architecture`` and ``settings`` are the trial's; all else is as for ``draw_architecture`` and ``train_member``.
    The outcome is that of :func:`judge_network`. Where the settings allow no graph, or the training diverges, it holds
    ``problem`` instead, in words, and the history no row: a trial that fails is a result too, and ends no search. Graph
    (``.graph.json``), weights (``.pt``) and checkpoint stay beside the outcome.

    Raises ``InputError`` for whatever is not the fault of the settings, such as scans without select regions.
    """
    _check_select(regions)
    graph, weights, _ = files_beside(outcome)
    try:
        draw_architecture(
            graph,
            settings=architecture,
            seed=seed,
            member=number,
            dimensions=dimensions,
            in_channels=channels,
            out_channels=channels,
        )
        train_member(
            graph,
            scans,
            regions,
            weights,
            history,
            member=number,
            seed=seed,
            settings=settings,
            transforms=transforms,
            counts=counts,
            code=code,
            hardware=hardware,
        )
        found: dict[str, Any] = judge_network(graph, history)
    except InputError as error:
        if not (error.key or "").startswith(SEARCHED):
            raise
        logger.error("these settings cannot be trained: %s", error)
        write_history(history, [])
        found = {"problem": error.without_file()}
    write_json(outcome, found)


def files_beside(outcome: str | Path) -> tuple[Path, Path, Path]:
    """Graph, weights and checkpoint of a network, which stay beside its outcome."""
    weights = Path(outcome).with_suffix(".pt")
    return Path(outcome).with_suffix(".graph.json"), weights, checkpoint_path(weights)


def judge_network(architecture: str | Path, history: str | Path) -> dict[str, float | None]:
    """One network: loss (the smallest on the select regions), depth, parameters and seconds of training.

    The loss is the pinball loss summed over the quantiles, in units of the target's standard deviation after its
    transform. ``depth`` is None for a U-Net. Raises ``InputError`` where no finite loss was measured.
    """
    content = read_json(architecture)
    with open(history, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    losses = [loss for row in rows if math.isfinite(loss := float(row["select_loss"] or "nan"))]
    if not losses:
        raise InputError(
            "no finite loss on a select region",
            file=history,
            key="training.learning_rate",
            remedy="lower it, or look into the log of the training",
        )
    return {
        "loss": min(losses),
        "depth": content.get("depth"),
        "parameters": content["parameters"],
        "seconds": float(rows[-1]["seconds"]),
    }


def _check_select(regions: Sequence[str | Path]) -> None:
    if not any(Regions.read(file).of("select") for file in regions):
        raise InputError(
            "no pixel has the role select, on which trials are judged",
            file=", ".join(map(str, regions)),
            key="role",
            remedy="give a scan the role select, or draw larger S cells in regions.layout",
        )
