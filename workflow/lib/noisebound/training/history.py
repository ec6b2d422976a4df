"""The loss curves of a training, ``members/member-<m>.history.csv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.tables import write_table

HISTORY_COLUMNS = ("step", "learning_rate", "train_loss", "select_loss", "seconds", "device", "best")


def write_history(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the loss curves of a training (CSV).

    Parameters
    ----------
    path
        The file to write.
    rows
        One per measurement of the select loss, each with the keys ``HISTORY_COLUMNS``; further keys are not written.
    """
    write_table(path, HISTORY_COLUMNS, ([row[column] for column in HISTORY_COLUMNS] for row in rows), digits=None)
