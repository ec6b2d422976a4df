"""The comparison as a whole on small members with random weights, and its parts against the steps of a run."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from noisebound.architecture.families import read_architecture
from noisebound.core.hardware import Hardware
from noisebound.ensemble.members import Ensemble
from noisebound.geometry.montage import Montage
from noisebound.simulation.compare_ensembles import (
    ComparisonFiles,
    ComparisonSettings,
    about_members,
    compare_ensembles,
    deliver,
    ends_of,
    judge_filters,
)
from noisebound.simulation.curves import CURVE_COLUMNS, MEASURES, calibrated
from noisebound.simulation.examples import choose_example
from noisebound.simulation.simulate_scan import noise_width
from noisebound.simulation.simulated_images import KnownImages, ScanFiles, predict_scans
from tests.unit.simulation.simulated import MARGIN, NOMINAL, SIZE, curves_of, ingest, write_members

MEMBERS = 3


@dataclass
class Comparison:
    scans: dict[str, ScanFiles]
    families: dict[str, Any]
    outputs: ComparisonFiles
    settings: ComparisonSettings

    def run(self) -> dict[str, bytes]:
        compare_ensembles(
            self.families, self.scans, self.outputs, settings=self.settings, seed=1, hardware=Hardware(threads=1)
        )
        return {name: Path(path).read_bytes() for name, path in vars(self.outputs).items()}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("comparison")
    scans = {
        "calibrate": ScanFiles([ingest(folder, "calibrate", 6, seed=1)], [Montage(6, SIZE, MARGIN)]),
        "test": ScanFiles([ingest(folder, "test", 4, seed=2, reference_noise=0.1)], [Montage(4, SIZE, MARGIN)]),
    }
    families = {family: write_members(folder, family, MEMBERS) for family in ("random", "unet")}
    names = {"curves": "curves.csv", "filters": "filters.csv", "examples": "examples.h5", "summary": "summary.json"}
    outputs = ComparisonFiles(**{kind: folder / name for kind, name in names.items()})
    return Comparison(scans, families, outputs, ComparisonSettings(nominal=NOMINAL, subsets=2, orientations=1))


@pytest.fixture(scope="module")
def written(comparison: Comparison) -> dict[str, bytes]:
    return comparison.run()


def test_the_same_files_and_seed_give_the_same_bytes(comparison: Comparison, written: dict[str, bytes]) -> None:
    assert comparison.run() == written


def test_every_size_of_every_family_is_judged(comparison: Comparison, written: dict[str, bytes]) -> None:
    table = pd.read_csv(comparison.outputs.curves)
    assert list(table.columns) == list(CURVE_COLUMNS)
    assert len(table) == 2 * MEMBERS * len(MEASURES)
    for (_, size), part in table.groupby(["family", "members"]):
        assert set(part["measure"]) == set(MEASURES)
        assert set(part["subsets"]) == {min(2, math.comb(MEMBERS, size))}


def test_the_summary_says_what_was_compared(comparison: Comparison, written: dict[str, bytes]) -> None:
    summary = json.loads(written["summary"])
    test = KnownImages.read(comparison.scans["test"])
    assert summary["images"] == {"calibrate": 6, "test": 4} and summary["size"] == SIZE
    assert (summary["nominal"], summary["subsets"], summary["tuned_on"]) == (NOMINAL, 2, 4)
    assert summary["reference_is_truth"] is False
    low, high = np.quantile(test.truth, [0.1, 0.9])
    assert summary["marginal_width"] == pytest.approx(high - low)
    assert summary["noise_width"] == pytest.approx(noise_width(test.truth, NOMINAL).mean())
    assert summary["noisy_correlation"] == pytest.approx(np.corrcoef(test.noisy.ravel(), test.truth.ravel())[0, 1])
    assert len(summary["digests"]) == 2 * MEMBERS + 2
    table = pd.read_csv(comparison.outputs.curves)
    for family, found in summary["families"].items():
        rows = table.query(f"family == '{family}' and members == {MEMBERS}").set_index("measure")["mean"]
        assert found["all"]["rmse"] == pytest.approx(rows["rmse"])
    assert [entry["filter"] for entry in summary["filters"]] == pd.read_csv(comparison.outputs.filters)[
        "filter"
    ].tolist()


def test_the_example_is_shown_as_each_family_delivers_it(comparison: Comparison, written: dict[str, bytes]) -> None:
    test, calibrate = (KnownImages.read(comparison.scans[role]) for role in ("test", "calibrate"))
    example = choose_example(test.truth)
    with h5py.File(comparison.outputs.examples) as file:
        assert_array_equal(file["truth"][:], test.truth[example])
        assert_array_equal(file["noisy"][:], test.noisy[example])
        assert set(file["filter"]) == set(pd.read_csv(comparison.outputs.filters)["filter"])
        for family, files in comparison.families.items():
            ensemble = Ensemble(files.members, files.architectures, 1, Hardware(threads=1))
            learned, judged = (predict_scans(ensemble, comparison.scans[role]) for role in ("calibrate", "test"))
            found = deliver(learned, judged, calibrate.reference, NOMINAL)
            for kind in ("lower", "median", "upper"):
                assert_array_equal(file[f"{family}/{kind}"][:], found[kind][example])


def test_every_second_pixel_of_every_second_line_is_judged(comparison: Comparison, written: dict[str, bytes]) -> None:
    test, calibrate = (KnownImages.read(comparison.scans[role]) for role in ("test", "calibrate"))
    table = pd.read_csv(comparison.outputs.curves)
    for family, files in comparison.families.items():
        ensemble = Ensemble(files.members, files.architectures, 1, Hardware(threads=1))
        learned, judged = (
            predict_scans(ensemble, comparison.scans[role]).mean(axis=0)[..., ::2, ::2].reshape(3, -1)
            for role in ("calibrate", "test")
        )
        low, high = calibrated(judged, learned, calibrate.reference[:, ::2, ::2].ravel(), NOMINAL)
        error = judged[1] - test.truth[:, ::2, ::2].ravel()
        rows = table.query(f"family == '{family}' and members == {MEMBERS}").set_index("measure")["mean"]
        assert rows["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
        assert rows["width"] == pytest.approx((high - low).mean(), rel=1e-5)


def test_the_delivered_interval_covers_as_stated_on_the_images_that_calibrate() -> None:
    """And is the mean of the members' quantiles, moved outwards or inwards by the same amount everywhere."""
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(5, 12, 12)).astype(np.float32)
    median = reference + rng.normal(0, 0.5, (3, 5, 12, 12)).astype(np.float32)
    quantiles = np.stack([median - 0.3, median, median + 0.3], axis=1)
    found = deliver(quantiles, quantiles, reference, NOMINAL)
    inside = (found["lower"] <= reference) & (reference <= found["upper"])
    assert NOMINAL <= inside.mean() <= NOMINAL + 3 / inside.size
    assert_allclose(found["median"], median.mean(axis=0), rtol=1e-5, atol=1e-6)
    moved = quantiles[:, 0].mean(axis=0) - found["lower"]
    assert_allclose(moved, moved.mean(), atol=1e-5)
    assert_allclose(found["upper"] - quantiles[:, 2].mean(axis=0), moved, atol=1e-5)


def test_the_table_of_filters_is_that_of_their_images(comparison: Comparison) -> None:
    test = KnownImages.read(comparison.scans["test"])
    table, images = judge_filters(test)
    for row in table.to_dict("records"):
        filtered = images[row["filter"]]
        assert row["rmse"] == pytest.approx(np.sqrt(np.mean((filtered - test.truth) ** 2)))
        assert row["correlation"] == pytest.approx(np.corrcoef(filtered.ravel(), test.truth.ravel())[0, 1])


def test_the_ends_of_curves_are_one_member_and_all() -> None:
    table = curves_of(4)
    found = ends_of(table)
    means = table.set_index(["measure", "members"])["mean"]
    assert found["members"] == 4
    for measure in MEASURES:
        assert (found["one"][measure], found["all"][measure]) == (means[measure, 1], means[measure, 4])
    coverage = means["coverage_of_truth"]
    assert found["coverage"] == [coverage.min(), coverage.max()]


def test_members_are_described_by_their_parameters_and_time(comparison: Comparison) -> None:
    files = comparison.families["random"]
    found = about_members(files)
    counts = sorted(read_architecture(path).parameter_count() for path in files.architectures)
    assert found == {"parameters": [counts[0], counts[-1]], "training_seconds": 20.0}
