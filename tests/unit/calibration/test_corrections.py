"""Corrections of one mode: by group, where targets lie on the median, and nested over coverages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.corrections import fitter_of, nest
from noisebound.calibration.field_pixels import CalibrationPixels, FieldPixels
from noisebound.calibration.modes import PLAIN
from noisebound.calibration.ranks import conformal_rank
from noisebound.calibration.thresholds import Threshold
from noisebound.calibration.tie_draws import tie_draws_at
from noisebound.core.errors import InputError
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import (
    CALIBRATE,
    SHAPE,
    TEST,
    coverage,
    fit_misjudged,
    images,
    misjudged_scan,
    section,
    write_sample,
)
from tests.unit.predicted_scan import write_predicted_scan


def test_intervals_of_different_units_stay_nested() -> None:
    part = {"lower": 1.0, "upper": 3.0, "n": 9, "k": 9}
    table = {0.9: part | {"upper": 2.0}, 0.5: dict(part)}
    nest(table)
    assert table[0.9] == part
    assert Threshold(1.0, 0.5, 9, 9) < Threshold(1.0, 1.0, 9, 9) < Threshold(1.1, 0.0, 9, 9)


def test_bins_of_intensity_cover_each_by_itself(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path)
    rng = np.random.default_rng(0)
    sample = write_sample(tmp_path / "sample.npz", np.stack([rng.uniform(1, 10, 4000), rng.uniform(0, 0.6, 4000)], 1))
    plain = fit_misjudged(files, tmp_path, sample=sample)
    names = [other["name"] for other in plain.content["others"]]
    assert len(names) == len(set(names)) == 5
    grouped = fit_misjudged(files, tmp_path, sample=sample, groups="intensity", bins=5, smallest_group=500)
    edges = grouped.content["groups"]["edges"]["Mg"]
    expected = np.quantile(np.random.default_rng(0).uniform(1, 10, 4000).astype(np.float32), [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(edges, expected, rtol=1e-6)
    median = images(files, TEST)[1][0]
    bins = np.searchsorted(edges, median, side="right")
    gaps = {}
    for name, fitted in (("plain", plain), ("grouped", grouped)):
        inside = coverage(fitted, files, TEST, 0.8)[0]
        gaps[name] = max(abs(inside[bins == g].mean() - 0.8) for g in range(5))
    assert gaps["plain"] > 0.1
    assert gaps["grouped"] < 0.06
    assert "bin of predicted intensity" in grouped.guarantee
    for entry in grouped.content["corrections"].values():
        assert len(entry["Mg"]["groups"]) == 5
    assert grouped.content["one_sided"]["0.8"]["Mg"]["groups"]
    with pytest.raises(InputError, match=r"calibration.groups"):
        fit_misjudged(files, tmp_path, groups="intensity")


def test_tokens_get_their_own_corrections_from_the_delivered_frame(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path)
    labels = np.zeros(SHAPE, np.uint8)
    labels[30:] = 3
    labels[0, :8] = 7
    tifffile.imwrite(tmp_path / "s.tif", labels)
    fitted = fit_misjudged(files, tmp_path, groups="token", tokens=[tmp_path / "s.tif"], smallest_group=100)
    assert fitted.by_token
    assert fitted.content["groups"] == {"by": "token", "tokens": [0, 3]}
    assert fitted.content["n_frames"] == 1
    entry = fitted.content["corrections"]["0.8"]["Mg"]
    lower, median, upper, target = images(files, CALIBRATE)
    score = np.maximum(lower[0].astype(float) - target[0], target[0].astype(float) - upper[0])
    for place, token in enumerate((0, 3)):
        own = np.sort(score[labels[CALIBRATE] == token])
        assert entry["groups"][place]["n"] == own.size
        assert entry["groups"][place]["upper"] == own[entry["groups"][place]["k"] - 1]
    low, high, _ = fitted.interval(lower, median, upper, 0.8, labels[CALIBRATE])
    # The 8 pixels of token 7 are too few for a correction at 0.9, and for one of their own at any coverage.
    rest = np.sort(score[labels[CALIBRATE] == 7])
    assert entry["groups"][2]["upper"] == rest[conformal_rank(8, 0.8) - 1]
    assert "of_all" not in entry["groups"][2]
    assert fitted.content["corrections"]["0.9"]["Mg"]["groups"][2]["of_all"]
    widened = (upper[0].astype(float) + entry["groups"][2]["upper"])[0, :8]
    np.testing.assert_allclose(high[0][0, :8], widened, rtol=1e-6)
    unseen = fitted.interval(lower, median, upper, 0.8, np.full((60, 40), 9))[1]
    np.testing.assert_allclose(unseen[0], upper[0].astype(float) + entry["groups"][2]["upper"], rtol=1e-6)
    with pytest.raises(InputError, match=r"calibration.groups"):
        fitted.interval(lower, median, upper, 0.8)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif", tmp_path / "s.tif")
    with Predictions(tmp_path / "d.h5") as denoised:
        np.testing.assert_array_equal(denoised.read_interval(0.8)[0][(slice(None), *CALIBRATE)], low)


def test_hard_tokens_too_small_for_their_own_correction_keep_the_coverage(tmp_path: Path) -> None:
    """One easy token, and two hard ones with fewer pixels than ``smallest_group``."""
    rng = np.random.default_rng(12)
    labels = np.zeros(SHAPE, np.uint8)
    labels[50:], labels[55:] = 1, 2
    reference = rng.normal(size=SHAPE) * np.where(labels > 0, 10, 1)
    zeros = np.zeros((1, 1, *SHAPE))
    files = write_predicted_scan(
        tmp_path,
        noisy=zeros,
        reference=reference[None].astype(np.float32),
        reference_kind="measured",
        frames=(zeros - 1, zeros, zeros + 1),
        boxes=[Box("calibrate", (0, 0), (60, 40)), Box("test", (0, 40), (60, 80))],
        channels=("Fe",),
    )
    tifffile.imwrite(tmp_path / "s.tif", labels)
    options: dict[str, Any] = {"nominal": [0.9], "primary": 0.9, "confidences": [0.9], "counts": False}
    fitted = fit_misjudged(files, tmp_path, groups="token", tokens=[tmp_path / "s.tif"], **options)
    assert fitted.content["groups"]["tokens"] == [0]
    inside = coverage(fitted, files, TEST, 0.9, tokens=labels[TEST])[0]
    assert inside.mean() == pytest.approx(0.9, abs=0.02)
    assert inside[labels[TEST] > 0].mean() == pytest.approx(0.9, abs=0.05)
    lower, median, upper, target = images(files, TEST)
    bound = fitted.bound("upper", lower, median, upper, 0.9, tokens=labels[TEST])
    assert (target <= bound).mean() == pytest.approx(0.9, abs=0.02)


def test_targets_on_the_median_count_as_covered_whatever_the_draw(tmp_path: Path) -> None:
    """The interval always holds the median; without knowing so, too many of the other ties would be kept."""
    files = misjudged_scan(tmp_path, counts=True)
    rng = np.random.default_rng(5)
    with h5py.File(files.ensemble, "r+") as file:
        zero = rng.random(SHAPE) < 0.3
        for place in (file["median"], file["lower"]):
            place[1] = np.where(zero, 0, place[1])
        for kind in ("median", "lower"):
            file[f"frames/{kind}"][:, 1] = np.where(zero, 0, file[f"frames/{kind}"][:, 1])
    with h5py.File(files.scan, "r+") as file:
        file["reference"][1] = np.where(zero, 0, file["reference"][1])
    fitted = fit_misjudged(files, tmp_path, ties="random")
    inside = coverage(fitted, files, TEST, 0.5, tie_draws=tie_draws_at("s", 0, 2, TEST))[1]
    assert inside[zero[TEST]].all()
    assert inside.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("ties", ["cover", "random"])
def test_one_sided_bounds_cover_targets_on_the_median_like_others(tmp_path: Path, ties: str) -> None:
    """Half of the pixels are dark with a median of 0, as most of their counts are: a bound need not hold the median."""
    rng = np.random.default_rng(12)
    dark = rng.random((1, 1, *SHAPE)) < 0.5
    lower, median, upper = (np.where(dark, a, b).astype(np.float32) for a, b in ((0, 2), (0, 6), (1, 11)))
    target = np.where(dark, rng.poisson(0.1, dark.shape), rng.poisson(6.2, dark.shape))[0].astype(np.float32)
    files = write_predicted_scan(
        tmp_path,
        noisy=target[None].astype(np.uint8),
        reference=target,
        reference_kind="measured",
        frames=(lower, median, upper),
        boxes=[Box("calibrate", (0, 0), SHAPE)],
        channels=("Fe",),
        counts=True,
    )
    levels = [0.6, 0.75, 0.9]
    fitted = fit_misjudged(files, tmp_path, ties=ties, confidences=levels)
    for level in levels:
        low, high = (fitted.bound(side, lower[0], median[0], upper[0], level) for side in ("lower", "upper"))
        assert (low <= target).mean() >= level
        assert (target <= high).mean() >= level


def test_groups_are_large_enough_among_the_pixels_that_the_unit_counts() -> None:
    """Token 1 has 100 pixels, 90 of them in a scan that also taught the networks."""
    rng = np.random.default_rng(0)

    def field(name: str, whole: bool, tokens: list[int]) -> FieldPixels:
        return FieldPixels(
            name, whole, 1, [rng.normal(size=(4, 1, len(tokens))).astype(np.float32)], [np.array(tokens)]
        )

    fields = [field("scan a", True, [0] * 200 + [1] * 10), field("scan b", False, [0] * 50 + [1] * 90)]
    pixels = CalibrationPixels(("Fe",), (0.05, 0.5, 0.95), {own.name: own for own in fields})
    mode, settings = section(groups="token").mode, section(groups="token", smallest_group=100)
    pooled, scans = (fitter_of(mode, unit, pixels, None, settings).groups for unit in ("pixel", "scan"))
    assert pooled.spec == {"by": "token", "tokens": [0, 1]}
    assert scans.spec == {"by": "token", "tokens": [0]}
    assert fitter_of(PLAIN, "scan", pixels, None, settings).groups.spec is None


def test_each_group_is_fitted_on_its_own_pixels_and_each_unit_on_its_own_fields() -> None:
    rng = np.random.default_rng(1)
    parts = rng.normal(size=(3, 4, 1, 400)).astype(np.float32)
    parts[:, 0] -= 2
    parts[:, 2] += 2
    fields = [FieldPixels(f"scan {k}", k > 0, 1, [parts[k]]) for k in range(3)]
    pixels = CalibrationPixels(("Fe",), (0.05, 0.5, 0.95), {own.name: own for own in fields})
    training = rng.normal(size=(2000, 1)).astype(np.float32)
    settings = section(groups="intensity", bins=2, smallest_group=50)
    fitter = fitter_of(settings.mode, "pixel", pixels, training, settings)
    edge = fitter.groups.spec["edges"]["Fe"][0]
    intervals, bounds = fitter.channel(0, {0.8: "pixel", 0.5: "scan"}, {0.9: "pixel"})
    lower, median, upper, target = np.concatenate(parts, axis=2)[:, 0].astype(np.float64)
    score = np.maximum(lower - target, target - upper)
    for place, inside in enumerate((median < edge, median >= edge)):
        own = np.sort(score[inside])
        entry = intervals[0.8]["groups"][place]
        assert entry["n"] == own.size
        assert entry["upper"] == pytest.approx(own[conformal_rank(own.size, 0.8) - 1], rel=1e-12)
        above = np.sort((target - upper)[inside])
        assert bounds[0.9]["groups"][place]["upper"] == pytest.approx(above[conformal_rank(own.size, 0.9) - 1])
    assert intervals[0.5]["n"] == 2, "the first field of view did not serve calibration alone"


def test_one_score_for_all_channels_holds_all_of_them_at_once(tmp_path: Path) -> None:
    """The targets of both channels are inside in k of n calibration pixels; one by one they would be in fewer."""
    files = misjudged_scan(tmp_path)
    found = {}
    for channels in ("each", "together"):
        fitted = fit_misjudged(files, tmp_path, scale="width", channels=channels)
        found[channels] = coverage(fitted, files, (slice(0, 60), slice(0, 40)), 0.8).all(axis=0).mean()
        entries = fitted.content["corrections"]["0.8"]
        entry, other = entries.values()
        assert (entry == other) == fitted.joint == (channels == "together")
    assert found["each"] < 0.75
    assert entry["k"] / entry["n"] <= found["together"] <= 0.8 + 0.01
    assert "in all channels at once, in about 80 of 100 pixels" in fitted.guarantee
    assert "Each channel by itself is covered more often" in fitted.guarantee
    assert fitted.content["mode"] == "symmetric, scaled by width, all channels together"
