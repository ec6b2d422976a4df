"""Outcomes of trials, and their ranking as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from noisebound.search.rank_trials import rank_trials

TRIALS: dict[str, dict[str, Any]] = {
    "aaaaaaaa": {"architecture.depth": 2, "training.weight_decay": 1e-5},
    "bbbbbbbb": {"architecture.depth": 4, "training.weight_decay": 0.01},
    "cccccccc": {"architecture.depth": 9, "training.weight_decay": 0.01},
}


def ranked(folder: Path, outcomes: list[Any], trials: dict[str, dict[str, Any]] = TRIALS) -> tuple[pd.DataFrame, str]:
    """The table of trials, and the text of the winner's file."""
    files = [folder / f"{number}.json" for number in range(len(outcomes))]
    for file, outcome in zip(files, outcomes, strict=True):
        file.write_text(json.dumps(outcome))
    table, best, figure = (folder / name for name in ("trials.csv", "best.yaml", "trials.svg"))
    rank_trials(files, table, best, figure, trials=trials, run="r")
    assert figure.read_text().count("<svg") == 1
    return pd.read_csv(table), best.read_text()


def network(loss: float, depth: int | None = 2) -> dict[str, Any]:
    return {"loss": loss, "depth": depth, "parameters": 100 * (depth or 1), "seconds": 3.0}


FAILED = {"problem": "no graph. Remedy: another."}
