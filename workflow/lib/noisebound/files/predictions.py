"""The predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, read and written region by region."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..geometry.boxes import Region
from .coverage_key import nominal_key

Floats = NDArray[np.float32]
FORMAT_VERSION = 1
KINDS = ("lower", "median", "upper", "spread")
QUANTILES = ("lower", "median", "upper")


def whole(shape: Sequence[int]) -> Region:
    """The region that covers an image of spatial ``shape``."""
    return tuple(slice(0, int(size)) for size in shape)


class Predictions:
    """Read-only view of ``ensemble/<scan>.h5`` or ``denoised/<scan>.h5``; a context manager.

    Attributes: ``scan`` (str), ``channels`` (names), ``pixel_size`` (one per spatial axis, [z], y, x, in
    ``pixel_unit``), ``frame`` (index of the delivered frame), ``levels`` (quantile levels of lower, median, upper),
    ``shape`` (spatial), ``ndim`` (2 or 3), ``n_frames`` (frames predicted on their own, 0 where the scan has no
    reference), ``n_members``, ``has_members`` (members' medians are stored), ``n_latent``, ``counts`` (the reference
    counts events), ``nominal`` (coverages with a stored interval; empty for an ensemble file), ``primary``,
    ``uncertainty`` (by channel, root mean variance within members, aleatoric, and between them, epistemic, of the
    delivered frame before calibration), ``projected_fraction`` and ``zero_width`` (shares of pixels whose interval was
    widened to hold the median, and has no width, by nominal and channel), and ``overlap_error`` (by channel, ``rms``
    and ``largest`` difference of the median to that of exact tiles, and the mean ``width`` of the interval before
    calibration; empty where tiles are exact).

    Images are float32 in the physical units of the reference. Raises ``InputError`` where the file is missing, is no
    HDF5 or does not have the format.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        remedy = "delete it and run the step that writes it again"
        if not self.path.is_file():
            raise InputError("the file does not exist", file=path, remedy="run the step that writes it")
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise InputError(f"not a readable HDF5 file ({error})", file=path, remedy=remedy) from None
        try:
            attributes = self._file.attrs
            if int(attributes["format_version"]) != FORMAT_VERSION:
                raise InputError(
                    "unknown format version", file=path, value=int(attributes["format_version"]), remedy=remedy
                )
            self.scan = str(attributes["scan"])
            self.channels: tuple[str, ...] = tuple(json.loads(attributes["channels"]))
            self.pixel_size: tuple[float, ...] = tuple(json.loads(attributes["pixel_size"]))
            self.pixel_unit = str(attributes["pixel_unit"])
            self.frame = int(attributes["frame"])
            self.levels: tuple[float, ...] = tuple(json.loads(attributes["levels"]))
            self.n_members = int(attributes["members"])
            self.counts = bool(attributes["counts"])
            self.nominal: tuple[float, ...] = tuple(json.loads(attributes.get("nominal", "[]")))
            self.primary: float | None = float(attributes["primary"]) if "primary" in attributes else None
            self.projected_fraction: dict[str, dict[str, float]] = json.loads(
                attributes.get("projected_fraction", "{}")
            )
            self.uncertainty: dict[str, dict[str, float]] = json.loads(attributes.get("uncertainty", "{}"))
            self.zero_width: dict[str, dict[str, float]] = json.loads(attributes.get("zero_width", "{}"))
            self.overlap_error: dict[str, dict[str, float]] = json.loads(attributes.get("overlap_error", "{}"))
            self.shape: tuple[int, ...] = tuple(int(size) for size in self._file["median"].shape[1:])
        except KeyError as error:
            self._file.close()
            raise InputError(f"not a file of predictions ({error.args[0]})", file=path, remedy=remedy) from None
        except InputError:
            self._file.close()
            raise
        self.ndim = len(self.shape)
        self.n_frames = int(self._file["frames/median"].shape[0]) if "frames" in self._file else 0
        self.has_members = "members" in self._file
        self.n_latent = int(self._file["latent"].shape[0]) if "latent" in self._file else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; reading afterwards fails."""
        self._file.close()

    def _read(
        self, name: str, leading: tuple[int, ...], region: Region | None, remedy: str, channel: int | None = None
    ) -> Floats:
        if name not in self._file:
            raise InputError(f"the file holds no {name!r}", file=self.path, remedy=remedy)
        dataset = self._file[name]
        if leading and not 0 <= leading[0] < dataset.shape[0]:
            raise IndexError(f"{self.path}: {name} has {dataset.shape[0]} entries, asked for {leading[0]}")
        entry = slice(None) if channel is None else channel
        where = (*leading, entry, *(region if region is not None else whole(self.shape)))
        return np.asarray(dataset[where], dtype=np.float32)

    def read(self, kind: str, region: Region | None = None, channel: int | None = None) -> Floats:
        """One image of the delivered frame, float32 (C, *region); ``kind`` is lower, median, upper or spread.

        A denoised file also has the estimated "mean". With the index of a ``channel`` only that one is read, (*region).
        """
        if kind not in (*KINDS, "mean"):
            raise ValueError(f"kind {kind!r} is none of {', '.join((*KINDS, 'mean'))}")
        return self._read(kind, (), region, "run the step that writes it again", channel)

    def read_frame(self, k: int, region: Region | None = None) -> tuple[Floats, Floats, Floats]:
        """Lower, median and upper of frame ``k`` predicted on its own, float32 (C, *region) each.

        Raises ``InputError`` where the scan has no reference and so no ``frames/``, ``IndexError`` past the last.
        """
        remedy = "give the scan a reference; only such scans have every frame predicted"
        lower, median, upper = (self._read(f"frames/{kind}", (k,), region, remedy) for kind in QUANTILES)
        return lower, median, upper

    def read_member(self, m: int, region: Region | None = None) -> Floats:
        """Median of member ``m`` alone for the delivered frame, float32 (C, *region)."""
        return self._read("members/median", (m,), region, "set ensemble.keep_members to true")

    def read_latent(self, region: Region | None = None) -> Floats:
        """Projected latent vectors, float32 (K, *region), stored as float16."""
        return self._read("latent", (), region, "use the file of the ensemble step, which keeps the latents")

    def read_interval(
        self, nominal: float, region: Region | None = None, channel: int | None = None
    ) -> tuple[Floats, Floats]:
        """Calibrated lower and upper at a ``nominal`` coverage, float32 (C, *region); only in a denoised file.

        With the index of a ``channel`` only that one is read: float32 (*region).
        """
        remedy = "add the value to calibration.nominal and run the calibration again"
        name = f"intervals/{nominal_key(nominal)}"
        lower, upper = (self._read(f"{name}/{side}", (), region, remedy, channel) for side in ("lower", "upper"))
        return lower, upper
