"""The file ``drift/calibrated.npz``: the calibrate regions of all scans, as other scans are compared with them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from ..core.arrays import read_arrays, write_arrays
from .block_statistics import Doubles
from .block_table import TABLE_ARRAYS, BlockTable
from .expected import Expected
from .local_usual import LocalUsual


class FlatBlocks(NamedTuple):
    """How the M calibrate blocks without structure contradict their denoised image (see ``block_tests.disagreement``).

    Parameters
    ----------
    level, pattern
        (M, C) float64, z-scores by level and by pattern.
    """

    level: Doubles
    pattern: Doubles


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What the calibrate regions of all scans together look like.

    Parameters
    ----------
    table
        All their blocks with their statistics.
    side
        Edge length of the blocks in pixels.
    expected
        What a denoised image predicts of the noisy frame and of the reference.
    flat
        Z-scores of those blocks that show no structure.
    usual
        Local deviations that the calibrate regions show.
    """

    table: BlockTable
    side: int
    expected: Expected
    flat: FlatBlocks
    usual: LocalUsual

    def save(self, path: str | Path) -> None:
        """Write as npz, atomically; the same content gives the same bytes.

        Parameters
        ----------
        path
            File to write.
        """
        own = {"side": np.array(self.side), **vars(self.expected), **self.flat._asdict(), **self.usual._asdict()}
        write_arrays(path, {**self.table.to_arrays(), **own})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the file that :meth:`save` writes.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Calibrated
            Its content.

        Raises
        ------
        InputError
            Where the file is missing, damaged or incomplete.
        """
        expected = [field.name for field in fields(Expected)]
        arrays = read_arrays(path, (*TABLE_ARRAYS, "side", *expected, *FlatBlocks._fields, *LocalUsual._fields))
        return cls(
            BlockTable.from_arrays({name: arrays[name] for name in TABLE_ARRAYS}),
            int(arrays["side"]),
            Expected(**{name: arrays[name] for name in expected}),
            FlatBlocks(*(arrays[name] for name in FlatBlocks._fields)),
            LocalUsual(*(arrays[name] for name in LocalUsual._fields)),
        )
