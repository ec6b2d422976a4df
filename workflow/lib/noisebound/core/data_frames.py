"""Tables that :mod:`noisebound.core.tables` wrote, as data frames. Apart from it, because few steps need pandas."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from .tables import TEXT_COLUMNS, text_of


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV file of :func:`noisebound.core.tables.write_table`; an empty file is an empty table.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    DataFrame
        Text is what was written, in columns of ``TEXT_COLUMNS`` even where it looks like a number: a channel called
        "NA" or "7". Empty cells of other columns are missing values.
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
