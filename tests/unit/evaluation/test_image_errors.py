"""Errors of the images, against brute force and other libraries."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import pearsonr
from skimage.metrics import peak_signal_noise_ratio

from noisebound.evaluation.gaussian import SIGMAS
from tests.unit.evaluation.simulated import SHAPE, evaluated, run, select, simulate


def test_errors_equal_brute_force() -> None:
    summary, tables, brute, _, _ = evaluated()
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
