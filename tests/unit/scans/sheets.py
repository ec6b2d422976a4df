"""Scan sheets, and the images that they name, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from noisebound.scans.sheet import check_rows
from noisebound.scans.sheet_row import OPTIONAL, REQUIRED, SheetRow, cells_of, check_writable, parse_row

HEADER = "scan\trole\tnoisy\treference\tgroup"


def sheet(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    """A sheet of these lines."""
    path = tmp_path / "scans.tsv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def image(path: Path, seed: int = 0, frames: int = 3) -> str:
    """A TIFF file of several frames, its path as text."""
    array = np.random.default_rng(seed).integers(0, 99, (frames, 6, 7)).astype("uint16")
    tifffile.imwrite(path, array, metadata={"axes": "RYX"}, photometric="minisblack")
    return str(path)


def write_sheet(path: Path, rows: Sequence[SheetRow]) -> None:
    """A sheet of these rows, with the optional columns that any row uses; rows that it would refuse are refused."""
    columns = [*REQUIRED, *(column for column in OPTIONAL if any(getattr(row, column) for row in rows))]
    for row in rows:
        check_writable(row, path)
    lines = ["\t".join(columns), *("\t".join(cells_of(row)[column] for column in columns) for row in rows)]
    check_rows([parse_row(cells_of(row), path) for row in rows], path)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
