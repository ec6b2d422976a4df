"""Evaluation: every number against brute force on a small synthetic scan; the block bootstrap against simulation."""

from __future__ import annotations

import json
import math
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.stats import pearsonr
from skimage.metrics import peak_signal_noise_ratio

from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.calibration.intervals import Calibration
from noisebound.core.errors import InputError
from noisebound.core.statistics import correlation
from noisebound.evaluation.columns import OUTPUTS
from noisebound.evaluation.evaluate import evaluate
from noisebound.evaluation.gaussian import SIGMAS
from noisebound.evaluation.held_out import border_distance
from noisebound.evaluation.metrics import atoms, block_sums, bootstrap_interval, psnr
from noisebound.evaluation.summary import explain
from noisebound.geometry.blocks import block_labels
from noisebound.geometry.boxes import Box
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
    lists = {key: [getattr(files, key) for files in many] for key in ("ensemble", "scan", "regions")}
    fit_calibration(
        lists["ensemble"][:1],
        lists["scan"][:1],
        lists["regions"][:1],
        folder / "c.json",
        nominal=[0.5, 0.9],
        primary=0.9,
        confidences=[0.75],
        counts=True,
    )
    outputs = {name: folder / "out" / f"{name}.csv" for name in OUTPUTS if name != "summary"}
    outputs["summary"] = folder / "out" / "summary.json"
    options: dict[str, Any] = {"run": "r", "block": 8, "bootstrap": 200, "seed": 4, "tokens": [], "exceed": [EXCEED]}
    options |= changes
    tokens = options.pop("tokens")
    evaluate(lists["ensemble"], lists["scan"], lists["regions"], tokens, folder / "c.json", outputs, **options)
    summary = json.loads(outputs.pop("summary").read_text())
    return summary, {name: pd.read_csv(path) for name, path in outputs.items()}, Calibration.read(folder / "c.json")


def select(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """The rows of ``table`` where the named columns have these values."""
    return table[np.logical_and.reduce([table[column] == value for column, value in values.items()])]


class Brute:
    """The test pixels by plain indexing: arrays (frames, C, pixels)."""

    def __init__(self, files: Files, fitted: Calibration) -> None:
        import h5py

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


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    folder = tmp_path_factory.mktemp("evaluation")
    files = simulate(folder)
    labels = np.random.default_rng(0).integers(0, 3, SHAPE).astype(np.uint8)
    tifffile.imwrite(folder / "s.tif", labels)
    summary, tables, fitted = run(folder, [files], tokens=[folder / "s.tif"])
    return summary, tables, Brute(files, fitted), labels, files


def test_coverage_equals_counting(judged: tuple[Any, ...]) -> None:
    summary, tables, brute, _, _ = judged
    assert list(tables["coverage"]["channel"]) == ["Mg", "Mg", "Fe", "Fe"]
    for nominal in (0.5, 0.9):
        covered, width = brute.inside(nominal)
        for c, name in enumerate(("Mg", "Fe")):
            entry = summary["channels"][name]["coverage"][f"{nominal:g}"]
            assert entry["value"] == pytest.approx(covered[:, c].mean())
            assert entry["mean_width"] == pytest.approx(width[:, c].mean(), rel=1e-6)
            positive = brute.target[:, c] > 0
            assert entry["without_atoms"] == pytest.approx(covered[:, c][positive].mean())
            assert entry["of_atoms"] == pytest.approx(covered[:, c][~positive].mean())
            assert entry["atoms"] == pytest.approx((~positive).mean())
            assert entry["zero_width"] == (width[:, c] == 0).mean()
            assert entry["low"] < entry["value"] < entry["high"]
            assert entry["below"] + entry["above"] + entry["value"] == pytest.approx(1)
            row = select(tables["coverage"], channel=name, nominal=nominal).iloc[0]
            assert row["coverage"] == pytest.approx(entry["value"])
            assert row["target"] == "the mean of the other 4 frames, noisy itself"
            assert row["n_pixels"] == 5 * (20 * 24 + 24 * 18)
            # 20 x 24 px make 2 x 3 blocks of about 8 px (20 / 8 rounds to even), 24 x 18 px make 3 x 2.
            assert row["n_blocks"] == 2 * 3 + 3 * 2


def test_errors_equal_brute_force(judged: tuple[Any, ...]) -> None:
    summary, tables, brute, _, _ = judged
    relative = {"ours": 0.0, "gaussian": 0.0}
    for c, name in enumerate(("Mg", "Fe")):
        entry = summary["channels"][name]
        median, target = brute.median[:, c].astype(float), brute.target[:, c].astype(float)
        mse, noise = ((median - target) ** 2).mean(), (target / 4).mean()
        assert entry["rmse"] == pytest.approx(math.sqrt(mse))
        assert entry["rmse_noise_removed"] == pytest.approx(math.sqrt(max(mse - noise, 0)), rel=1e-5, abs=1e-9)
        assert entry["bias"] == pytest.approx((median - target).mean())
        estimate = brute.fitted.mean(np.moveaxis(brute.median, 1, 0))[c]
        assert entry["bias_of_mean"] == pytest.approx((estimate - target).mean(), abs=1e-6)
        assert abs(entry["bias_of_mean"]) < 0.05
        assert entry["target_mean"] == pytest.approx(target.mean())
        assert entry["correlation"] == pytest.approx(pearsonr(median.ravel(), target.ravel())[0])
        extent = target.max() - target.min()
        assert entry["psnr"] == pytest.approx(peak_signal_noise_ratio(target, median, data_range=extent))
        filtered = [
            np.mean(
                [
                    (ndimage.gaussian_filter(brute.noisy[k, c], s, mode="nearest")[brute.mask] - target[k]) ** 2
                    for k in range(5)
                ]
            )
            for s in SIGMAS
        ]
        assert entry["gaussian"]["sigma"] == SIGMAS[int(np.argmin(filtered))]
        assert entry["gaussian"]["mse_noise_removed"] == pytest.approx(min(filtered) - noise, rel=1e-5)
        flat = np.mean([(t - t.mean()) ** 2 for t in target])
        assert entry["flat_mse_noise_removed"] == pytest.approx(flat - noise, rel=1e-4, abs=1e-6)
        assert entry["structured"] == (name == "Mg") == (flat - noise >= 0.25 * noise)
        if name == "Mg":
            relative = {"ours": (mse - noise) / (flat - noise), "gaussian": (min(filtered) - noise) / (flat - noise)}
        row = select(tables["errors"], channel=name).iloc[0]
        assert row["scan"] == "s"
        assert row["mse"] == pytest.approx(mse)
    assert summary["structured_channels"] == ["Mg"]
    assert summary["ratio_to_gaussian"] == pytest.approx(relative["ours"] / relative["gaussian"], rel=1e-4)
    assert summary["scans"]["s"]["Mg"]["rmse"] == summary["channels"]["Mg"]["rmse"]
    assert summary["target"] == "the mean of the other 4 frames, noisy itself"


def test_groups_equal_counting(judged: tuple[Any, ...]) -> None:
    _, tables, brute, labels, _ = judged
    covered, _ = brute.inside(0.9)
    for c, name in enumerate(("Mg", "Fe")):
        rows = {key: select(tables[key], channel=name, nominal=0.9) for key in tables if key.startswith("by_")}
        for _, row in rows["by_token"].iterrows():
            chosen = labels[brute.mask] == row["token"]
            assert row["n_pixels"] == chosen.sum()
            assert row["coverage"] == pytest.approx(covered[1, c][chosen].mean())
        y, x = np.nonzero(brute.mask)
        distance = np.minimum.reduce([y, x, 47 - y, 63 - x])
        classes = {"0": (0, 0), "1": (1, 1), "2-3": (2, 3), "4-7": (4, 7), "8-15": (8, 15), "16-31": (16, 31)}
        assert list(rows["by_border"]["distance"]) == list(classes)
        for _, row in rows["by_border"].iterrows():
            a, b = classes[row["distance"]]
            chosen = (distance >= a) & (distance <= b)
            assert row["n_pixels"] == 5 * chosen.sum()
            assert row["coverage"] == pytest.approx(covered[:, c][:, chosen].mean())
        deciles = rows["by_intensity"]
        assert deciles["n_pixels"].sum() == covered[:, c].size
        assert (deciles["coverage"] * deciles["n_pixels"]).sum() == pytest.approx(covered[:, c].sum())
        for _, row in deciles.iterrows():
            last = row["decile"] == 10
            m = brute.median[:, c]
            chosen = (m >= row["median_from"] - 1e-6) & ((m < row["median_to"]) | last)
            assert abs(row["n_pixels"] - chosen.sum()) <= 2
    assert len(select(tables["by_intensity"], channel="Mg", nominal=0.9)) == 10


def test_coverage_of_the_truth_stands_beside_that_of_the_reference(tmp_path: Path) -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    truth = np.stack([4 + 3 * np.sin(x / 6) * np.cos(y / 5), np.full(SHAPE, 0.3)]).astype(np.float32)
    files = simulate(tmp_path, truth=truth)
    summary, tables, fitted = run(tmp_path, [files])
    brute = Brute(files, fitted)
    for (c, name), nominal in product(enumerate(("Mg", "Fe")), (0.5, 0.9)):
        inside = []
        for k in range(5):
            quantiles = (brute.raw[kind][k] for kind in ("lower", "median", "upper"))
            low, high, _ = fitted.interval(*quantiles, nominal)
            inside.append((low[c] <= truth[c][brute.mask]) & (truth[c][brute.mask] <= high[c]))
        entry = summary["channels"][name]["coverage"][f"{nominal:g}"]
        assert entry["of_truth"] == pytest.approx(np.mean(inside))
        assert entry["of_truth"] > entry["value"], "the noise of the reference needs room, too"
        row = select(tables["coverage"], channel=name, nominal=nominal).iloc[0]
        assert row["coverage_of_truth"] == pytest.approx(entry["of_truth"])
    assert run(tmp_path, [simulate(tmp_path / "n")])[0]["channels"]["Mg"]["coverage"]["0.9"]["of_truth"] is None


def test_modes_are_compared_with_the_one_asked_for(judged: tuple[Any, ...]) -> None:
    summary, tables, brute, _, _ = judged
    modes, blocks = tables["modes"], tables["by_block"]
    chosen = modes[modes["chosen"]]
    assert list(chosen["mode"]) == ["symmetric"] * 2
    assert list(chosen["relative_width"]) == [1, 1]
    others = set(modes[~modes["chosen"]]["mode"])
    assert others == {"asymmetric", "symmetric, scaled by width"}
    for c, name in enumerate(("Mg", "Fe")):
        row = select(modes, mode="symmetric", channel=name).iloc[0]
        assert row["coverage"] == pytest.approx(summary["channels"][name]["coverage"]["0.9"]["value"])
        deciles = select(tables["by_intensity"], channel=name, nominal=0.9)["coverage"]
        assert row["decile_low"] == pytest.approx(deciles.min())
        assert row["decile_gap"] == pytest.approx((deciles - 0.9).abs().mean())
        tokens = select(tables["by_token"], channel=name, nominal=0.9)["coverage"]
        assert (row["token_low"], row["token_high"]) == pytest.approx((tokens.min(), tokens.max()))
        own = select(blocks, channel=name)
        assert row["block_low"] == pytest.approx(np.quantile(own["coverage"], 0.1))
        assert len(own) == 12
        assert own["n_pixels"].sum() == brute.target[:, c].size
        assert (own["coverage"] * own["n_pixels"]).sum() == pytest.approx(brute.inside(0.9)[0][:, c].sum())
        # The block that begins in the corner of the first test box, by plain indexing.
        first = own[(own["y"] == 0) & (own["x"] == 40)].iloc[0]
        place = np.flatnonzero(brute.mask)
        inside = brute.inside(0.9)[0][:, c]
        chosen_pixels = (place // 64 < 10) & (place % 64 < 48)
        assert first["coverage"] == pytest.approx(inside[:, chosen_pixels].mean())


def test_in_a_montage_the_border_is_that_of_each_image(tmp_path: Path) -> None:
    boxes = [
        Box("calibrate", (0, 0), (48, 20)),
        *(Box("test", (y, x), (y + 8, x + 8)) for y in (4, 28) for x in (24, 44)),
    ]
    files = simulate(tmp_path, boxes=boxes)
    _, apart, _ = run(tmp_path, [files])
    _, tables, _ = run(tmp_path, [files], montages=["s"])
    rows = select(tables["by_border"], channel="Mg", nominal=0.9)
    # An image of 8 x 8 px has 28 pixels on its border, 20 beside these, then 16; five frames of four images.
    assert dict(zip(rows["distance"], rows["n_pixels"], strict=True)) == {"0": 560, "1": 400, "2-3": 320}
    assert "0" not in set(apart["by_border"]["distance"]), "no box touches the border of the plane"


def test_ensemble_size_equals_all_subsets(judged: tuple[Any, ...]) -> None:
    _, tables, brute, _, _ = judged
    for c, name in enumerate(("Mg", "Fe")):
        target = brute.target[1, c].astype(float)
        for m in range(1, 5):
            means = [brute.members[list(s), c].mean(0)[brute.mask].astype(float) for s in combinations(range(4), m)]
            row = select(tables["ensemble_size"], channel=name, members=m).iloc[0]
            assert row["subsets"] == len(means)
            correlations = [pearsonr(mean, target)[0] for mean in means]
            assert row["correlation"] == pytest.approx(np.mean(correlations), rel=1e-5)
            assert row["correlation_q25"] == pytest.approx(np.quantile(correlations, 0.25), rel=1e-5)
            assert row["rmse"] == pytest.approx(np.mean([np.sqrt(((a - target) ** 2).mean()) for a in means]), rel=1e-5)


def test_realised_precision_equals_counting(judged: tuple[Any, ...]) -> None:
    summary, tables, brute, _, _ = judged
    frames = list(zip(*(brute.raw[kind] for kind in ("lower", "median", "upper")), strict=True))
    low, high = (np.array([brute.fitted.bound(side, *v, 0.75) for v in frames])[:, 0] for side in ("lower", "upper"))
    target = brute.target[:, 0]
    rows = tables["decisions"].set_index("side")
    above, below = (low > 4) & (high > 4), (high <= 4) & (low <= 4)
    assert above.any()
    assert below.any()
    assert rows.loc["above", "precision"] == pytest.approx((target > 4)[above].mean())
    assert rows.loc["below", "precision"] == pytest.approx((target <= 4)[below].mean())
    assert rows.loc["above", "declared"] == pytest.approx(above.mean())
    assert [entry["name"] for entry in summary["decisions"]] == ["rich", "rich"]


def test_same_seed_same_bytes_and_other_seed_other_intervals(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    texts = []
    for seed in (4, 4, 5):
        run(tmp_path, [files], seed=seed)
        texts.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert texts[0] == texts[1]
    assert texts[0]["coverage.csv"] != texts[2]["coverage.csv"]
    assert texts[0]["errors.csv"] == texts[2]["errors.csv"]


def test_several_scans_are_pooled_by_pixels(tmp_path: Path) -> None:
    one = simulate(tmp_path / "a")
    box = [Box("test", (0, 0), (48, 30))]
    two = simulate(tmp_path / "b", name="t", boxes=box, noisy=np.ones((5, 2, *SHAPE), np.uint8) * 3, members=None,
                   reference=np.full((2, *SHAPE), 15, np.uint32))  # fmt: skip
    three = simulate(
        tmp_path / "c", name="u", boxes=[Box("apply", (0, 0), SHAPE)], reference=None, reference_kind="none"
    )
    summary, tables, _ = run(tmp_path, [one, two, three])
    mode = select(tables["modes"], chosen=True, channel="Mg").iloc[0]
    ends = sorted(entry["Mg"]["coverage"]["0.9"]["value"] for entry in summary["scans"].values())
    assert (mode["scan_low"], mode["scan_high"], mode["scans"]) == pytest.approx((*ends, 2))
    assert list(summary["scans"]) == ["s", "t"]
    a, b, both = (entry["Mg"] for entry in (*summary["scans"].values(), summary["channels"]))
    assert both["n_pixels"] == a["n_pixels"] + b["n_pixels"] == 5 * (912 + 1440)
    weighted = (a["rmse"] ** 2 * a["n_pixels"] + b["rmse"] ** 2 * b["n_pixels"]) / both["n_pixels"]
    assert both["rmse"] == pytest.approx(math.sqrt(weighted))
    covered = sum(e["coverage"]["0.9"]["value"] * e["n_pixels"] for e in (a, b)) / both["n_pixels"]
    assert both["coverage"]["0.9"]["value"] == pytest.approx(covered)
    assert b["correlation"] is None
    assert len(tables["errors"]) == 4


def test_many_test_scans_are_drawn_as_wholes(tmp_path: Path) -> None:
    """Ten scans that differ by their gain: blocks would claim to know the coverage far better than scans do."""
    rng = np.random.default_rng(3)
    files = [simulate(tmp_path / "first", boxes=[Box("calibrate", (0, 0), SHAPE)])]
    for number in range(10):
        reference = np.full((2, *SHAPE), 20 + 2 * (number % 5), np.uint32) + rng.poisson(3, (2, *SHAPE)).astype(
            np.uint32
        )
        files.append(
            simulate(
                tmp_path / str(number), name=f"t{number}", boxes=[Box("test", (0, 0), SHAPE)], members=None,
                reference=reference, reference_kind="measured",
            )
        )  # fmt: skip
    lists = [run(tmp_path / "few", files[:5]), run(tmp_path / "many", files)]
    rows = [select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0] for _, tables, _ in lists]
    assert [row["resampled"] for row in rows] == ["blocks", "scans"]
    assert [summary["channels"]["Mg"]["resampled"] for summary, _, _ in lists] == ["blocks", "scans"]
    summary = lists[1][0]
    own = np.array([entry["Mg"]["coverage"]["0.9"]["value"] for entry in summary["scans"].values()])
    draws = np.random.default_rng(0).choice(own, (4000, 10)).mean(axis=1)
    assert rows[1]["high"] - rows[1]["low"] == pytest.approx(np.ptp(np.quantile(draws, [0.025, 0.975])), rel=0.25)
    assert rows[1]["n_blocks"] == 10 * 6 * 8


def test_repeats_of_one_group_are_one_thing_to_draw(tmp_path: Path) -> None:
    """Ten scans, two of each field of view: as if five had been measured, however often."""
    files = [simulate(tmp_path / "first", boxes=[Box("calibrate", (0, 0), SHAPE)])]
    box = [Box("test", (0, 0), (16, 16))]
    for number in range(10):
        files.append(
            simulate(tmp_path / str(number), name=f"t{number}", boxes=box, members=None, group=f"place {number % 5}")
        )
    _, once, _ = run(tmp_path / "once", files[:6], exceed=[])
    summary, twice, _ = run(tmp_path / "twice", files, exceed=[])
    assert summary["channels"]["Mg"]["resampled"] == "blocks"
    rows = [select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0] for tables in (once, twice)]
    assert [row["n_blocks"] for row in rows] == [5 * 4, 5 * 4]
    assert [row["n_pixels"] for row in rows] == [5 * 5 * 256, 10 * 5 * 256]
    # Every repeat is the same here, so measuring twice teaches nothing.
    assert rows[0]["low"] == rows[1]["low"] and rows[0]["high"] == rows[1]["high"]
    assert set(twice["modes"]["scans"]) == {5}
    assert len(set(twice["by_block"]["scan"])) == 10


def test_unknown_noise_is_null_and_all_channels_count(tmp_path: Path) -> None:
    reference = np.random.default_rng(2).normal(5, 1, (2, *SHAPE)).astype(np.float32)
    summary, _, _ = run(tmp_path, [simulate(tmp_path, reference=reference, reference_kind="measured", counts=False)])
    entry = summary["channels"]["Mg"]
    assert entry["rmse_noise_removed"] is None
    assert entry["gaussian"]["mse_noise_removed"] is None
    assert summary["structured_channels"] == ["Mg", "Fe"]
    expected = [sum(e[k] / e["flat_mse"] for e in summary["channels"].values()) for k in ("mse",)]
    filtered = sum(e["gaussian"]["mse"] / e["flat_mse"] for e in summary["channels"].values())
    assert summary["ratio_to_gaussian"] == pytest.approx(expected[0] / filtered)


def test_without_test_region_the_summary_says_so(tmp_path: Path) -> None:
    files = simulate(tmp_path, boxes=[Box("calibrate", (0, 0), SHAPE)])
    summary, tables, _ = run(tmp_path, [files])
    assert summary["channels"] == {}
    assert summary["ratio_to_gaussian"] is None
    assert "No scan has a test region" in summary["why"]
    assert all(len(table) == 0 and "channel" in table.columns for table in tables.values())


def test_infinite_intervals_stay_readable_json(tmp_path: Path) -> None:
    files = simulate(tmp_path, boxes=[Box("calibrate", (0, 0), (1, 1)), *TEST])
    summary, _, _ = run(tmp_path, [files])
    entry = summary["channels"]["Mg"]["coverage"]["0.9"]
    assert entry["value"] == 1
    assert entry["mean_width"] is None
    assert "above the nominal" in summary["channels"]["Mg"]["explanation"]


def test_a_test_region_needs_a_reference(tmp_path: Path) -> None:
    one = simulate(tmp_path / "a")
    two = simulate(tmp_path / "b", name="t", reference=None, reference_kind="none")
    with pytest.raises(InputError, match="no reference"):
        run(tmp_path, [one, two][::1])


def test_more_coverage_than_asked_for_is_the_price_of_a_promise_about_scans() -> None:
    fitted = Calibration({"n_whole_scans": 12, "units": {"0.9": "scan"}})
    row = {"coverage": 0.97, "nominal": 0.9}
    assert "12 calibrate scans, the promise about further scans (unit scan)" in explain(row, fitted)


def test_explanations_follow_the_numbers() -> None:
    fitted = Calibration({"n_blocks": 12, "n_pixels": 999})
    row = {"coverage": 0.85, "nominal": 0.9, "low": 0.8, "high": 0.92, "n_blocks": 30, "below": 0.02, "above": 0.13}
    words = explain(row, fitted)
    assert "0.050 below" in words
    assert "contains the nominal" in words
    assert "12 calibration blocks" in words
    assert "2.0% of the targets lie below the interval and 13.0% above" in words
    assert "does not contain" in explain(row | {"high": 0.88}, fitted)
    assert "within 0.02" in explain(row | {"coverage": 0.91}, fitted)
    assert "without them it is 0.910" in explain(row | {"coverage": 0.95, "coverage_without_atoms": 0.91}, fitted)
    assert "single block" in explain(row | {"low": math.nan}, fitted)


def test_block_bootstrap_covers_the_truth_where_the_binomial_does_not() -> None:
    """In correlated fields of which 80 % is 'covered' the true share lies in most block intervals, in few binomial."""
    size, block, runs = 96, 24, 60
    rng = np.random.default_rng(17)
    threshold = 0.8416212335729143  # 80 % quantile of a standard normal
    labels, n_blocks = block_labels((size, size), block)
    wins = {"block": 0, "binomial": 0}
    for _ in range(runs):
        field = ndimage.gaussian_filter(rng.normal(size=(size + 40, size + 40)), 3)[20:-20, 20:-20]
        field /= 1 / (2 * 3 * math.sqrt(math.pi))
        covered = (field < threshold)[None]
        hits = block_sums(covered, np.zeros((), int), labels, n_blocks, 1)
        counts = block_sums(np.ones(covered.shape), np.zeros((), int), labels, n_blocks, 1)
        low, high = bootstrap_interval(hits, counts, 300, rng)
        wins["block"] += bool(low[0] <= 0.8 <= high[0])
        half = 1.96 * math.sqrt(covered.mean() * (1 - covered.mean()) / covered.size)
        wins["binomial"] += bool(abs(covered.mean() - 0.8) <= half)
    assert wins["block"] >= 0.8 * runs
    assert wins["binomial"] <= 0.5 * runs


def test_bootstrap_of_identical_and_of_single_blocks() -> None:
    rng = np.random.default_rng(0)
    low, high = bootstrap_interval(np.full((9, 1), 3.0), np.full((9, 1), 4.0), 50, rng)
    assert low == high == 0.75
    low, high = bootstrap_interval(np.array([[3.0], [0.0]]), np.array([[4.0], [0.0]]), 50, rng)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


@given(st.lists(st.integers(1, 40), min_size=2, max_size=3), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_blocks_are_boxes_of_nearly_equal_size(shape: list[int], block: int) -> None:
    labels, count = block_labels(shape, block)
    assert set(np.unique(labels)) == set(range(count))
    for found in ndimage.find_objects(labels + 1):
        assert len(np.unique(labels[found])) == 1
        for part, extent in zip(found, shape, strict=True):
            assert abs((part.stop - part.start) - extent / max(1, round(extent / block))) < 1


def test_small_measures() -> None:
    assert math.isnan(correlation([1, 1], [1, 2]))
    assert math.isnan(psnr(0.0, 1.0))
    target = np.array([0.0, 0.0, 1, 2, 3, 7, 7, 7], np.float32)
    assert atoms(target, True).tolist() == [True, True, False, False, False, True, True, True]
    assert atoms(np.array([0.0, 1, 2, 3]), False).tolist() == [False] * 4
    assert atoms(np.array([0.0, 1, 2, 3]), True).tolist() == [True, False, False, False]
    box = Box("test", (2, 0), (5, 3))
    assert border_distance((6, 9), box).tolist() == [[0, 1, 2], [0, 1, 2], [0, 1, 1]]
