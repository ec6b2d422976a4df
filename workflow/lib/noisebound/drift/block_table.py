"""The table of all blocks of one or more scans, and what of two tables can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..files.scan import Scan
from .block_statistics import IMAGE_STATISTICS, Doubles

TABLE_ARRAYS = ("channels", "fields", "image", "latent", "top", "at_top", "field", "whole", "residual")
# Kinds of statistics that follow from two tables together, or from the latents.
SATURATED = "saturated"
LATENT = "latent"
DISTANCE = "distance"


@dataclass(frozen=True, eq=False)
class BlockTable:
    """N blocks of one or more scans with their statistics.

    Parameters
    ----------
    channels
        Their names.
    image
        (N, C, 6): ``image_statistics``.
    latent
        (N, K + 1): ``latent_statistics``; (N, 0) without latents.
    top, at_top
        (N, C): the largest raw value of a block, and the share of its pixels that have it.
    field, fields, whole
        (N,): number of the field of view of each block; their names; and which of them calibrate as a whole.
    residual
        (N, C, L): autocorrelation of the residuals.
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
        """All blocks of several tables; fields of the same name are one, whole where they are in every table."""
        names = tuple(dict.fromkeys(name for table in tables for name in table.fields))
        whole = np.array(
            [all(t.whole[t.fields.index(name)] for t in tables if name in t.fields) for name in names], dtype=bool
        )
        numbers = [np.array([names.index(name) for name in table.fields], np.int64)[table.field] for table in tables]
        parts = ("image", "latent", "top", "at_top", "residual")
        arrays = {part: np.concatenate([getattr(table, part) for table in tables]) for part in parts}
        return cls(tables[0].channels, field=np.concatenate(numbers), fields=names, whole=whole, **arrays)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For an npz file; the inverse of :meth:`from_arrays`."""
        names = {"channels": np.array(self.channels), "fields": np.array(self.fields)}
        parts = ("image", "latent", "top", "at_top", "field", "whole", "residual")
        return names | {part: getattr(self, part) for part in parts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of :meth:`to_arrays`."""
        names = {key: tuple(str(name) for name in arrays[key]) for key in ("channels", "fields")}
        return cls(**names, **{key: value for key, value in arrays.items() if key not in names})  # type: ignore[arg-type]


def compared(calibrated: BlockTable, new: BlockTable) -> tuple[list[tuple[str, str]], Doubles, Doubles]:
    """Names, (kind, channel or number of the component), and the values of both tables, (N, F) float64 each.

    Saturation is the share of a block's pixels at the largest value of both tables together, for which no scan is
    privileged.
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
    """The blocks of one scan.

    Parameters
    ----------
    scan
        Whose channels and field of view these are.
    found
        What ``describe_blocks`` found.
    residual
        Autocorrelation of their residuals, (N, C, L).
    complete
        Whether the blocks are all of the scan.
    """
    return BlockTable(
        channels=scan.channels,
        field=np.zeros(len(residual), np.int64),
        # Repeats of one field of view are one thing to exchange, as in the calibration of intervals.
        fields=(scan.field_of_view,),
        whole=np.array([complete]),
        residual=residual,
        **{name: values for name, values in found.items() if name != "median"},
    )
