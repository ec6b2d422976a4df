"""Writers of the predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, region by region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.storage import atomic_path
from ..geometry.boxes import Region
from .coverage_key import nominal_key
from .predictions import Predictions
from .predictions_about import KINDS, QUANTILES, REPEAT, SIGNAL, PredictionsAbout
from .unfinished_images import UnfinishedImages

Floats = NDArray[np.float32]
_SIDES = ("lower", "upper")
SIGNAL_MEANING = "where the signal lies, that is, what a noiseless measurement would show"
REPEAT_MEANING = "where a repeat measurement like the reference would fall: the signal and the reference's noise"
_CHUNK = {2: (256, 256), 3: (16, 64, 64)}
_LATENT_CHUNK = {2: (64, 64), 3: (8, 32, 32)}
# Tiles seldom end where chunks end: the cache keeps half-filled chunks from being compressed more than once.
_CACHE_BYTES = 64 << 20


class PredictionsWriter:
    """Writes ``ensemble/<scan>.h5`` tile by tile; made by :func:`create_predictions`.

    Every pixel of every image must be written once. Methods that write pixels raise ``InputError`` if values are not
    finite and ``ValueError`` if their shape does not fit the region.

    Parameters
    ----------
    images
        The images of the file.
    """

    def __init__(self, images: UnfinishedImages) -> None:
        self._images = images

    def write(self, region: Region, lower: Floats, median: Floats, upper: Floats, spread: Floats) -> None:
        """Write a region of the delivered frame.

        Parameters
        ----------
        region
            One slice per spatial axis.
        lower, median, upper, spread
            Quantiles and the spread of the members, (C, *region), in physical units of the reference.
        """
        for kind, values in zip(KINDS, (lower, median, upper, spread), strict=True):
            self._images.put(kind, (), region, values)

    def set_overlap_error(self, error: Mapping[str, Mapping[str, float]]) -> None:
        """Store by how much the median changes because tiles overlap less than they should.

        Parameters
        ----------
        error
            By channel, the numbers described at ``Predictions.overlap_error``.
        """
        self._images.set_attribute("overlap_error", json.dumps({channel: dict(of) for channel, of in error.items()}))

    def set_uncertainty(self, parts: Mapping[str, Mapping[str, float]]) -> None:
        """Store how uncertain the delivered frame is, by its two parts.

        Parameters
        ----------
        parts
            By channel, the root mean variance within members (aleatoric) and between members (epistemic).
        """
        self._images.set_attribute("uncertainty", json.dumps({channel: dict(of) for channel, of in parts.items()}))

    def write_latent(self, region: Region, latent: NDArray[Any]) -> None:
        """Write a region of the projected latents of the delivered frame, as float16.

        Parameters
        ----------
        region
            One slice per spatial axis.
        latent
            (K, *region). Values beyond the range of float16, also infinite ones, are set to its ends.
        """
        limit = float(np.finfo(np.float16).max)
        self._images.put("latent", (), region, np.clip(latent, -limit, limit).astype(np.float16))

    def write_frame(self, k: int, region: Region, lower: Floats, median: Floats, upper: Floats) -> None:
        """Write a region of one frame that was predicted on its own.

        Parameters
        ----------
        k, region
            Number of the frame, from 0, and one slice per spatial axis.
        lower, median, upper
            Quantiles, (C, *region), in physical units of the reference.
        """
        for kind, values in zip(QUANTILES, (lower, median, upper), strict=True):
            self._images.put(f"frames/{kind}", (k,), region, values)

    def write_member(self, m: int, region: Region, median: Floats) -> None:
        """Write a region of the median of one member for the delivered frame; only if members are kept.

        Parameters
        ----------
        m, region
            Number of the member, from 0, and one slice per spatial axis.
        median
            (C, *region), in physical units of the reference.
        """
        self._images.put("members/median", (m,), region, median)


@contextmanager
def create_predictions(
    path: str | Path,
    about: PredictionsAbout | None = None,
    *,
    shape: Sequence[int],
    n_frames: int,
    n_latent: int,
    keep_members: bool,
    **facts: Any,
) -> Iterator[PredictionsWriter]:
    """Create ``ensemble/<scan>.h5``; it appears under its name only when it is complete.

    The same writes in the same order give the same bytes.

    Parameters
    ----------
    path
        The file to write.
    about
        What the file says of itself.
    shape
        Pixels per spatial axis ([z], y, x).
    n_frames
        Number of frames that are predicted on their own; 0 for a scan without reference.
    n_latent
        Number of scores per pixel; 0 to store none.
    keep_members
        Whether to store the medians of the members.
    **facts
        The fields of :class:`PredictionsAbout` by name, if ``about`` is None.

    Yields
    ------
    PredictionsWriter
        Writes the images.

    Raises
    ------
    InputError
        If values are not finite.
    RuntimeError
        If pixels were not written.
    """
    about = about or PredictionsAbout(**facts)
    spatial = tuple(int(size) for size in shape)
    n_channels, chunk = len(about.channels), _CHUNK[len(spatial)]
    with _building(path, about, spatial) as (_, images):
        for kind in KINDS:
            images.create(kind, (n_channels,), (1, *chunk), np.float32)
        if n_latent:
            images.create("latent", (n_latent,), (n_latent, *_LATENT_CHUNK[len(spatial)]), np.float16)
        if n_frames:
            for kind in QUANTILES:
                images.create(f"frames/{kind}", (n_frames, n_channels), (1, 1, *chunk), np.float32)
        if keep_members:
            images.create("members/median", (about.n_members, n_channels), (1, 1, *chunk), np.float32)
        yield PredictionsWriter(images)


class DenoisedWriter:
    """Writes ``denoised/<scan>.h5`` slab by slab; made by :func:`create_denoised`.

    Parameters
    ----------
    file
        The file, open for writing.
    images
        Its images.
    """

    def __init__(self, file: h5py.File, images: UnfinishedImages) -> None:
        self._file, self._images = file, images

    def write(
        self,
        region: Region,
        median: Floats,
        mean: Floats,
        spread: Floats,
        intervals: Mapping[float, tuple[Floats, Floats]],
        signal: Mapping[float, tuple[Floats, Floats]] | None = None,
    ) -> None:
        """Write a region of all images.

        Parameters
        ----------
        region
            One slice per spatial axis.
        median, mean, spread
            Median, estimated mean and spread, (C, *region), in physical units of the reference.
        intervals
            Lower and upper end of the repeat intervals by nominal coverage, (C, *region) each. Ends may be infinite, if
            too few pixels calibrate a nominal coverage.
        signal
            Likewise of the signal intervals; None where the file holds none.

        Raises
        ------
        InputError
            If median, mean or spread are not finite.
        ValueError
            If a shape does not fit the region.
        """
        for name, values in (("median", median), ("mean", mean), ("spread", spread)):
            self._images.put(name, (), region, values)
        for group, ends in ((REPEAT, intervals), (SIGNAL, signal or {})):
            for nominal, (lower, upper) in ends.items():
                self._images.put(f"{group}/{nominal_key(nominal)}/lower", (), region, lower, finite=group != REPEAT)
                self._images.put(f"{group}/{nominal_key(nominal)}/upper", (), region, upper, finite=group != REPEAT)

    def set_projected_fraction(self, fractions: Mapping[str, Mapping[str, float]]) -> None:
        """Store the share of pixels whose interval had to be widened to contain the median.

        Parameters
        ----------
        fractions
            By nominal coverage and channel, from 0 to 1.
        """
        self._file.attrs["projected_fraction"] = json.dumps({key: dict(value) for key, value in fractions.items()})

    def set_zero_width(self, fractions: Mapping[str, Mapping[str, float]]) -> None:
        """Store the share of pixels whose interval has no width.

        Parameters
        ----------
        fractions
            By nominal coverage and channel, from 0 to 1.
        """
        self._file.attrs["zero_width"] = json.dumps({key: dict(value) for key, value in fractions.items()})


@contextmanager
def create_denoised(
    path: str | Path, like: Predictions, *, nominal: Sequence[float], primary: float, signal: bool = False
) -> Iterator[DenoisedWriter]:
    """Create ``denoised/<scan>.h5``; it appears under its name only when it is complete.

    The signal intervals lie in the group "signal", the repeat intervals in "intervals", which "repeat" names as well.
    Each group says in its attribute "meaning" what its intervals hold.

    Parameters
    ----------
    path
        The file to write.
    like
        The ensemble file of the scan.
    nominal
        Coverages whose intervals are stored.
    primary
        The one of them whose intervals are also linked at the top of the file: ``signal_lower``, ``signal_upper``,
        ``repeat_lower`` and ``repeat_upper`` (also as ``lower`` and ``upper``).
    signal
        Whether signal intervals will be written as well.

    Yields
    ------
    DenoisedWriter
        Writes the images.

    Raises
    ------
    InputError
        If values other than the ends of intervals are not finite.
    RuntimeError
        If pixels were not written.
    """
    n_channels, chunk = len(like.channels), _CHUNK[like.ndim]
    with _building(path, like.about, like.shape) as (file, images):
        file.attrs["nominal"] = json.dumps([float(value) for value in nominal])
        file.attrs["primary"] = float(primary)
        if like.overlap_error:
            file.attrs["overlap_error"] = json.dumps(like.overlap_error)
        if like.uncertainty:
            file.attrs["uncertainty"] = json.dumps(like.uncertainty)
        groups = {SIGNAL: SIGNAL_MEANING} if signal else {}
        groups |= {REPEAT: REPEAT_MEANING}
        names = [f"{group}/{nominal_key(value)}/{side}" for group in groups for value in nominal for side in _SIDES]
        for name in ("median", "mean", "spread", *names):
            images.create(name, (n_channels,), (1, *chunk), np.float32)
        for group, meaning in groups.items():
            file[group].attrs["meaning"] = meaning
            for side in _SIDES:
                name = f"{'repeat' if group == REPEAT else group}_{side}"
                file[name] = file[f"{group}/{nominal_key(primary)}/{side}"]
        for side in _SIDES:
            file[side] = file[f"repeat_{side}"]
        file["repeat"] = file[REPEAT]
        yield DenoisedWriter(file, images)


@contextmanager
def _building(
    path: str | Path, about: PredictionsAbout, shape: tuple[int, ...]
) -> Iterator[tuple[h5py.File, UnfinishedImages]]:
    """Create a file under a temporary name, with no images yet; rename it when every pixel was written."""
    with atomic_path(path) as temporary:
        with h5py.File(temporary, "w", rdcc_nbytes=_CACHE_BYTES) as file:
            file.attrs.update(about.attributes())
            images = UnfinishedImages(file, path, shape)
            yield file, images
            images.check_complete()
