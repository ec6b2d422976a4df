"""The file ``drift/calibrated.npz``: what the calibrate regions look like, which scans are compared with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from ..core.arrays import read_arrays, write_arrays
from .block_statistics import Doubles
from .block_table import TABLE_ARRAYS, BlockTable
from .expected import Expected


class FlatBlocks(NamedTuple):
    """How blocks without structure contradict their denoised image, (M, C) each (see ``block_tests.disagreement``)."""

    level: Doubles
    pattern: Doubles


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What the calibrate regions of all scans together look like.

    Parameters
    ----------
    table
        Their blocks with their statistics.
    side
        Edge length in pixels of the blocks.
    expected
        What a denoised image predicts there.
    flat
        Those of their blocks that show no structure.
    """

    table: BlockTable
    side: int
    expected: Expected
    flat: FlatBlocks

    def save(self, path: str | Path) -> None:
        """Write as npz, atomically; the same content gives the same bytes."""
        own = {"side": np.array(self.side), **vars(self.expected), **self.flat._asdict()}
        write_arrays(path, {**self.table.to_arrays(), **own})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The inverse of :meth:`save`; raises ``InputError`` where the file is missing, damaged or incomplete."""
        expected = [field.name for field in fields(Expected)]
        arrays = read_arrays(path, (*TABLE_ARRAYS, "side", *expected, *FlatBlocks._fields))
        return cls(
            BlockTable.from_arrays({name: arrays[name] for name in TABLE_ARRAYS}),
            int(arrays["side"]),
            Expected(**{name: arrays[name] for name in expected}),
            FlatBlocks(*(arrays[name] for name in FlatBlocks._fields)),
        )
