"""The predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, read region by region."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..geometry.boxes import Region
from .coverage_key import nominal_key
from .hdf5_reader import Hdf5Reader
from .predictions_about import FORMAT_VERSION, KINDS, QUANTILES, REPEAT, SIGNAL, PredictionsAbout

Floats = NDArray[np.float32]
Shares = dict[str, dict[str, float]]
_STEP = "the step that writes it"
_AGAIN = f"delete it and run {_STEP} again"


def whole(shape: Sequence[int]) -> Region:
    """Return the region that covers a whole image.

    Parameters
    ----------
    shape
        Pixels per spatial axis.

    Returns
    -------
    tuple of slice
        One slice per axis.
    """
    return tuple(slice(0, int(size)) for size in shape)


class PredictionsFile(Hdf5Reader):
    """A file of predictions, open for reading, and its attributes; :class:`Predictions` reads its images.

    Parameters
    ----------
    path
        ``ensemble/<scan>.h5`` or ``denoised/<scan>.h5``.

    Attributes
    ----------
    about : PredictionsAbout
        What both kinds of file say. Each of its fields is an attribute as well: ``scan``, ``channels``, ``pixel_size``,
        ``pixel_unit``, ``frame``, ``levels``, ``n_members`` and ``counts``.
    shape : tuple of int
        Pixels per spatial axis ([z], y, x); ``ndim`` of them.
    n_frames : int
        Number of frames that were predicted on their own; 0 if the scan has no reference.
    has_members : bool
        Whether the medians of the members are stored.
    n_latent : int
        Number of scores per pixel; 0 if none are stored.
    nominal : tuple of float
        Coverages with a stored interval; empty for an ensemble file.
    primary : float or None
        The nominal coverage of ``lower`` and ``upper``; None for an ensemble file.
    has_signal : bool
        Whether a denoised file holds intervals for the signal.
    uncertainty : dict
        By channel, the root mean variance within members (aleatoric) and between them (epistemic) of the delivered
        frame before calibration.
    projected_fraction, zero_width : dict
        By nominal coverage and channel, the share of pixels whose interval was widened to hold the median, and the
        share whose interval has no width.
    overlap_error : dict
        By channel, the ``rms`` and ``largest`` difference of the median to that of exact tiles, and the mean ``width``
        of the interval before calibration; empty if tiles are exact.

    Raises
    ------
    InputError
        If the file is missing, is no HDF5 or does not have the format.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, _STEP)
        try:
            self._describe()
        except KeyError as error:
            self.close()
            raise InputError(f"not a file of predictions ({error.args[0]})", file=path, remedy=_AGAIN) from None
        except InputError:
            self.close()
            raise

    def _describe(self) -> None:
        attributes = self._file.attrs
        version = int(attributes["format_version"])
        if version != FORMAT_VERSION:
            raise InputError("unknown format version", file=self.path, value=version, remedy=_AGAIN)
        self.about = about = PredictionsAbout.of(attributes)
        self.scan, self.frame = about.scan, about.frame
        self.channels: tuple[str, ...] = tuple(about.channels)
        self.pixel_size: tuple[float, ...] = tuple(about.pixel_size)
        self.pixel_unit, self.n_members, self.counts = about.pixel_unit, about.n_members, about.counts
        self.levels: tuple[float, ...] = tuple(about.levels)
        self.nominal: tuple[float, ...] = tuple(json.loads(attributes.get("nominal", "[]")))
        self.primary: float | None = float(attributes["primary"]) if "primary" in attributes else None
        self.projected_fraction: Shares = json.loads(attributes.get("projected_fraction", "{}"))
        self.uncertainty: Shares = json.loads(attributes.get("uncertainty", "{}"))
        self.zero_width: Shares = json.loads(attributes.get("zero_width", "{}"))
        self.overlap_error: Shares = json.loads(attributes.get("overlap_error", "{}"))
        self.shape: tuple[int, ...] = tuple(int(size) for size in self._file["median"].shape[1:])
        self.ndim = len(self.shape)
        self.n_frames = int(self._file["frames/median"].shape[0]) if "frames" in self._file else 0
        self.has_members = "members" in self._file
        self.has_signal = SIGNAL in self._file
        self.n_latent = int(self._file["latent"].shape[0]) if "latent" in self._file else 0


class Predictions(PredictionsFile):
    """The images of a file of predictions, read region by region as float32.

    All but the latents are in physical units of the reference. Every method raises ``InputError`` if the file does not
    hold the image.

    Parameters
    ----------
    path
        ``ensemble/<scan>.h5`` or ``denoised/<scan>.h5``.
    """

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
        """Read one image of the delivered frame.

        Parameters
        ----------
        kind
            "lower", "median", "upper" or "spread"; in a denoised file also "mean", the estimated mean.
        region
            One slice per spatial axis; None for the whole image.
        channel
            Index of the one channel to read; None for all.

        Returns
        -------
        array
            float32 (C, *region), or (*region) for one channel.

        Raises
        ------
        InputError
            If the file does not hold the image.
        ValueError
            If ``kind`` is none of these.
        """
        if kind not in (*KINDS, "mean"):
            raise ValueError(f"kind {kind!r} is none of {', '.join((*KINDS, 'mean'))}")
        return self._read(kind, (), region, "run the step that writes it again", channel)

    def read_frame(self, k: int, region: Region | None = None) -> tuple[Floats, Floats, Floats]:
        """Read the quantiles of one frame that was predicted on its own.

        Parameters
        ----------
        k
            Number of the frame, from 0.
        region
            One slice per spatial axis; None for the whole image.

        Returns
        -------
        lower, median, upper : array
            float32 (C, *region) each.

        Raises
        ------
        InputError
            If the scan has no reference, and so no frames of their own.
        IndexError
            If there is no frame ``k``.
        """
        remedy = "give the scan a reference; only such scans have every frame predicted"
        lower, median, upper = (self._read(f"frames/{kind}", (k,), region, remedy) for kind in QUANTILES)
        return lower, median, upper

    def read_member(self, m: int, region: Region | None = None) -> Floats:
        """Read the median of one member for the delivered frame.

        Parameters
        ----------
        m
            Number of the member, from 0.
        region
            One slice per spatial axis; None for the whole image.

        Returns
        -------
        array
            float32 (C, *region).

        Raises
        ------
        InputError
            If members were not kept.
        IndexError
            If there is no member ``m``.
        """
        return self._read("members/median", (m,), region, "set ensemble.keep_members to true")

    def read_latent(self, region: Region | None = None) -> Floats:
        """Read the projected latents, which are stored as float16.

        Parameters
        ----------
        region
            One slice per spatial axis; None for the whole image.

        Returns
        -------
        array
            float32 (K, *region).

        Raises
        ------
        InputError
            If the file holds no latents.
        """
        return self._read("latent", (), region, "use the file of the ensemble step, which keeps the latents")

    def read_interval(
        self, nominal: float, region: Region | None = None, channel: int | None = None
    ) -> tuple[Floats, Floats]:
        """Read the calibrated interval for a repeat measurement at one nominal coverage from a denoised file.

        Parameters
        ----------
        nominal
            The nominal coverage, one of ``nominal`` of the file.
        region
            One slice per spatial axis; None for the whole image.
        channel
            Index of the one channel to read; None for all.

        Returns
        -------
        lower, upper : array
            float32 (C, *region), or (*region) for one channel; ends may be infinite.

        Raises
        ------
        InputError
            If the file holds no interval at this coverage.
        """
        return self._interval(REPEAT, nominal, region, channel)

    def read_signal(
        self, nominal: float, region: Region | None = None, channel: int | None = None
    ) -> tuple[Floats, Floats]:
        """Read the interval for the signal at one nominal coverage from a denoised file.

        Parameters
        ----------
        nominal, region, channel
            As for :meth:`read_interval`.

        Returns
        -------
        lower, upper : array
            float32 (C, *region), or (*region) for one channel.

        Raises
        ------
        InputError
            If the file holds no such interval.
        """
        return self._interval(SIGNAL, nominal, region, channel)

    def _interval(
        self, group: str, nominal: float, region: Region | None, channel: int | None
    ) -> tuple[Floats, Floats]:
        remedy = "add the value to calibration.nominal and run the calibration again"
        name = f"{group}/{nominal_key(nominal)}"
        lower, upper = (self._read(f"{name}/{side}", (), region, remedy, channel) for side in ("lower", "upper"))
        return lower, upper
