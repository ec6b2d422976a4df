"""Tables as CSV: how they are written, and how the text in them is read back.

A spreadsheet reads a cell that begins with one of ``= + - @`` as a formula. Such text gets an apostrophe in front, as
OWASP advises; reading removes it. Numbers stay as they are, also text that is a number. Some spreadsheets split cells
at semicolons, so text after a semicolon is treated in the same way.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .storage import write_text
from .texts import one_line

# Columns that hold text, whatever it looks like: a channel may be called 7, or NA.
TEXT_COLUMNS = {"channel", "comparison", "device", "family", "filter", "kind", "measure", "mode", "name", "problem"}
TEXT_COLUMNS |= {"scan", "side", "trial", "unit"}
_STARTS = "=+\\-@＝＋－＠"
_FORMULA = re.compile(rf"(^|;)('*[{_STARTS}])")
_KEPT = re.compile(rf"(^|;)'('*[{_STARTS}])")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def cell_of(text: str) -> str:
    """Convert text to the cell of a table: one line, and never a formula.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text in one line, with an apostrophe in front of whatever a spreadsheet would read as a formula.
    """
    line = one_line(text)
    return line if _NUMBER.fullmatch(line) else _FORMULA.sub(r"\1'\2", line)


def text_of(cell: str) -> str:
    """Convert the cell of a table back to its text; the inverse of :func:`cell_of` for text in one line.

    Parameters
    ----------
    cell
        A cell as :func:`cell_of` returned it.

    Returns
    -------
    str
        The text, without the apostrophes that were added.
    """
    return _KEPT.sub(r"\1\2", cell)


def write_table(
    path: str | Path, columns: Iterable[str], rows: Iterable[Sequence[object]], *, digits: int | None = 9
) -> None:
    """Write a table as CSV, atomically.

    Parameters
    ----------
    path
        The file to write.
    columns
        Names of the columns.
    rows
        One value per column. NaN and None become empty cells.
    digits
        Significant digits of floats; None for as many as are needed to read the same value back.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([cell_of(str(column)) for column in columns])
    writer.writerows([_cell(value, digits) for value in row] for row in rows)
    write_text(path, stream.getvalue())


def _cell(value: object, digits: int | None) -> str:
    value = value.item() if hasattr(value, "item") else value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return repr(value) if digits is None else f"{value:.{digits}g}"
    return cell_of(value) if isinstance(value, str) else str(value)
