"""The standard file of one scan, ``scans/<scan>.h5``, read region by region."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

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


class Scan(ScanFile):
    """The images of a scan, read region by region; a context manager.

    Parameters
    ----------
    path
        The standard file of the scan.
    """

    def stored_digest(self) -> str:
        """Compute the digest of the noisy frames and the reference as they are stored, compressed chunk by chunk.

        Names and dates of the files that they were read from do not enter.

        Returns
        -------
        str
            SHA-256, 64 hexadecimal digits.
        """
        digest = hashlib.sha256()
        for name in ("noisy", "reference"):
            if name not in self._file:
                continue
            images: h5py.Dataset = self._file[name]
            digest.update(f"{name} {images.dtype.str} {images.shape} {images.chunks}\n".encode())
            if images.chunks is None:
                digest.update(images[()].tobytes())
                continue
            for number in range(images.id.get_num_chunks()):
                place = images.id.get_chunk_info(number).chunk_offset
                digest.update(f"{place}\n".encode())
                digest.update(images.id.read_direct_chunk(place)[1])
        return digest.hexdigest()

    def read_frame(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray:
        """Read a noisy frame.

        Parameters
        ----------
        k
            Number of the frame, from 0.
        region
            One slice of step 1 per spatial axis; None for the whole frame.

        Returns
        -------
        array
            float32 (C, [Z], Y, X).

        Raises
        ------
        IndexError
            If there is no frame ``k``.
        ValueError
            If the number of slices or a step is wrong.
        """
        return self._frame(k, region).astype(np.float32)

    def read_target(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray:
        """Read what a frame is compared with.

        This is the measured reference or, for leave-one-out, the mean of the other frames: (sum of all frames - frame
        k) / (R - 1).

        Parameters
        ----------
        k
            Number of the frame, from 0.
        region
            One slice of step 1 per spatial axis; None for the whole frame.

        Returns
        -------
        array
            float32 (C, [Z], Y, X).

        Raises
        ------
        InputError
            If the scan has no reference.
        IndexError
            If there is no frame ``k``.
        ValueError
            If the number of slices or a step is wrong.
        """
        if self._reference is None:
            remedy = "name a reference in the scan sheet, or give the scan the role apply"
            raise InputError("the scan has no reference", file=self.path, remedy=remedy)
        self._check_frame(k)
        target = self._reference[(slice(None), *self._region(region))]
        if self.reference_kind != LEAVE_ONE_OUT:
            return target.astype(np.float32)
        others = target.astype(np.float64) - self._frame(k, region)
        return (others / (self.n_frames - 1)).astype(np.float32)

    def read_truth(self, region: tuple[slice, ...] | None = None) -> np.ndarray | None:
        """Read the true signal, which only a simulated scan has.

        Parameters
        ----------
        region
            One slice of step 1 per spatial axis; None for the whole image.

        Returns
        -------
        array or None
            float32 (C, [Z], Y, X); None if the truth is not known.
        """
        if not self.has_truth:
            return None
        return np.asarray(self._file["truth"][(slice(None), *self._region(region))], dtype=np.float32)

    def read_target_noise(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray | None:
        """Estimate the variance of the target of a frame about the truth.

        It is known only for counts with leave-one-out: the mean of R - 1 Poisson counts has the variance mean / (R -
        1), in which the target stands for the mean.

        Parameters
        ----------
        k
            Number of the frame, from 0.
        region
            One slice of step 1 per spatial axis; None for the whole frame.

        Returns
        -------
        array or None
            float32 (C, [Z], Y, X), in squared units of the reference; None if it is not known.
        """
        if self.reference_kind != LEAVE_ONE_OUT or not self.counts:
            return None
        return self.read_target(k, region) / np.float32(self.n_frames - 1)

    def read_reference_noise(self, k: int, region: tuple[slice, ...] | None = None) -> np.ndarray | None:
        """Estimate the variance of the target of a frame about the signal, by whatever shows it (``noise_source``).

        Parameters
        ----------
        k
            Number of the frame, from 0.
        region
            One slice of step 1 per spatial axis; None for the whole frame.

        Returns
        -------
        array or None
            float32 (C, [Z], Y, X), in squared units of the reference: unbiased at every pixel, and as noisy there as
            the variance of few values is; None if nothing shows it.
        """
        if self.noise_source is None:
            return None
        if self.count_unit is not None:
            return self.read_target(k, region) * np.float32(self.count_unit)
        if self.noise_source == "truth":
            return np.zeros_like(self.read_target(k, region))
        if self.noise_source == "repeats":
            assert self._variance is not None
            return np.asarray(self._variance[(slice(None), *self._region(region))], dtype=np.float32)
        others = [self._frame(j, region).astype(np.float64) for j in range(self.n_frames) if j != k]
        return (np.var(others, axis=0, ddof=1) / len(others)).astype(np.float32)

    def _frame(self, k: int, region: tuple[slice, ...] | None) -> np.ndarray:
        self._check_frame(k)
        return np.asarray(self._noisy[(k, slice(None), *self._region(region))])

    def _check_frame(self, k: int) -> None:
        if not 0 <= k < self.n_frames:
            raise IndexError(f"frame {k} of {self.n_frames} in {self.path}")

    def _region(self, region: tuple[slice, ...] | None) -> tuple[slice, ...]:
        if region is None:
            return (slice(None),) * self.ndim
        if len(region) != self.ndim or any(part.step not in (None, 1) for part in region):
            raise ValueError(f"a region of {self.path} needs {self.ndim} slices of step 1, not {region}")
        return tuple(slice(*part.indices(length)[:2]) for part, length in zip(region, self.shape, strict=True))
