"""Quality on the synthetic images: correlation, error, coverage and width, by number of members.

python -m benchmarks.quality --ours-only --seeds 1 --members 1 --set training.steps=500
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from noisebound.conformal import corrections

from .data import make_images
from .ours import Trained, train_and_predict

NOMINAL = 0.9
SETTINGS = Path(__file__).with_name("synthetic.yaml")


@dataclass(frozen=True)
class Quality:
    """Of the averaged quantiles on the test images: against the truth, after calibration at 90 %."""

    correlation: float
    rmse: float
    coverage: float
    width: float
    coverage_asymmetric: float
    width_asymmetric: float


def judge(calibrate: np.ndarray, test: np.ndarray) -> Quality:
    """Calibrate quantiles (3, n, Y, X) on the calibrate images' truth, then compare with that of the test images."""
    known, truth = (make_images(role).truth.astype(np.float64) for role in ("calibrate", "test"))
    lower, median, upper = test.astype(np.float64)
    error = median - truth
    results = [float(np.corrcoef(median.ravel(), truth.ravel())[0, 1]), float(np.sqrt(np.mean(error**2)))]
    for score in ("symmetric", "asymmetric"):
        found = corrections(calibrate[0] - known, known - calibrate[2], NOMINAL, score)
        low = np.minimum(lower - found["lower"], median)
        high = np.maximum(upper + found["upper"], median)
        results += [float(np.mean((low <= truth) & (truth <= high))), float(np.mean(high - low))]
    return Quality(*results)


def judge_ensemble(members: Sequence[Trained], count: int) -> Quality:
    """Quality of the first ``count`` members together, their quantiles averaged."""
    return judge(*(np.mean([m.quantiles[role] for m in members[:count]], axis=0) for role in ("calibrate", "test")))


def error_correlation(members: Sequence[Trained]) -> float:
    """Mean correlation, over pairs of members, of the errors of their medians on the test images."""
    truth = make_images("test").truth
    errors = np.stack([(m.quantiles["test"][1] - truth).ravel() for m in members])
    pairs = np.atleast_2d(np.corrcoef(errors))[np.triu_indices(len(errors), 1)]
    return float(pairs.mean()) if len(pairs) else float("nan")


def train_all(settings: Mapping[str, Any], seeds: Sequence[int], members: int, workers: int) -> list[list[Trained]]:
    """All members of all seeds, ``workers`` at a time, one core each."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [[pool.submit(train_and_predict, settings, seed, m) for m in range(members)] for seed in seeds]
        return [[job.result() for job in row] for row in jobs]


def change(settings: dict[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """``settings`` with every ``section.key=value`` of ``assignments``, the value in YAML; in place."""
    for assignment in assignments:
        path, _, value = assignment.partition("=")
        *sections, key = path.split(".")
        place = settings
        for section in sections:
            place = place[section]
        if key not in place:
            raise KeyError(f"no such setting: {path}")
        place[key] = yaml.safe_load(value)
    return settings


def main() -> None:
    """Train and print one line per seed and number of members."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours-only", action="store_true", help="leave out the reference, the U-Net and the filters")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    parser.add_argument("--set", nargs="*", default=[], metavar="SECTION.KEY=VALUE", help="instead of the file's value")
    options = parser.parse_args()
    settings = change(yaml.safe_load(options.settings.read_text(encoding="utf-8")), options.set)
    start = time.monotonic()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print("seed members correlation   rmse coverage  width (asymm.  width) error corr.  CPU s/member  parameters")
    rows: dict[int, list[Quality]] = {}
    for seed, members in zip(seeds, train_all(settings, seeds, options.members, options.workers), strict=True):
        for count in sorted({1, min(5, options.members), options.members}):
            quality = judge_ensemble(members, count)
            rows.setdefault(count, []).append(quality)
            parameters = [m.parameters for m in members[:count]]
            print(
                f"{seed:4d} {count:7d} {describe(quality)} {error_correlation(members[:count]):11.3f} "
                f"{np.mean([m.cpu_seconds for m in members[:count]]):13.1f}  {min(parameters)}-{max(parameters)}"
            )
    for count, found in rows.items():
        print(f"mean {count:7d} {describe(mean(found))}")
    print(f"{time.monotonic() - start:.0f} s")


def mean(found: Sequence[Quality]) -> Quality:
    """Field by field."""
    return Quality(*np.mean([list(vars(quality).values()) for quality in found], axis=0).tolist())


def describe(quality: Quality) -> str:
    """One line of numbers."""
    return (
        f"{quality.correlation:11.5f} {quality.rmse:6.4f} {quality.coverage:8.4f} {quality.width:6.4f} "
        f"({quality.coverage_asymmetric:6.4f} {quality.width_asymmetric:6.4f})"
    )


if __name__ == "__main__":
    main()
