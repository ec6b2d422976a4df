"""Measured fields as TIFF files, ingested or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError
from noisebound.files.scan import Scan
from tests.unit.scans.ingested import ingest as ingest_scan
from tests.unit.scans.ingested import problems_of


def values(*shape: int, dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def save(path: Path, array: np.ndarray, axes: str, **metadata: Any) -> str:
    tifffile.imwrite(path, array, metadata={"axes": axes, **metadata}, photometric="minisblack")
    return str(path)


def ingest(output: Path, noisy: list[str], reference: Any = None, **changes: Any) -> Scan:
    ingest_scan(noisy, reference, output, **changes)
    return Scan(output)


def refuse(output: Path, noisy: list[str], reference: Any = None, *words: str, **changes: Any) -> None:
    """Ingesting must raise an error with these words, a file and a remedy, and leave nothing behind."""
    with pytest.raises(InputError) as raised:
        ingest(output, noisy, reference, **changes)
    message = str(raised.value)
    assert "Remedy: " in message and "file '" in message
    for word in words:
        assert word in message, message
    assert not list(output.parent.glob(f"*{output.name}*"))
    assert problems_of(noisy, reference, **{key: value for key, value in changes.items() if key != "scan"})
