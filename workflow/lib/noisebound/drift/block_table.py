"""The table of all blocks of one or more scans, and the statistics in which two tables can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..files.scan import Scan
from .block_statistics import IMAGE_STATISTICS, Doubles

TABLE_ARRAYS = ("channels", "fields", "image", "latent", "top", "at_top", "field", "whole", "residual")
# Kinds of statistics beside IMAGE_STATISTICS: one that takes two tables to compute, and two of the latents.
SATURATED = "saturated"
LATENT = "latent"
DISTANCE = "distance"


@dataclass(frozen=True, eq=False)
class BlockTable:
    """N blocks of one or more scans with their statistics.

    Parameters
    ----------
    channels
        Names of the C channels.
    image
        (N, C, 6) float64 from ``image_statistics``.
    latent
        (N, K + 1) float64 from ``latent_statistics``; (N, 0) without latents.
    top, at_top
        (N, C) float64, largest raw value of each block, and the share of its pixels that have it.
    field
        (N,) int64, the field of view of each block, as index into ``fields``.
    fields
        Names of the V fields of view.
    whole
        (V,) bool, whether the blocks cover all boxes of the field of view.
    residual
        (N, C, L) float64, autocorrelation of the residuals.
    """

    channels: tuple[str, ...]
    image: Doubles
    latent: Doubles
    top: Doubles
    at_top: Doubles
    field: NDArray[np.int64]
    fields: tuple[str, ...]
    whole: NDArray[np.bool_]
    residual: Doubles

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def joined(cls, tables: Sequence[BlockTable]) -> Self:
        """Join several tables into one.

        Parameters
        ----------
        tables
            At least one, all of the same channels. Fields of view of the same name become one, which is whole where it
            is whole in every table that has it.

        Returns
        -------
        BlockTable
            All blocks, in the order of the tables.
        """
        names = tuple(dict.fromkeys(name for table in tables for name in table.fields))
        whole = np.array(
            [all(t.whole[t.fields.index(name)] for t in tables if name in t.fields) for name in names], dtype=bool
        )
        numbers = [np.array([names.index(name) for name in table.fields], np.int64)[table.field] for table in tables]
        parts = ("image", "latent", "top", "at_top", "residual")
        arrays = {part: np.concatenate([getattr(table, part) for table in tables]) for part in parts}
        return cls(tables[0].channels, field=np.concatenate(numbers), fields=names, whole=whole, **arrays)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """List the arrays of the table by name, as an npz file holds them.

        Returns
        -------
        dict
            One array for each of ``TABLE_ARRAYS``.
        """
        names = {"channels": np.array(self.channels), "fields": np.array(self.fields)}
        parts = ("image", "latent", "top", "at_top", "field", "whole", "residual")
        return names | {part: getattr(self, part) for part in parts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the table from the arrays that :meth:`to_arrays` lists.

        Parameters
        ----------
        arrays
            One array for each of ``TABLE_ARRAYS``.

        Returns
        -------
        BlockTable
            The table.
        """
        names = {key: tuple(str(name) for name in arrays[key]) for key in ("channels", "fields")}
        return cls(**names, **{key: value for key, value in arrays.items() if key not in names})  # type: ignore[arg-type]


def compared(calibrated: BlockTable, new: BlockTable) -> tuple[list[tuple[str, str]], Doubles, Doubles]:
    """List the statistics in which two tables can be compared.

    Parameters
    ----------
    calibrated, new
        Blocks of the calibrate regions and of the scan that is checked.

    Returns
    -------
    names : list of tuple
        For each of F statistics its kind, and the channel or the number of the latent component ("" for the distance).
    calibrated, new : NDArray
        Values of the blocks, (N, F) and (M, F) float64.

    Notes
    -----
    Saturation is the share of a block's pixels at the largest value of both tables together, so that the rule treats
    both alike.
    """
    names = [(kind, channel) for channel in calibrated.channels for kind in (*IMAGE_STATISTICS, SATURATED)]
    n_latent = calibrated.latent.shape[1]
    names += [(LATENT, str(k + 1)) for k in range(n_latent - 1)] + ([(DISTANCE, "")] if n_latent else [])
    top = np.maximum(calibrated.top.max(axis=0), new.top.max(axis=0))
    values = []
    for table in (calibrated, new):
        saturated = np.where(table.top == top, table.at_top, 0.0)
        images = np.concatenate([table.image, saturated[:, :, None]], axis=2)
        values.append(np.concatenate([images.reshape(len(table), -1), table.latent], axis=1))
    return names, values[0], values[1]


def block_table(scan: Scan, found: Mapping[str, Doubles], residual: Doubles, complete: bool) -> BlockTable:
    """Build the table of the blocks of one scan.

    Parameters
    ----------
    scan
        The scan, which gives the channels and the field of view.
    found
        What ``describe_blocks`` returned for N blocks.
    residual
        (N, C, L) float64, autocorrelation of their residuals.
    complete
        Whether the blocks cover all boxes of the scan.

    Returns
    -------
    BlockTable
        With a single field of view: the scan's group, or the scan itself where it has none.
    """
    return BlockTable(
        channels=scan.channels,
        field=np.zeros(len(residual), np.int64),
        # Repeats of one field of view count as one scan, as in the calibration of intervals.
        fields=(scan.field_of_view,),
        whole=np.array([complete]),
        residual=residual,
        **{name: values for name, values in found.items() if name != "median"},
    )
