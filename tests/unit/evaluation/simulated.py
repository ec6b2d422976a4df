"""A small scan whose evaluation can be counted by hand, and its evaluation."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import tifffile

from noisebound.calibration.intervals import Calibration
from noisebound.evaluation.columns import OUTPUTS
from noisebound.evaluation.evaluate import evaluate
from noisebound.evaluation.settings import EvaluationSettings
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import fit, predicted
from tests.unit.predicted_scan import Files, write_predicted_scan

SHAPE = (48, 64)
TEST = [Box("test", (0, 40), (20, 64)), Box("test", (24, 40), (48, 58))]
EXCEED = {"name": "rich", "channel": "Mg", "above": 4.0, "confidence": 0.75}


def simulate(folder: Path, **changes: Any) -> Files:
    """Poisson frames, leave-one-out: Mg has structure, Fe is flat and sparse; four members with errors of their own."""
    rng = np.random.default_rng(8)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    rate = np.stack([4 + 3 * np.sin(x / 6) * np.cos(y / 5), np.full(SHAPE, 0.3)])
    noisy = rng.poisson(rate, (5, 2, *SHAPE)).astype(np.uint8)
    members = np.maximum(rate + rng.normal(0, 0.3, (4, 2, *SHAPE)), 0)
    median = np.maximum(rate + rng.normal(0, 0.2, noisy.shape), 0)
    median[1] = members.mean(axis=0)
    half = np.array([1.0, 0.2])[:, None, None]
    options: dict[str, Any] = {
        "noisy": noisy,
        "reference": noisy.sum(0, dtype=np.uint32),
        "reference_kind": "leave-one-out",
        "frames": (np.maximum(median - half, 0), median, median + half),
        "boxes": [Box("train", (0, 0), (48, 8)), Box("calibrate", (0, 10), (48, 36)), *TEST],
        "members": members,
        "frame": 1,
        "counts": True,
    }
    return write_predicted_scan(folder, **(options | changes))


def run(folder: Path, many: list[Files], **changes: Any) -> tuple[dict[str, Any], dict[str, pd.DataFrame], Calibration]:
    """Calibrate on the first scan and evaluate all: the summary, the tables and the calibration."""
    options: dict[str, Any] = {"tokens": [], "montages": []}
    options |= {"run": "r", "block": 8, "seed": 4, "exceed": [EXCEED]} | changes
    scans, montages = predicted(many, options.pop("tokens")), options.pop("montages")
    fitted = fit(many[0], folder / "c.json", nominal=[0.5, 0.9], primary=0.9, confidences=[0.75], counts=True)
    outputs = {name: folder / "out" / f"{name}.csv" for name in OUTPUTS if name != "summary"}
    outputs["summary"] = folder / "out" / "summary.json"
    evaluate(scans, folder / "c.json", outputs, EvaluationSettings(**options), montages)
    summary = json.loads(outputs.pop("summary").read_text())
    return summary, {name: pd.read_csv(path) for name, path in outputs.items()}, fitted


def select(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """The rows of ``table`` where the named columns have these values."""
    return table[np.logical_and.reduce([table[column] == value for column, value in values.items()])]


class Brute:
    """The test pixels by plain indexing: arrays (frames, C, pixels)."""

    def __init__(self, files: Files, fitted: Calibration) -> None:
        with h5py.File(files.scan) as scan, h5py.File(files.ensemble) as ensemble:
            self.noisy = scan["noisy"][:].astype(np.float64)
            images = {kind: ensemble[f"frames/{kind}"][:] for kind in ("lower", "median", "upper")}
            self.members = ensemble["members/median"][:]
        mask = np.zeros(SHAPE, bool)
        mask[0:20, 40:64] = mask[24:48, 40:58] = True
        self.mask = mask
        target = (self.noisy.sum(0) - self.noisy) / 4
        self.target = target.astype(np.float32)[..., mask]
        self.raw = {kind: image[..., mask] for kind, image in images.items()}
        self.median = self.raw["median"]
        self.fitted = fitted

    def inside(self, nominal: float) -> tuple[np.ndarray, np.ndarray]:
        covered, width = [], []
        for k in range(5):
            low, high, _ = self.fitted.interval(*(self.raw[kind][k] for kind in ("lower", "median", "upper")), nominal)
            covered.append((low <= self.target[k]) & (self.target[k] <= high))
            width.append(high - low)
        return np.array(covered), np.array(width)


@cache
def evaluated() -> tuple[dict[str, Any], dict[str, pd.DataFrame], Brute, np.ndarray, Files]:
    """Summary, tables, plain pixels, token map and files of one scan, evaluated once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="evaluated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = simulate(folder)
    labels = np.random.default_rng(0).integers(0, 3, SHAPE).astype(np.uint8)
    tifffile.imwrite(folder / "s.tif", labels)
    summary, tables, fitted = run(folder, [files], tokens=[folder / "s.tif"])
    return summary, tables, Brute(files, fitted), labels, files
