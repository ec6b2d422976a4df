"""Quality on the synthetic images: correlation, error, coverage and width, by number of members.

python -m benchmarks.quality --ours-only --seeds 1 --members 1 --set training.steps=500
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from noisebound.calibration.conformal import corrections, side_scores
from noisebound.calibration.modes import Score
from noisebound.calibration.rounding import width_of

from . import protocol
from .data import Scale, make_images
from .ours import Trained, train_and_predict

NOMINAL = 0.9
SETTINGS = Path(__file__).with_name("synthetic.yaml")
NOT_STEPS = ("unets", "reference", "quick")
# Score and whether it is scaled by the predicted width: as published, each side by itself, and as the synthetic
# experiment of noisebound calibrates (config/synthetic.yaml).
WAYS: tuple[tuple[Score, bool], ...] = (("symmetric", False), ("asymmetric", False), ("asymmetric", True))


@dataclass(frozen=True)
class Quality:
    """Of the averaged quantiles on the test images, against the truth; coverage and width in each of ``WAYS``."""

    correlation: float
    rmse: float
    coverage: float
    width: float
    coverage_asymmetric: float
    width_asymmetric: float
    coverage_scaled: float
    width_scaled: float


@dataclass(frozen=True)
class Ensembles:
    """The trained members of the reference, and of every seed of ours and of each U-Net, by the U-Net's name."""

    reference: Sequence[Trained]
    unets: Mapping[str, Sequence[Sequence[Trained]]]
    ours: Sequence[Sequence[Trained]]


def judge(calibrate: np.ndarray, test: np.ndarray) -> Quality:
    """Calibrate quantiles (3, n, Y, X) on the calibrate images' truth, then compare with that of the test images."""
    known, truth = (make_images(role).truth.astype(np.float64) for role in ("calibrate", "test"))
    lower, median, upper = test.astype(np.float64)
    error = median - truth
    results = [float(np.corrcoef(median.ravel(), truth.ravel())[0, 1]), float(np.sqrt(np.mean(error**2)))]
    for score, scaled in WAYS:
        found = corrections(*side_scores(calibrate[0], calibrate[2], known, scaled), NOMINAL, score)
        unit = width_of(lower, upper) if scaled else 1.0
        low = np.minimum(lower - found["lower"] * unit, median)
        high = np.maximum(upper + found["upper"] * unit, median)
        results += [float(np.mean((low <= truth) & (truth <= high))), float(np.mean(high - low))]
    return Quality(*results)


def judge_ensemble(members: Sequence[Trained], count: int) -> Quality:
    """Quality of the first ``count`` members together, their quantiles averaged."""
    return judge(*(np.mean([m.quantiles[role] for m in members[:count]], axis=0) for role in ("calibrate", "test")))


def judge_seeds(ensembles: Sequence[Sequence[Trained]], count: int) -> Quality:
    """Mean quality, over seeds, of ``count`` members."""
    found = [list(vars(judge_ensemble(members, count)).values()) for members in ensembles]
    return Quality(*np.mean(found, axis=0).tolist())


def error_correlation(members: Sequence[Trained]) -> float:
    """Mean correlation, over pairs of members, of the errors of their medians on the test images."""
    truth = make_images("test").truth
    errors = np.stack([(m.quantiles["test"][1] - truth).ravel() for m in members])
    pairs = np.atleast_2d(np.corrcoef(errors))[np.triu_indices(len(errors), 1)]
    return float(pairs.mean()) if len(pairs) else float("nan")


def read_settings(path: Path = SETTINGS) -> dict[str, Any]:
    """The content of ``synthetic.yaml``."""
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings


def shorten(settings: dict[str, Any]) -> dict[str, Any]:
    """Every training shortened to the share ``quick``; in place."""
    share = float(settings["quick"])
    settings["training"]["steps"] = round(settings["training"]["steps"] * share)
    settings["reference"]["epochs"] = max(1, round(settings["reference"]["epochs"] * share))
    return settings


def unet_settings(settings: Mapping[str, Any], unet: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` with the keys of ``unet``, one of its ``unets``, in place of those of the random networks."""
    merged = {key: value for key, value in settings.items() if key not in NOT_STEPS}
    for section, values in unet["changes"].items():
        merged[section] = {**merged[section], **values}
    return merged


class Trainings:
    """Trainings side by side, each on one core; use it as a context."""

    def __init__(self, settings: Mapping[str, Any], workers: int) -> None:
        self.settings = settings
        self.processes = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
        self.threads = ThreadPoolExecutor(workers)
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> Trainings:
        return self

    def __exit__(self, *_: object) -> None:
        self.threads.shutdown(cancel_futures=True)
        self.processes.shutdown(cancel_futures=True)
        self.folder.cleanup()

    def ours(self, seed: int, member: int) -> Future[Trained]:
        """Train one of our members."""
        return self._start(self.settings, seed, member, None)

    def unet(self, unet: Mapping[str, Any], seed: int, member: int, budget: float) -> Future[Trained]:
        """Train one of ``unets`` for ``budget`` seconds of the processor."""
        if "reference" in unet:
            # The reference has one seed for everything: members of different seeds shall not be the same.
            number = 1000 * (seed + 1) + member
            return self.threads.submit(self._call_reference, "train_unet", number, unet["reference"], budget=budget)
        return self._start(unet_settings(self.settings, unet), seed, member, budget)

    def _start(self, settings: Mapping[str, Any], seed: int, member: int, budget: float | None) -> Future[Trained]:
        # A thread waits for its process, so that these and the reference's processes share the cores fairly.
        return self.threads.submit(
            lambda: self.processes.submit(train_and_predict, settings, seed, member, budget).result()
        )

    def reference(self, member: int) -> Future[Trained]:
        """Train one member of the reference."""
        return self.threads.submit(self._call_reference, "train", member, self.settings["reference"])

    def _call_reference(self, call: str, seed: int, settings: Mapping[str, Any], **more: float) -> Trained:
        train = make_images("train")
        scale = Scale.of(train)
        noisy, truth = scale.normalise(train)
        others = {role: scale.normalise(make_images(role))[0] for role in ("calibrate", "test")}
        with tempfile.TemporaryDirectory(dir=self.folder.name) as folder:
            data, output = Path(folder) / "data.npz", Path(folder) / "output.npz"
            np.savez(data, noisy=noisy, truth=truth, **others)
            with protocol.reference() as worker:
                about = worker.call(call, seed=seed, data=str(data), output=str(output), **settings, **more)
            with np.load(output) as found:
                quantiles = {
                    role: found[role] * np.float32(scale.truth_spread) + np.float32(scale.truth_mean) for role in others
                }
        return Trained(quantiles, about["cpu_seconds"], about["parameters"])


def train_all(
    settings: Mapping[str, Any], *, seeds: Sequence[int], members: int, reference: int, unet: int, workers: int
) -> Ensembles:
    """Train so many members of each kind, ``workers`` at a time: U-Nets as long as the mean of ours or the reference's.

    Of each U-Net there are as many ensembles as of ours, or as it says, ``unet`` members in each.
    """
    with Trainings(settings, workers) as trainings:
        theirs = [trainings.reference(member) for member in range(reference)]
        ours = [[trainings.ours(seed, member) for member in range(members)] for seed in seeds]
        done = [job.result() for job in theirs]
        found = [[job.result() for job in row] for row in ours]
        budgets = {"ours": mean_seconds(found), "reference": mean_seconds([done])} if unet else {}
        unets = {
            entry["name"]: [
                [trainings.unet(entry, seed, member, budgets[entry.get("time", "ours")]) for member in range(unet)]
                for seed in seeds[: entry.get("seeds", len(seeds))]
            ]
            for entry in (settings["unets"] if unet else ())
        }
        return Ensembles(
            done, {name: [[job.result() for job in row] for row in rows] for name, rows in unets.items()}, found
        )


def mean_seconds(ensembles: Sequence[Sequence[Trained]], count: int | None = None) -> float:
    """Mean seconds of the processor to train one of the first ``count`` members of each ensemble, or of all."""
    return float(np.mean([member.cpu_seconds for members in ensembles for member in members[:count]]))


def change(settings: dict[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """``settings`` with every ``section.key=value`` of ``assignments``, the value in YAML; in place.

    Raises ``KeyError`` where there is no such setting.
    """
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
    """Train and print one line per kind, seed and number of members."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours-only", action="store_true", help="leave out the reference and the U-Net")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--reference", type=int, default=5, help="how many members of the reference, and of the U-Net")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    parser.add_argument("--set", nargs="*", default=[], metavar="SECTION.KEY=VALUE", help="instead of the file's value")
    options = parser.parse_args()
    settings = change(read_settings(options.settings), options.set)
    start = time.monotonic()
    others = 0 if options.ours_only else options.reference
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    found = train_all(
        settings,
        seeds=seeds,
        members=options.members,
        reference=others,
        unet=others,
        workers=options.workers,
    )
    print(
        "who        members correlation   rmse coverage  width (asymm.  width) (scaled  width) error corr.  "
        "CPU s/member  parameters"
    )
    for count in sorted({1, len(found.reference)} if found.reference else ()):
        print(describe("reference", found.reference, count))
    for name, ensembles in found.unets.items():
        print(name)
        for seed, members in zip(seeds, ensembles, strict=False):
            print(describe(f"seed {seed}", members, len(members)))
    for seed, members in zip(seeds, found.ours, strict=True):
        for count in sorted({1, min(5, len(members)), len(members)}):
            print(describe(f"seed {seed}", members, count))
    for count in sorted({1, min(5, options.members), options.members}):
        print(f"{'mean':10} {count:7d} {numbers(judge_seeds(found.ours, count))}")
    print(f"{time.monotonic() - start:.0f} s")


def describe(name: str, members: Sequence[Trained], count: int) -> str:
    """One line about the first ``count`` members."""
    chosen = members[:count]
    parameters = [member.parameters for member in chosen]
    return (
        f"{name:10} {count:7d} {numbers(judge_ensemble(chosen, count))} {error_correlation(chosen):11.3f} "
        f"{np.mean([member.cpu_seconds for member in chosen]):13.1f}  {min(parameters)}-{max(parameters)}"
    )


def numbers(quality: Quality) -> str:
    """The figures of one line."""
    return (
        f"{quality.correlation:11.5f} {quality.rmse:6.4f} {quality.coverage:8.4f} {quality.width:6.4f} "
        f"({quality.coverage_asymmetric:6.4f} {quality.width_asymmetric:6.4f}) "
        f"({quality.coverage_scaled:6.4f} {quality.width_scaled:6.4f})"
    )


if __name__ == "__main__":
    main()
