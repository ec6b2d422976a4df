"""The step compare_ensembles: random networks, U-Nets of as many parameters and filters judged where truth is known.

It repeats a published experiment: ensembles of 1 to 25 networks on 64 x 64 px images with asymmetric, heteroscedastic
noise. Ensembles average the quantiles of their members and are judged on every second pixel of every second line;
filters are judged on all pixels. The settings of the filters are chosen with the truth of 30 test images, which favours
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..architecture.families import read_architecture
from ..core.hardware import Hardware
from ..core.statistics import correlation
from ..core.storage import digest_files, write_json
from ..core.tables import write_table
from ..ensemble.members import Ensemble
from .curves import Known, calibrated, curves
from .examples import choose_example, write_examples
from .filters import CHOSEN_ON, tune_filters
from .simulate_scan import noise_width
from .simulated_images import KnownImages, ScanFiles, predict_scans

Floats = NDArray[np.float32]
FAMILIES = ("random", "unet")
ROLES = ("calibrate", "test")
# Curves take every second pixel of every second line, because thousands of ensembles are calibrated and judged, and
# neighbouring pixels add little.
THIN = 2
FILTER_COLUMNS = ("filter", "setting", "correlation", "rmse")


@dataclass(frozen=True)
class ComparisonSettings:
    """What the configuration says about the comparison.

    Parameters
    ----------
    nominal
        Coverage of the intervals, from 0 to 1: ``calibration.primary``.
    subsets
        Most ensembles of each size that are judged: ``simulation.subsets``.
    orientations
        Orientations in which each member sees an image, 1, 4 or 8: ``ensemble.orientations``.
    """

    nominal: float
    subsets: int
    orientations: int


@dataclass(frozen=True)
class MemberFiles:
    """Files of the members of one family, each kind in the order of the members.

    Parameters
    ----------
    members, architectures, histories
        Trained networks, their architectures (JSON) and the course of their training (CSV).
    """

    members: Sequence[str | Path]
    architectures: Sequence[str | Path]
    histories: Sequence[str | Path]


@dataclass(frozen=True)
class ComparisonFiles:
    """Files to write.

    Parameters
    ----------
    curves, filters
        Tables of the ensembles and of the filters (CSV).
    examples
        Images of one example (HDF5).
    summary
        Numbers that describe the comparison (JSON).
    """

    curves: str | Path
    filters: str | Path
    examples: str | Path
    summary: str | Path


def compare_ensembles(
    families: Mapping[str, MemberFiles],
    scans: Mapping[str, ScanFiles],
    outputs: ComparisonFiles,
    *,
    settings: ComparisonSettings,
    seed: int,
    hardware: Hardware | None = None,
) -> None:
    """Judge ensembles of every size on simulated test scans; write tables, a summary and the images of one example.

    Members' quantiles are held in memory, 12 bytes for each pixel and member, of up to two families at a time.

    Parameters
    ----------
    families
        Files of the members of "random" and "unet".
    scans
        Simulated scans that "calibrate" and that "test".
    outputs, settings
        Files to write, and what the configuration says about the comparison.
    seed
        Seed of the run.
    hardware
        What to compute on; None for that of this machine.

    Raises
    ------
    InputError
        Where a file is unusable or a scan has no truth.
    """
    data = {role: KnownImages.read(scans[role]) for role in ROLES}
    test, nominal = data["test"], settings.nominal
    known = _known(test, nominal)
    example = choose_example(test.truth)
    images: dict[str, NDArray[np.floating]] = {"noisy": test.noisy[example], "truth": test.truth[example]}
    tables: list[pd.DataFrame] = []
    found: dict[str, Any] = {}
    for number, family in enumerate(FAMILIES):
        files = families[family]
        ensemble = Ensemble(files.members, files.architectures, settings.orientations, hardware)
        calibrate, judged = (predict_scans(ensemble, scans[role]) for role in ROLES)
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**31 + 1, number)))
        table = curves(
            family, _thin(calibrate), _thin(data["calibrate"].reference), _thin(judged), known,
            nominal=nominal, most=settings.subsets, random=random,
        )  # fmt: skip
        tables.append(table)
        found[family] = about_members(files) | ends_of(table)
        delivered = deliver(calibrate, judged, data["calibrate"].reference, nominal)
        images |= {f"{family}/{kind}": values[example] for kind, values in delivered.items()}
    filters, filtered = judge_filters(test)
    images |= {f"filter/{name}": values[example] for name, values in filtered.items()}
    _write(outputs.curves, pd.concat(tables, ignore_index=True))
    _write(outputs.filters, filters)
    write_examples(outputs.examples, images)
    summary = {"nominal": nominal, **_about_images(data, scans, known), "subsets": settings.subsets}
    summary |= {"tuned_on": min(CHOSEN_ON, len(test.truth))}
    summary |= {"families": found, "filters": filters.to_dict("records"), "digests": _digests(families, scans)}
    write_json(outputs.summary, summary)


def deliver(calibrate: Floats, judged: Floats, reference: Floats, nominal: float) -> dict[str, Floats]:
    """Compute the median and the calibrated interval of the ensemble of all members.

    Parameters
    ----------
    calibrate, judged
        Members' quantiles (lower, median, upper) of N images that calibrate and of n others, (M, 3, N, Y, X) and (M, 3,
        n, Y, X) float32.
    reference
        Reference of the images that calibrate, (N, Y, X) float32.
    nominal
        Coverage of the interval, from 0 to 1.

    Returns
    -------
    dict
        "lower", "median" and "upper" of the n other images, (n, Y, X) float32 each.
    """
    learned, delivered = (
        part.mean(axis=0, dtype=np.float64).astype(np.float32).reshape(3, -1) for part in (calibrate, judged)
    )
    lower, upper = calibrated(delivered, learned, reference.ravel(), nominal)
    parts = {"lower": lower, "median": delivered[1], "upper": upper}
    return {kind: values.reshape(judged.shape[2:]) for kind, values in parts.items()}


def judge_filters(test: KnownImages) -> tuple[pd.DataFrame, dict[str, NDArray[np.float64]]]:
    """Judge every filter at the best of its settings, on all pixels of all test images.

    Parameters
    ----------
    test
        The test images with their truth.

    Returns
    -------
    table : DataFrame
        ``FILTER_COLUMNS``, one row per filter; correlation and RMSE are with the truth.
    images : dict
        The filtered images by name of the filter, (n, Y, X) float64.
    """
    rows, images = [], {}
    for tuned in tune_filters(test.noisy, test.truth):
        filtered = images[tuned.name] = tuned.apply(test.noisy)
        rmse = float(np.sqrt(np.mean(np.square(filtered - test.truth))))
        rows.append((tuned.name, tuned.setting, correlation(filtered, test.truth), rmse))
    return pd.DataFrame(rows, columns=list(FILTER_COLUMNS)), images


def ends_of(table: pd.DataFrame) -> dict[str, Any]:
    """Take the ends of the curves of one family: one member, and all members.

    Parameters
    ----------
    table
        Of :func:`noisebound.simulation.curves.curves`.

    Returns
    -------
    dict
        ``members``, how many there are; ``one`` and ``all``, the mean of every measure for one member and for all;
        ``coverage``, smallest and largest mean coverage of the truth over all sizes.
    """
    means = table.pivot(index="members", columns="measure", values="mean").sort_index()
    coverage = means["coverage_of_truth"]
    return {
        "members": int(means.index[-1]),
        "one": {str(measure): float(value) for measure, value in means.iloc[0].items()},
        "all": {str(measure): float(value) for measure, value in means.iloc[-1].items()},
        "coverage": [float(coverage.min()), float(coverage.max())],
    }


def about_members(files: MemberFiles) -> dict[str, Any]:
    """Describe the members of one family.

    Parameters
    ----------
    files
        Their files.

    Returns
    -------
    dict
        ``parameters``, fewest and most of a member; ``training_seconds``, the median over members.
    """
    counts = [read_architecture(path).parameter_count() for path in files.architectures]
    seconds = [float(pd.read_csv(path)["seconds"].iloc[-1]) for path in files.histories]
    return {"parameters": [min(counts), max(counts)], "training_seconds": float(np.median(seconds))}


def _write(path: str | Path, table: pd.DataFrame) -> None:
    write_table(path, table.columns, table.itertuples(index=False))


def _known(test: KnownImages, nominal: float) -> Known:
    """Reference, truth and widths of the test pixels that curves are judged on; the widths are those of all pixels."""
    low, high = np.quantile(test.truth, [(1 - nominal) / 2, (1 + nominal) / 2])
    noise = float(noise_width(test.truth, nominal).mean())
    return Known(_thin(test.reference), _thin(test.truth), float(high - low), noise)


def _about_images(data: Mapping[str, KnownImages], scans: Mapping[str, ScanFiles], known: Known) -> dict[str, Any]:
    """Numbers of images, and properties of the test images on which the measured figures depend."""
    test = data["test"]
    return {
        "images": {role: len(part.truth) for role, part in data.items()},
        "size": scans["test"].montages[0].size,
        "marginal_width": known.marginal_width,
        "noise_width": known.noise_width,
        "noisy_correlation": correlation(test.noisy, test.truth),
        "reference_is_truth": bool(np.array_equal(test.reference, test.truth)),
    }


def _digests(families: Mapping[str, MemberFiles], scans: Mapping[str, ScanFiles]) -> list[dict[str, str]]:
    members = {f"{family} member": families[family].members for family in FAMILIES}
    return digest_files(members | {f"scan to {role}": scans[role].scans for role in ROLES})


def _thin(images: Floats) -> Floats:
    """Every ``THIN``-th pixel of every ``THIN``-th line of images (..., n, size, size), as (..., pixels)."""
    return images[..., ::THIN, ::THIN].reshape(*images.shape[:-3], -1)
