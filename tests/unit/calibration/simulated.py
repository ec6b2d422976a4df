"""Scans with known predictions, as files, and calibrations fitted on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml

from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.predicted_scans import PredictedScans
from noisebound.calibration.settings import CalibrationSettings
from noisebound.geometry.boxes import Box
from noisebound.latent.sample import LatentSample, save_sample
from tests.software import ROOT
from tests.unit.predicted_scan import Files, write_predicted_scan

NOMINAL = [0.5, 0.8, 0.9, 0.95]
# Of the misjudged scan: its shape, and the places of its two regions.
SHAPE = (60, 80)
CALIBRATE, TEST = (slice(0, 60), slice(0, 40)), (slice(0, 60), slice(40, 80))
SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))


def section(**changes: Any) -> CalibrationSettings:
    """The section ``calibration`` with its defaults, apart from ``changes``.

    Corrections are in the unit of the reference, in which tests can count them.
    """
    keys = SCHEMA["properties"]["calibration"]["properties"]
    values = {key: about["default"] for key, about in keys.items() if key != "bootstrap"} | {"scale": "none"}
    return CalibrationSettings(**(values | changes))


def predicted(files: Sequence[Files], tokens: Sequence[Path] = ()) -> PredictedScans:
    """The files of several scans, as steps take them."""
    lists = ([getattr(own, kind) for own in files] for kind in ("ensemble", "scan", "regions"))
    return PredictedScans(*lists, tokens)


def fit(
    files: Files | Sequence[Files],
    output: Path,
    *,
    sample: Path | None = None,
    tokens: Sequence[Path] = (),
    confidences: Sequence[float] = (),
    counts: bool = False,
    **changes: Any,
) -> Calibration:
    """Fit the calibration of one scan or several, with the defaults of the section apart from ``changes``."""
    many = [files] if isinstance(files, Files) else files
    fit_calibration(predicted(many, tokens), sample, output, section(**changes), confidences, counts)
    return Calibration.read(output)


def fit_counts(files: Files, output: Path, **changes: Any) -> Calibration:
    """Fit the calibration of :func:`poisson_scan`."""
    options: dict[str, Any] = {"nominal": NOMINAL, "primary": 0.9, "confidences": [0.75, 0.95], "counts": True}
    return fit(files, output, **(options | changes))


def fit_scans(files: Sequence[Files], output: Path, **changes: Any) -> Calibration:
    """Fit the calibration of :func:`simulated_scans`."""
    return fit(files, output, **({"nominal": [0.5, 0.8, 0.9], "primary": 0.8} | changes))


def fit_misjudged(files: Files, folder: Path, **changes: Any) -> Calibration:
    """Fit the calibration of :func:`misjudged_scan`; it is ``c.json`` in the ``folder``."""
    options: dict[str, Any] = {"nominal": [0.5, 0.8, 0.9], "primary": 0.8, "counts": True, "confidences": [0.8]}
    return fit(files, folder / "c.json", **(options | changes))


def poisson_scan(folder: Path, *, counts: bool = True, shape: tuple[int, ...] = (40, 48), **changes: Any) -> Files:
    """Poisson frames of two channels, leave-one-out; the predicted quantiles are crude on purpose."""
    rng = np.random.default_rng(5)
    rate = np.stack([np.full(shape, 0.4), np.full(shape, 5.0)]) * rng.uniform(0.5, 1.5, (2, *shape))
    noisy = rng.poisson(rate, (4, 2, *shape)).astype(np.uint8)
    median = (rate + rng.normal(0, 0.1, noisy.shape)).astype(np.float32)
    median = np.maximum(median, 0)
    half = np.array([0.01, 3.0]).reshape(2, *(1,) * len(shape))
    middle = shape[-1] // 2
    ends = shape[:-1]
    zero = (0,) * (len(shape) - 1)
    options: dict[str, Any] = {
        "noisy": noisy,
        "reference": noisy.sum(0, dtype=np.uint32),
        "reference_kind": "leave-one-out",
        "frames": (np.maximum(median - half, 0), median, median + half),
        "boxes": [
            Box("train", (*zero, 0), (*ends, 8)),
            Box("calibrate", (*zero, 10), (*ends, middle)),
            Box("calibrate", (*zero, middle + 2), (*ends, middle + 7)),
            Box("test", (*zero, middle + 9), (*ends, shape[-1])),
        ],
        "counts": counts,
    }
    return write_predicted_scan(folder, **(options | changes))


def calibrate_pixels(files: Files) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Per frame lower, median, upper, target (C, n) of the calibrate pixels, straight from the files."""
    mask = np.zeros((40, 48), bool)
    mask[:, 10:24] = mask[:, 26:31] = True
    result = []
    with h5py.File(files.scan) as scan, h5py.File(files.ensemble) as ensemble:
        noisy = scan["noisy"][:].astype(np.float64)
        for k in range(len(noisy)):
            target = ((noisy.sum(0) - noisy[k]) / (len(noisy) - 1)).astype(np.float32)
            images = [ensemble[f"frames/{kind}"][k] for kind in ("lower", "median", "upper")]
            result.append(tuple(image[:, mask] for image in (*images, target)))
    return result


def skewed_scans(n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Lower, median, upper and reference of ``n`` scans of 25 pixels, float32 (n, 25); some scans are dark throughout.

    Gain and a part of the noise are one number per scan; noise is skewed and grows with the signal, as do the widths.
    """
    signal = np.exp(rng.normal(0, 0.3, (n, 1)) + rng.normal(0, 0.3, (n, 25)))
    noise = rng.exponential(1, (n, 25)) + rng.exponential(1, (n, 1)) - 2
    reference = signal * (1 + 0.2 * rng.normal(size=(n, 1)) + 0.2 * noise)
    images = (0.9 * signal, signal, 1.2 * signal, reference)
    return tuple(image.astype(np.float32) for image in images)


def simulated_scans(folder: Path, count: int, groups: int | None = None, split: bool = False) -> list[Files]:
    """``count`` scans of role calibrate (of ``groups`` fields of view), and one that is split."""
    rng = np.random.default_rng(7)
    files = []
    for number in range(count + split):
        rate = rng.uniform(2, 6, (1, 12, 14)) * rng.normal(1, 0.1)
        median = np.broadcast_to(rate, (2, 1, 12, 14)).astype(np.float32)
        boxes = [Box("calibrate", (0, 0), (12, 14))]
        if number == count:
            boxes = [Box("train", (0, 0), (12, 4)), Box("calibrate", (0, 8), (12, 14))]
        files.append(
            write_predicted_scan(
                folder / f"scan-{number}",
                name=f"scan-{number}",
                channels=("Fe",),
                noisy=rng.poisson(rate, (2, 1, 12, 14)),
                reference=(rate + rng.normal(0, 0.5, rate.shape)).astype(np.float32),
                reference_kind="measured",
                frames=(median - 0.3, median, median + 0.4),
                boxes=boxes,
                group="" if groups is None else f"place-{number % groups}",
            )
        )
    return files


def misjudged_scan(folder: Path, frames: int = 3, counts: bool = False) -> Files:
    """Two channels whose noise the predictor misjudges: too narrow in bright pixels, too wide in dark ones."""
    rng = np.random.default_rng(21)
    rate = np.stack([rng.uniform(1, 10, SHAPE), rng.uniform(0.02, 0.6, SHAPE)])
    noise = rng.normal(0, 1, (frames, 2, *SHAPE)) * np.array([0.1, 0.1])[:, None, None] * rate**1.5
    reference = rate + noise[0]
    if counts:
        reference = rng.poisson(rate).astype(np.float64)
    median = np.broadcast_to(rate, (frames, 2, *SHAPE)).astype(np.float32)
    half = (np.array([0.3, 2.0])[:, None, None] * np.sqrt(rate)).astype(np.float32)
    return write_predicted_scan(
        folder,
        noisy=np.maximum(np.rint(rate + noise), 0),
        reference=reference.astype(np.float32),
        reference_kind="measured",
        frames=(np.maximum(median - half, 0), median, median + half),
        boxes=[Box("calibrate", (0, 0), (60, 40)), Box("test", (0, 40), (60, 80))],
        counts=counts,
    )


def images(files: Files, where: tuple[slice, ...]) -> tuple[np.ndarray, ...]:
    """Lower, median, upper and target of the first frame."""
    with h5py.File(files.ensemble) as ensemble, h5py.File(files.scan) as scan:
        kinds = [ensemble[f"frames/{kind}"][0][(slice(None), *where)] for kind in ("lower", "median", "upper")]
        return (*kinds, scan["reference"][(slice(None), *where)])


def coverage(fitted: Calibration, files: Files, where: tuple[slice, ...], nominal: float, **around: Any) -> np.ndarray:
    """Which targets are covered, (C, Y, X)."""
    lower, median, upper, target = images(files, where)
    low, high, _ = fitted.interval(lower, median, upper, nominal, **around)
    return (low <= target) & (target <= high)


def sample_of(medians: np.ndarray) -> LatentSample:
    """Training pixels with these medians, (N, C)."""
    n = len(medians)
    nothing = np.zeros((n, 2), np.float32)
    return LatentSample(
        latents=nothing,
        null=nothing,
        medians=medians.astype(np.float32),
        member_sizes=np.array([2]),
        coordinates=np.zeros((n, 2), np.int64),
        scan=np.zeros(n, np.int64),
        scans=("s",),
    )


def write_sample(path: Path, medians: np.ndarray) -> Path:
    """Write training pixels with these medians, (N, C)."""
    save_sample(path, sample_of(medians))
    return path
