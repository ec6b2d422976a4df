"""The standard file of one scan, open, and what it says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import h5py

from ..core.errors import InputError
from ..core.sources import LEAVE_ONE_OUT
from .hdf5_reader import Hdf5Reader

FORMAT_VERSION = 1
# Kinds of reference, besides leave-one-out.
MEASURED, NO_REFERENCE = "measured", "none"
_STEP = "the ingest step"


class ScanFile(Hdf5Reader):
    """The standard file of a scan, open for reading, and its attributes; :class:`Scan` reads its images.

    Parameters
    ----------
    path
        The file.

    Attributes
    ----------
    name, group : str
        Name of the scan, and the name that scans of one field of view share.
    axes : str
        Axes of the noisy frames, RCYX or RCZYX.
    channels : tuple of str
        Names of the channels.
    shape : tuple of int
        Pixels per spatial axis ([z], y, x); ``ndim`` of them.
    pixel_size : tuple of float
        One number per spatial axis, in ``pixel_unit``.
    n_frames, n_channels : int
        Number of noisy frames and of channels.
    reference_kind : str
        "measured", "leave-one-out" or "none"; ``has_reference`` is True for the first two.
    counts : bool
        Whether values are counts.
    has_truth : bool
        Whether the true signal is known, as for a simulated scan.
    noise_source : str or None
        How the noise of the targets is known: "counts" (Poisson), "frames" (the other frames differ by it), "repeats"
        (those of the reference do), "truth" (there is none); None if it is not known.
    count_unit : float or None
        What one event adds to a target, where targets are Poisson counts; else None.
    sources : list of dict
        Every file that was read, with ``path``, ``sha256`` and ``part``.

    Raises
    ------
    InputError
        If the file is missing or is not of this format.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, _STEP, locking="best-effort")
        try:
            self._describe()
        except (KeyError, ValueError, TypeError) as error:
            self.close()
            remedy = f"delete it and run {_STEP} again"
            raise InputError(f"not a scan of format {FORMAT_VERSION} ({error})", file=path, remedy=remedy) from None

    def _describe(self) -> None:
        attributes = self._file.attrs
        version = int(attributes["format_version"])
        if version != FORMAT_VERSION:
            raise ValueError(f"format_version is {version}")
        self.name, self.group, self.axes = (str(attributes[key]) for key in ("scan", "group", "axes"))
        self.channels: tuple[str, ...] = tuple(json.loads(attributes["channels"]))
        self.pixel_size: tuple[float, ...] = tuple(json.loads(attributes["pixel_size"]))
        self.pixel_unit = str(attributes["pixel_unit"])
        self.reference_kind = str(attributes["reference_kind"])
        self.counts = bool(attributes["counts"])
        self.sources: list[dict[str, str]] = json.loads(attributes["sources"])
        self._noisy: h5py.Dataset = self._file["noisy"]
        self.n_frames, self.n_channels = (int(length) for length in self._noisy.shape[:2])
        self.shape: tuple[int, ...] = tuple(int(length) for length in self._noisy.shape[2:])
        self.ndim = len(self.shape)
        if len(self.axes) != self._noisy.ndim or len(self.channels) != self.n_channels:
            raise ValueError("axes or channels do not fit the array")
        self.has_reference = self.reference_kind != NO_REFERENCE
        self._reference: h5py.Dataset | None = self._file["reference"] if self.has_reference else None
        self.has_truth = "truth" in self._file
        self._variance: h5py.Dataset | None = self._file.get("reference_variance")
        self.noise_source, self.count_unit = self._known_noise()

    def _known_noise(self) -> tuple[str | None, float | None]:
        attributes = self._file.attrs
        if self.reference_kind == LEAVE_ONE_OUT:
            if self.counts:
                return "counts", 1 / (self.n_frames - 1)
            # The variance of the other frames takes at least two of them.
            return ("frames" if self.n_frames > 2 else None), None
        if self.reference_kind != MEASURED:
            return None, None
        if attributes.get("reference_is_truth", 0):
            return "truth", None
        if attributes.get("reference_events", 0):
            return "counts", 1 / max(1, int(attributes["reference_repeats"]))
        return ("repeats" if self._variance is not None else None), None

    @property
    def field_of_view(self) -> str:
        """What its repeats have in common: the group, or the scan itself. Prefixed, so that no name serves both."""
        return f"group {self.group}" if self.group else f"scan {self.name}"
