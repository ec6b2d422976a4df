"""The predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, read and written region by region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .storage import atomic_path

FORMAT_VERSION = 1
KINDS = ("lower", "median", "upper", "spread")
QUANTILES = ("lower", "median", "upper")

Region = tuple[slice, ...]
Floats = NDArray[np.float32]

_CHUNK = {2: (256, 256), 3: (16, 64, 64)}
_LATENT_CHUNK = {2: (64, 64), 3: (8, 32, 32)}
# Tiles seldom end where chunks end: the cache keeps half-filled chunks from being compressed more than once.
_CACHE_BYTES = 64 << 20


def nominal_key(nominal: float) -> str:
    """Name of a nominal coverage or confidence in files: the shortest decimal that gives ``nominal`` back ("0.9")."""
    short = f"{nominal:g}"
    return short if float(short) == float(nominal) else repr(float(nominal))


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


class _Images:
    """Datasets under construction; counts pixels so that an image with holes is never delivered."""

    def __init__(self, file: h5py.File, target: str | Path, spatial: tuple[int, ...]) -> None:
        self._file, self._target, self._spatial = file, target, spatial
        self._missing: dict[tuple[str, tuple[int, ...]], int] = {}

    def create(self, name: str, leading: tuple[int, ...], chunk: tuple[int, ...], dtype: type) -> None:
        chunks = chunk[: len(leading)] + tuple(
            min(a, b) for a, b in zip(chunk[len(leading) :], self._spatial, strict=True)
        )
        self._file.create_dataset(
            name,
            shape=(*leading, *self._spatial),
            dtype=dtype,
            chunks=chunks,
            compression="gzip",
            compression_opts=1,
            shuffle=True,
            track_times=False,
        )
        for index in np.ndindex(*leading[:-1]):
            self._missing[(name, index)] = int(np.prod(self._spatial))

    def put(
        self, name: str, leading: tuple[int, ...], region: Region, values: NDArray[Any], finite: bool = True
    ) -> None:
        dataset = self._file[name]
        bounds = tuple(part.indices(size)[:2] for part, size in zip(region, self._spatial, strict=True))
        expected = (dataset.shape[len(leading)], *(stop - start for start, stop in bounds))
        if values.shape != expected:
            raise ValueError(f"{name}: values have shape {values.shape}, the region needs {expected}")
        if finite and not np.isfinite(values).all():
            raise InputError(
                f"{name} is not finite in {bounds}",
                file=self._target,
                remedy="look for a diverged member in members/*.history.csv, or for extreme pixels in the noisy frames",
            )
        dataset[(*leading, slice(None), *(slice(*b) for b in bounds))] = values
        self._missing[(name, leading)] -= int(np.prod(expected[1:]))

    def set_attribute(self, name: str, value: str) -> None:
        self._file.attrs[name] = value

    def check_complete(self) -> None:
        for (name, index), missing in self._missing.items():
            if missing > 0:
                raise RuntimeError(f"{self._target}: {name}{list(index)} lacks {missing} pixels")


class PredictionsWriter:
    """Writes ``ensemble/<scan>.h5`` tile by tile; made by ``create_predictions``.

    ``region`` is a tuple of spatial slices, arrays have shape (C, *region) ((K, *region) for latents). Every pixel of
    every image must be written once. Non-finite values raise ``InputError``.
    """

    def __init__(self, images: _Images) -> None:
        self._images = images

    def write(self, region: Region, lower: Floats, median: Floats, upper: Floats, spread: Floats) -> None:
        """The delivered frame."""
        for kind, values in zip(KINDS, (lower, median, upper, spread), strict=True):
            self._images.put(kind, (), region, values)

    def set_overlap_error(self, error: Mapping[str, Mapping[str, float]]) -> None:
        """What tiles that overlap less than they should change, by channel; see ``Predictions.overlap_error``."""
        self._images.set_attribute("overlap_error", json.dumps({channel: dict(of) for channel, of in error.items()}))

    def set_uncertainty(self, parts: Mapping[str, Mapping[str, float]]) -> None:
        """Root mean variance within members (aleatoric) and between them (epistemic), by channel."""
        self._images.set_attribute("uncertainty", json.dumps({channel: dict(of) for channel, of in parts.items()}))

    def write_latent(self, region: Region, latent: NDArray[Any]) -> None:
        """Projected latents of the delivered frame, kept as float16."""
        limit = float(np.finfo(np.float16).max)
        self._images.put("latent", (), region, np.clip(latent, -limit, limit).astype(np.float16))

    def write_frame(self, k: int, region: Region, lower: Floats, median: Floats, upper: Floats) -> None:
        """Frame ``k`` predicted on its own."""
        for kind, values in zip(QUANTILES, (lower, median, upper), strict=True):
            self._images.put(f"frames/{kind}", (k,), region, values)

    def write_member(self, m: int, region: Region, median: Floats) -> None:
        """Median of member ``m`` for the delivered frame; only where members are kept."""
        self._images.put("members/median", (m,), region, median)


def _attributes(
    scan: str,
    channels: Sequence[str],
    pixel_size: Sequence[float],
    pixel_unit: str,
    frame: int,
    levels: Sequence[float],
    n_members: int,
    counts: bool,
) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "scan": scan,
        "channels": json.dumps(list(channels)),
        "pixel_size": json.dumps([float(size) for size in pixel_size]),
        "pixel_unit": pixel_unit,
        "frame": int(frame),
        "levels": json.dumps([float(level) for level in levels]),
        "members": int(n_members),
        "counts": bool(counts),
    }


@contextmanager
def create_predictions(
    path: str | Path,
    *,
    scan: str,
    channels: Sequence[str],
    pixel_size: Sequence[float],
    pixel_unit: str,
    shape: Sequence[int],
    levels: Sequence[float],
    frame: int,
    n_frames: int,
    n_members: int,
    n_latent: int,
    counts: bool,
    keep_members: bool,
) -> Iterator[PredictionsWriter]:
    """Create ``ensemble/<scan>.h5`` and yield its writer; the file appears under its name only when it is whole.

    ``shape`` is spatial ([Z], Y, X); ``n_frames`` is 0 for a scan without reference; ``n_latent`` is 0 to keep no
    latents; the members' medians are stored where ``keep_members``. The same writes in the same order give the same
    bytes. Raises ``RuntimeError`` where pixels were left out.
    """
    spatial = tuple(int(size) for size in shape)
    n_channels, chunk = len(channels), _CHUNK[len(spatial)]
    with atomic_path(path) as temporary:
        with h5py.File(temporary, "w", rdcc_nbytes=_CACHE_BYTES) as file:
            file.attrs.update(_attributes(scan, channels, pixel_size, pixel_unit, frame, levels, n_members, counts))
            images = _Images(file, path, spatial)
            for kind in KINDS:
                images.create(kind, (n_channels,), (1, *chunk), np.float32)
            if n_latent:
                images.create("latent", (n_latent,), (n_latent, *_LATENT_CHUNK[len(spatial)]), np.float16)
            if n_frames:
                for kind in QUANTILES:
                    images.create(f"frames/{kind}", (n_frames, n_channels), (1, 1, *chunk), np.float32)
            if keep_members:
                images.create("members/median", (n_members, n_channels), (1, 1, *chunk), np.float32)
            yield PredictionsWriter(images)
            images.check_complete()


class DenoisedWriter:
    """Writes ``denoised/<scan>.h5`` slab by slab; made by ``create_denoised``."""

    def __init__(self, file: h5py.File, images: _Images) -> None:
        self._file, self._images = file, images

    def write(
        self,
        region: Region,
        median: Floats,
        mean: Floats,
        spread: Floats,
        intervals: Mapping[float, tuple[Floats, Floats]],
    ) -> None:
        """Median, estimated mean, spread and one (lower, upper) per nominal coverage, float32 (C, *region) each.

        Interval ends may be infinite, where too few pixels calibrate a nominal coverage.
        """
        for name, values in (("median", median), ("mean", mean), ("spread", spread)):
            self._images.put(name, (), region, values)
        for nominal, (lower, upper) in intervals.items():
            self._images.put(f"intervals/{nominal_key(nominal)}/lower", (), region, lower, finite=False)
            self._images.put(f"intervals/{nominal_key(nominal)}/upper", (), region, upper, finite=False)

    def set_projected_fraction(self, fractions: Mapping[str, Mapping[str, float]]) -> None:
        """Share of pixels whose interval had to be projected to contain the median, by nominal and channel."""
        self._file.attrs["projected_fraction"] = json.dumps({key: dict(value) for key, value in fractions.items()})

    def set_zero_width(self, fractions: Mapping[str, Mapping[str, float]]) -> None:
        """Share of pixels whose interval has no width, by nominal and channel."""
        self._file.attrs["zero_width"] = json.dumps({key: dict(value) for key, value in fractions.items()})


@contextmanager
def create_denoised(
    path: str | Path, like: Predictions, *, nominal: Sequence[float], primary: float
) -> Iterator[DenoisedWriter]:
    """Create ``denoised/<scan>.h5`` for the scan of the ensemble file ``like`` and yield its writer.

    ``lower`` and ``upper`` at the top are the interval at the ``primary`` nominal coverage (the same data, linked).
    """
    n_channels, chunk = len(like.channels), _CHUNK[like.ndim]
    with atomic_path(path) as temporary:
        with h5py.File(temporary, "w", rdcc_nbytes=_CACHE_BYTES) as file:
            file.attrs.update(
                _attributes(
                    like.scan,
                    like.channels,
                    like.pixel_size,
                    like.pixel_unit,
                    like.frame,
                    like.levels,
                    like.n_members,
                    like.counts,
                )
            )
            file.attrs["nominal"] = json.dumps([float(value) for value in nominal])
            file.attrs["primary"] = float(primary)
            if like.overlap_error:
                file.attrs["overlap_error"] = json.dumps(like.overlap_error)
            if like.uncertainty:
                file.attrs["uncertainty"] = json.dumps(like.uncertainty)
            images = _Images(file, path, like.shape)
            names = [f"intervals/{nominal_key(value)}/{side}" for value in nominal for side in ("lower", "upper")]
            for name in ("median", "mean", "spread", *names):
                images.create(name, (n_channels,), (1, *chunk), np.float32)
            for side in ("lower", "upper"):
                file[side] = file[f"intervals/{nominal_key(primary)}/{side}"]
            yield DenoisedWriter(file, images)
            images.check_complete()
