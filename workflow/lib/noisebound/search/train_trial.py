"""The step train_trial: draw and train one network of a hyperparameter search, and note its outcome."""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..architecture.draw_architecture import draw_architecture
from ..architecture.settings import ArchitectureSettings
from ..core.errors import InputError
from ..core.hardware import Hardware
from ..core.storage import read_json, write_json
from ..regions.regions import Regions
from ..training.checkpoint import checkpoint_path
from ..training.history import write_history
from ..training.settings import DataSettings, TrainingSettings
from ..training.train_member import TrainingFiles, train_member

logger = logging.getLogger("noisebound")
# An error about a key of these sections is due to the trial's settings, any other to the data or the machine.
SEARCHED = ("architecture.", "training.")


@dataclass(frozen=True)
class TrialFiles:
    """The files of one network of a search.

    Parameters
    ----------
    scans, regions
        Matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``.
    outcome
        Output: what :func:`outcome_of` returned, or the problem (JSON). Architecture, weights and checkpoint lie beside
        it (see :func:`files_beside`).
    history
        Output: the loss curves (CSV).
    """

    scans: Sequence[str | Path]
    regions: Sequence[str | Path]
    outcome: str | Path
    history: str | Path


@dataclass(frozen=True)
class TrialSettings:
    """What shapes the networks of one trial.

    Parameters
    ----------
    architecture, training
        These sections of the trial's configuration.
    data
        Transforms, and whether intensities are counts.
    dimensions
        Spatial dimensions of the scans, 2 or 3.
    channels
        Number of channels of the scans.
    seed
        Seed of the search.
    """

    architecture: ArchitectureSettings
    training: TrainingSettings
    data: DataSettings
    dimensions: int
    channels: int
    seed: int


def train_trial(
    files: TrialFiles,
    *,
    number: int,
    settings: TrialSettings,
    checkpoint_every: int,
    code: str = "",
    hardware: Hardware | None = None,
) -> None:
    """Draw and train network ``number`` of a trial.

    Settings that allow no graph, or with which the training diverges, are a result as well and do not end the search:
    the outcome then holds ``problem``, in words, and the history has no rows.

    Parameters
    ----------
    files
        Inputs and outputs.
    number
        Number of the network in its trial, from 0.
    settings
        What shapes the network.
    checkpoint_every, code, hardware
        As in ``training.train_member``.

    Raises
    ------
    InputError
        For problems that are not due to these settings, such as scans without select regions.
    """
    _check_select(files.regions)
    graph, weights, _ = files_beside(files.outcome)
    try:
        draw_architecture(
            graph,
            settings=settings.architecture,
            seed=settings.seed,
            member=number,
            dimensions=settings.dimensions,
            in_channels=settings.channels,
            out_channels=settings.channels,
        )
        train_member(
            TrainingFiles(graph, files.scans, files.regions, weights, files.history),
            member=number,
            seed=settings.seed,
            settings=settings.training,
            data=settings.data,
            checkpoint_every=checkpoint_every,
            code=code,
            hardware=hardware,
        )
        found: dict[str, Any] = outcome_of(graph, files.history)
    except InputError as error:
        if not (error.key or "").startswith(SEARCHED):
            raise
        logger.error("these settings cannot be trained: %s", error)
        write_history(files.history, [])
        found = {"problem": error.without_file()}
    write_json(files.outcome, found)


def files_beside(outcome: str | Path) -> tuple[Path, Path, Path]:
    """Name the files that lie beside the outcome of a network.

    Parameters
    ----------
    outcome
        The outcome (JSON).

    Returns
    -------
    architecture, weights, checkpoint : Path
        The files, which need not exist.
    """
    weights = Path(outcome).with_suffix(".pt")
    return Path(outcome).with_suffix(".graph.json"), weights, checkpoint_path(weights)


def outcome_of(architecture: str | Path, history: str | Path) -> dict[str, float | None]:
    """Read the outcome of one network from its files.

    Parameters
    ----------
    architecture
        Its architecture (JSON).
    history
        Its loss curves (CSV).

    Returns
    -------
    dict
        ``loss``: the smallest select loss, summed over the three quantiles, in units of the transformed target's
        standard deviation. ``depth``: number of hidden nodes, None for a U-Net. ``parameters``: number of trained
        parameters. ``seconds``: duration of the training (s).

    Raises
    ------
    InputError
        Where no finite loss was measured.
    """
    content = read_json(architecture)
    with open(history, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
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
    """Raise ``InputError`` where no pixel has the role select."""
    if not any(Regions.read(file).of("select") for file in regions):
        raise InputError(
            "no pixel has the role select, on which trials are judged",
            file=", ".join(map(str, regions)),
            key="role",
            remedy="give a scan the role select, or draw larger S cells in regions.layout",
        )
