"""Random networks beside U-Nets of as many parameters and beside filters, on simulated scans whose truth is known.

What was published of this experiment (ensembles of 1 to 25 networks, 64x64 images with asymmetric, heteroskedastic
noise) stands beside what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..architecture.families import read_architecture
from ..core.errors import InputError
from ..core.hardware import Hardware
from ..core.statistics import correlation
from ..core.storage import atomic_path, digest_files, write_json
from ..core.tables import write_table
from ..ensemble.members import Ensemble, exact_tiles
from ..files.scan import Scan
from ..geometry.montage import Montage
from .curves import Known, calibrated, curves
from .filters import CHOSEN_ON, tune_filters
from .simulate_scan import noise_width

Floats = NDArray[np.float32]
FAMILIES = ("random", "unet")
ROLES = ("calibrate", "test")
# Curves look at every second pixel of every second line: neighbours say nearly the same, and thousands of ensembles are
# calibrated and judged.
THIN = 2
FILTER_COLUMNS = ("filter", "setting", "correlation", "rmse")


@dataclass(frozen=True)
class _Scans:
    """The simulated images of one role, (n, size, size) each, and where they come from."""

    paths: Sequence[str | Path]
    places: Sequence[Montage]
    noisy: Floats
    reference: Floats
    truth: Floats

    @classmethod
    def read(cls, scans: Sequence[str | Path], montages: Sequence[Mapping[str, int]]) -> _Scans:
        places = [Montage(**entry) for entry in montages]
        parts: dict[str, list[Floats]] = {"noisy": [], "reference": [], "truth": []}
        for path, place in zip(scans, places, strict=True):
            with Scan(path) as source:
                truth = source.read_truth()
                if truth is None:
                    remedy = "name the simulated file's dataset /truth in the column truth of the scan sheet"
                    raise InputError("the scan has no truth", file=path, key="truth", remedy=remedy)
                planes = source.read_frame(0)[0], source.read_target(0)[0], truth[0]
            for images, plane in zip(parts.values(), planes, strict=True):
                images.append(place.cut(plane))
        return cls(scans, places, **{name: np.concatenate(images) for name, images in parts.items()})


def predict_images(ensemble: Ensemble, scan: str | Path, montage: Montage) -> Floats:
    """Lower, median and upper of every member for all images of a simulated scan, (M, 3, count, size, size).

    As the step ensemble_scan computes them: tile by tile, in the unit of the reference.
    """
    found = np.empty((len(ensemble), 3, *montage.shape), dtype=np.float32)
    memory = ensemble.hardware.memory
    with Scan(scan) as source:
        ensemble.check(source, scan)
        whole = tuple(slice(0, extent) for extent in source.shape)
        for tile in exact_tiles(ensemble, source.shape, whole, memory):
            image = tile.complete(source.read_frame(0, tile.read))
            for m in range(len(ensemble)):
                for kind, values in enumerate(ensemble.member(m, image)[1]):
                    found[m, kind][tile.keep] = values[0][tile.inner]
    return montage.cut(found)


def compare_ensembles(
    members: Mapping[str, Sequence[str | Path]],
    architectures: Mapping[str, Sequence[str | Path]],
    histories: Mapping[str, Sequence[str | Path]],
    scans: Mapping[str, Sequence[str | Path]],
    montages: Mapping[str, Sequence[Mapping[str, int]]],
    outputs: Mapping[str, str | Path],
    *,
    nominal: float,
    most: int,
    orientations: int,
    seed: int,
    hardware: Hardware | None = None,
) -> None:
    """Judge ensembles of every size on simulated test scans, and write tables and the images of one example.

    ``members``, ``architectures`` and ``histories`` map "random" and "unet" to files in the order of the members;
    ``scans`` and ``montages`` map "calibrate" and "test" to the ingested scans, which hold their truth, and to the
    fields of their :class:`Montage`. ``outputs``: ``curves`` and ``filters`` (CSV),
    ``examples`` (HDF5) and ``summary`` (JSON). Of each size, at most ``most`` ensembles are judged, their members'
    quantiles averaged, at every second pixel of every second line. All members' quantiles are held in memory, 12 bytes
    for each pixel and member of a family.

    The filters' settings are chosen with the truth of 30 of the test images, which favours them.

    Raises ``InputError`` for a scan without truth.
    """
    data = {role: _Scans.read(scans[role], montages[role]) for role in ROLES}
    test = data["test"]
    low, high = np.quantile(test.truth, [(1 - nominal) / 2, (1 + nominal) / 2])
    noise = float(noise_width(test.truth, nominal).mean())
    known = Known(_thin(test.reference), _thin(test.truth), float(high - low), noise)
    # An image with more structure than most, but not the most unusual one.
    example = int(np.argsort(test.truth.std(axis=(1, 2)), kind="stable")[int(0.75 * len(test.truth))])
    images: dict[str, Floats] = {"noisy": test.noisy[example], "truth": test.truth[example]}
    tables: list[pd.DataFrame] = []
    families: dict[str, Any] = {}
    target = data["calibrate"].reference.ravel()
    for number, family in enumerate(FAMILIES):
        ensemble = Ensemble(members[family], architectures[family], orientations, hardware)
        calibrate, judged = (_predict(ensemble, data[role]) for role in ROLES)
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**31 + 1, number)))
        table = curves(
            family, _thin(calibrate), _thin(data["calibrate"].reference), _thin(judged), known,
            nominal=nominal, most=most, random=random,
        )  # fmt: skip
        tables.append(table)
        families[family] = _about(architectures[family], histories[family]) | ends_of(table)
        learned, delivered = (
            part.mean(axis=0, dtype=np.float64).astype(np.float32).reshape(3, -1) for part in (calibrate, judged)
        )
        lower, upper = calibrated(delivered, learned, target, nominal)
        for kind, values in (("lower", lower), ("median", delivered[1]), ("upper", upper)):
            images[f"{family}/{kind}"] = values.reshape(test.truth.shape)[example]
    rows = []
    for tuned in tune_filters(test.noisy, test.truth):
        filtered = tuned.apply(test.noisy)
        images[f"filter/{tuned.name}"] = filtered[example].astype(np.float32)
        rmse = float(np.sqrt(np.mean(np.square(filtered - test.truth))))
        rows.append((tuned.name, tuned.setting, correlation(filtered, test.truth), rmse))
    filters = pd.DataFrame(rows, columns=list(FILTER_COLUMNS))
    table = pd.concat(tables, ignore_index=True)
    write_table(outputs["curves"], table.columns, table.itertuples(index=False))
    write_table(outputs["filters"], filters.columns, filters.itertuples(index=False))
    _write_images(outputs["examples"], images)
    write_json(
        outputs["summary"],
        {
            "nominal": nominal,
            "images": {role: len(part.truth) for role, part in data.items()},
            "size": test.places[0].size,
            "marginal_width": known.marginal_width,
            "noise_width": known.noise_width,
            "noisy_correlation": correlation(test.noisy, test.truth),
            "reference_is_truth": bool(np.array_equal(test.reference, test.truth)),
            "subsets": most,
            "tuned_on": min(CHOSEN_ON, len(test.truth)),
            "families": families,
            "filters": filters.to_dict("records"),
            "digests": digest_files(
                {f"{family} member": members[family] for family in FAMILIES}
                | {f"scan to {role}": scans[role] for role in ROLES}
            ),
        },
    )


def _thin(images: Floats) -> Floats:
    """Every ``THIN``-th pixel of every ``THIN``-th line of images (..., n, size, size), as (..., pixels)."""
    return images[..., ::THIN, ::THIN].reshape(*images.shape[:-3], -1)


def _predict(ensemble: Ensemble, data: _Scans) -> Floats:
    """The members' quantiles of all images of a role, (M, 3, n, size, size)."""
    parts = [predict_images(ensemble, path, place) for path, place in zip(data.paths, data.places, strict=True)]
    return np.concatenate(parts, axis=2)


def ends_of(table: pd.DataFrame) -> dict[str, Any]:
    """Of the curves of one family: every measure's mean for one member and for all, and the range of mean coverage.

    The latter is that of the truth, as published.
    """
    means = table.pivot(index="members", columns="measure", values="mean").sort_index()
    coverage = means["coverage_of_truth"]
    return {
        "members": int(means.index[-1]),
        "one": {str(measure): float(value) for measure, value in means.iloc[0].items()},
        "all": {str(measure): float(value) for measure, value in means.iloc[-1].items()},
        "coverage": [float(coverage.min()), float(coverage.max())],
    }


def _about(architectures: Sequence[str | Path], histories: Sequence[str | Path]) -> dict[str, Any]:
    """Parameters of the members, and the median time it took to train one."""
    counts = [read_architecture(path).parameter_count() for path in architectures]
    seconds = [float(pd.read_csv(path)["seconds"].iloc[-1]) for path in histories]
    return {"parameters": [min(counts), max(counts)], "training_seconds": float(np.median(seconds))}


def _write_images(path: str | Path, images: Mapping[str, Floats]) -> None:
    with atomic_path(path) as temporary, h5py.File(temporary, "w", libver="earliest") as stored:
        for name, values in images.items():
            stored.create_dataset(name, data=np.asarray(values, dtype=np.float32), track_times=False)
