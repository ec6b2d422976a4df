"""Tables that :mod:`noisebound.core.tables` wrote, as data frames.

A module of its own, because few steps need pandas.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from .tables import TEXT_COLUMNS, text_of


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV file of :func:`noisebound.core.tables.write_table`.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    DataFrame
        The table; empty for an empty file. Columns named in ``TEXT_COLUMNS`` hold text exactly as it was written, even
        where it looks like a number or a missing value (a channel called "7" or "NA"). In all other columns, an empty
        cell is a missing value.
    """
    with open(path, encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream), [])
    columns = [text_of(cell) for cell in header]
    if not columns:
        return pd.DataFrame()
    numbers = {column: ["", "nan"] for column in columns if column not in TEXT_COLUMNS}
    texts = {column: str for column in columns if column in TEXT_COLUMNS}
    table = pd.read_csv(path, header=0, names=columns, dtype=texts, keep_default_na=False, na_values=numbers)
    for column in texts:
        table[column] = [text_of(cell) for cell in table[column]]
    return table
