"""The standard file of one scan, ``scans/<scan>.h5``, read region by region."""

from __future__ import annotations

import hashlib

import h5py
import numpy as np

from ..core.errors import InputError
from ..core.sources import LEAVE_ONE_OUT
from .scan_file import FORMAT_VERSION, MEASURED, NO_REFERENCE, ScanFile

__all__ = ["FORMAT_VERSION", "MEASURED", "NO_REFERENCE", "Scan", "ScanFile"]


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

    def read_shown_variance(self, region: tuple[slice, ...] | None = None) -> tuple[np.ndarray, np.ndarray] | None:
        """Compare counts that were repeated with Poisson counts.

        Parameters
        ----------
        region
            One slice of step 1 per spatial axis; None for the whole image.

        Returns
        -------
        tuple of array or None
            (C, [Z], Y, X) each: the variance that the frames of a leave-one-out scan, or the repeats of its reference,
            show at each pixel; and that of Poisson counts of the same mean. None where fewer than three frames, or no
            repeats, show it.
        """
        if self.reference_kind == LEAVE_ONE_OUT:
            if self.n_frames < 3:
                return None
            frames = np.stack([self._frame(k, region).astype(np.float64) for k in range(self.n_frames)])
            return frames.var(axis=0, ddof=1), frames.mean(axis=0)
        if self._variance is None or self.count_unit is None:
            return None
        part = (slice(None), *self._region(region))
        return self._variance[part], self.read_target(0, region) * self.count_unit

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
