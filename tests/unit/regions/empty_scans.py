"""Scans whose shape and group alone matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.unit.learning_files import write_scan


def make_scan(path: Path, shape: Sequence[int] = (30, 40), **facts: object) -> Path:
    return write_scan(path, np.zeros((1, 1, *shape), np.uint8), None, **facts)  # type: ignore[arg-type]
