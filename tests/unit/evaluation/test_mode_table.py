"""Ways to form corrections: scaled by width, by group, with random ties; and the mean beside the median."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.conformal import conformal_rank, side_scores
from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.calibration.groups import join_bins
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.median_to_mean import fit_mean
from noisebound.calibration.tie_draws import chance_at
from noisebound.core.errors import InputError
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.sample import LatentSample, save_sample
from tests.unit.predicted_scan import Files, write_predicted_scan

SHAPE = (60, 80)
CALIBRATE, TEST = (slice(0, 60), slice(0, 40)), (slice(0, 60), slice(40, 80))


def simulate(folder: Path, frames: int = 3, counts: bool = False) -> Files:
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


def write_sample(path: Path, medians: np.ndarray) -> Path:
    n = len(medians)
    save_sample(
        path,
        LatentSample(
            latents=np.zeros((n, 2), np.float32),
            null=np.zeros((n, 2), np.float32),
            medians=medians.astype(np.float32),
            member_sizes=np.array([2]),
            coordinates=np.zeros((n, 2), np.int64),
            scan=np.zeros(n, np.int64),
            scans=("s",),
        ),
    )
    return path


def fit(files: Files, folder: Path, **changes: Any) -> Calibration:
    options: dict[str, Any] = {"nominal": [0.5, 0.8, 0.9], "primary": 0.8, "counts": True, "confidences": [0.8]}
    fit_calibration([files.ensemble], [files.scan], [files.regions], folder / "c.json", **(options | changes))
    return Calibration.read(folder / "c.json")


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


@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 3), min_size=1, max_size=30),
    st.integers(0, 29),
    st.booleans(),
)
@example([(1.0, 58180.0, 0.0)], 0, True)
@settings(max_examples=300, deadline=None)
def test_targets_up_to_the_threshold_are_in_the_delivered_interval(
    values: list[tuple[float, float, float]], at: int, scaled: bool
) -> None:
    """Whatever the roundings: a score not above the correction means that the float32 interval holds the target."""
    ends = np.sort(np.array([v[:2] for v in values], np.float32), axis=1)
    lower, upper, target = ends[:, 0], ends[:, 1], np.array([v[2] for v in values], np.float32)
    both = np.maximum(*side_scores(lower, upper, target, scaled))
    q = float(np.sort(both)[at % len(both)])
    entry = {"lower": q, "upper": q, "n": 9, "k": 9}
    content = {"channels": ["a"], "nominal": [0.5], "primary": 0.5, "floor": None, "corrections": {"0.5": {"a": entry}}}
    fitted = Calibration(content | {"scale": "width" if scaled else "none"})
    median = (lower / 2 + upper / 2).astype(np.float32)
    low, high, _ = fitted.interval(lower[None], median[None], upper[None], 0.5)
    assert ((low[0] <= target) & (target <= high[0]))[both <= q].all()


def test_scaled_corrections_widen_in_proportion(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    fitted = fit(files, tmp_path, scale="width")
    lower, median, upper, _ = images(files, CALIBRATE)
    low, high, _ = fitted.interval(lower, median, upper, 0.8)
    q = fitted.content["corrections"]["0.8"]["Mg"]["upper"]
    free = low[0] > 0
    np.testing.assert_allclose((high - low)[0][free], (1 + 2 * q) * (upper - lower)[0][free], rtol=1e-5)
    inside = coverage(fitted, files, CALIBRATE, 0.8)
    n = 60 * 40
    assert (inside.reshape(2, -1).sum(axis=1) >= 0.8 * n).all()
    bound = fitted.bound("upper", lower, median, upper, 0.8)
    target = images(files, CALIBRATE)[3]
    assert ((target <= bound).reshape(2, -1).sum(axis=1) >= 0.8 * n).all()


def test_bins_of_intensity_cover_each_by_itself(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    rng = np.random.default_rng(0)
    sample = write_sample(tmp_path / "sample.npz", np.stack([rng.uniform(1, 10, 4000), rng.uniform(0, 0.6, 4000)], 1))
    plain = fit(files, tmp_path, sample=sample)
    names = [other["name"] for other in plain.content["others"]]
    assert len(names) == len(set(names)) == 4
    grouped = fit(files, tmp_path, sample=sample, groups="intensity", bins=5, smallest_group=500)
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
        fit(files, tmp_path, groups="intensity")


def test_no_calibration_target_shapes_a_group(tmp_path: Path) -> None:
    """Edges are those of training pixels and join by predictions: other targets give the same groups."""
    files = simulate(tmp_path)
    sample = write_sample(tmp_path / "sample.npz", np.random.default_rng(1).uniform(0, 10, (3000, 2)))
    specs = []
    for _ in range(2):
        specs.append(fit(files, tmp_path, sample=sample, groups="intensity").content["groups"])
        with h5py.File(files.scan, "r+") as scan:
            scan["reference"][...] = np.random.default_rng(2).permuted(scan["reference"][:], axis=1)
    assert specs[0] == specs[1]


def test_small_bins_are_joined() -> None:
    medians = np.arange(100, dtype=np.float32)
    edges = np.array([5, 10, 30, 60, 95], np.float32)
    assert join_bins(edges, medians, 20).tolist() == [30, 60]
    assert join_bins(edges, medians, 5).tolist() == [5, 10, 30, 60, 95]
    assert join_bins(edges, medians, 101).tolist() == []


def test_tokens_get_their_own_corrections_from_the_delivered_frame(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    labels = np.zeros(SHAPE, np.uint8)
    labels[30:] = 3
    labels[0, :8] = 7
    tifffile.imwrite(tmp_path / "s.tif", labels)
    fitted = fit(files, tmp_path, groups="token", tokens=[tmp_path / "s.tif"], smallest_group=100)
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
    fitted = fit(files, tmp_path, groups="token", tokens=[tmp_path / "s.tif"], **options)
    assert fitted.content["groups"]["tokens"] == [0]
    inside = coverage(fitted, files, TEST, 0.9, tokens=labels[TEST])[0]
    assert inside.mean() == pytest.approx(0.9, abs=0.02)
    assert inside[labels[TEST] > 0].mean() == pytest.approx(0.9, abs=0.05)
    lower, median, upper, target = images(files, TEST)
    bound = fitted.bound("upper", lower, median, upper, 0.9, tokens=labels[TEST])
    assert (target <= bound).mean() == pytest.approx(0.9, abs=0.02)


def test_random_ties_give_the_coverage_asked_for(tmp_path: Path) -> None:
    """Sparse counts: most targets and lower ends are 0, so covering all ties covers far too many."""
    files = simulate(tmp_path, counts=True)
    chance = chance_at("s", 0, 2, TEST)
    shares = {}
    for ties in ("cover", "random"):
        fitted = fit(files, tmp_path, ties=ties)
        assert fitted.random_ties == (ties == "random")
        shares[ties] = coverage(fitted, files, TEST, 0.5, chance=chance)[1].mean()
    assert shares["cover"] > 0.7
    assert shares["random"] == pytest.approx(0.5, abs=0.05)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    lower, median, upper, _ = images(files, TEST)
    expected = fitted.interval(lower, median, upper, 0.5, chance=chance)
    with Predictions(tmp_path / "d.h5") as denoised:
        for got, want in zip(denoised.read_interval(0.5), expected[:2], strict=True):
            np.testing.assert_array_equal(got[(slice(None), *TEST)], want)


def test_targets_on_the_median_count_as_covered_whatever_the_draw(tmp_path: Path) -> None:
    """The interval always holds the median; without knowing so, too many of the other ties would be kept."""
    files = simulate(tmp_path, counts=True)
    rng = np.random.default_rng(5)
    with h5py.File(files.ensemble, "r+") as file:
        zero = rng.random(SHAPE) < 0.3
        for place in (file["median"], file["lower"]):
            place[1] = np.where(zero, 0, place[1])
        for kind in ("median", "lower"):
            file[f"frames/{kind}"][:, 1] = np.where(zero, 0, file[f"frames/{kind}"][:, 1])
    with h5py.File(files.scan, "r+") as file:
        file["reference"][1] = np.where(zero, 0, file["reference"][1])
    fitted = fit(files, tmp_path, ties="random")
    inside = coverage(fitted, files, TEST, 0.5, chance=chance_at("s", 0, 2, TEST))[1]
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
    fitted = fit(files, tmp_path, ties=ties, confidences=levels)
    for level in levels:
        low, high = (fitted.bound(side, lower[0], median[0], upper[0], level) for side in ("lower", "upper"))
        assert (low <= target).mean() >= level
        assert (target <= high).mean() >= level


@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize("scale", ["none", "width"])
def test_ties_of_constant_predictions_are_broken_at_either_scale(tmp_path: Path, scale: str, side: str) -> None:
    """Poisson counts under constant predictions: all scores are tied, whatever the roundings of the scale."""
    rng = np.random.default_rng(8)
    ends = {"lower": (2.3, 4.1, 40.7), "upper": (-30.3, 3.1, 5.9)}[side]
    images = [np.full((1, 1, *SHAPE), end, np.float32) for end in ends]
    files = write_predicted_scan(
        tmp_path,
        noisy=np.zeros((1, 1, *SHAPE)),
        reference=rng.poisson(3.5, (1, *SHAPE)).astype(np.float32),
        reference_kind="measured",
        frames=(images[0], images[1], images[2]),
        boxes=[Box("calibrate", (0, 0), (60, 40)), Box("test", (0, 40), (60, 80))],
        channels=("Fe",),
    )
    fitted = fit(files, tmp_path, nominal=[0.9], primary=0.9, scale=scale, ties="random", counts=False)
    inside = coverage(fitted, files, TEST, 0.9, chance=chance_at("s", 0, 1, TEST))
    assert inside.mean() == pytest.approx(0.9, abs=0.025)


def test_chance_is_uniform_and_the_same_for_every_tile() -> None:
    whole = chance_at("scan", 2, 2, (slice(0, 90), slice(0, 70)))
    np.testing.assert_array_equal(chance_at("scan", 2, 2, (slice(30, 40), slice(5, 70))), whole[:, 30:40, 5:])
    assert not np.array_equal(chance_at("scan", 1, 2, (slice(0, 90), slice(0, 70))), whole)
    counts = np.histogram(whole, bins=20, range=(0, 1))[0]
    assert abs(counts - whole.size / 20).max() < 5 * np.sqrt(whole.size / 20)
    for axis in range(3):
        assert abs(np.corrcoef(np.delete(whole, 0, axis).ravel(), np.delete(whole, -1, axis).ravel())[0, 1]) < 0.04


def test_mean_removes_the_bias_of_the_median(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rate = rng.uniform(0.05, 3, 40_000)
    target = rng.poisson(rate).astype(np.float32)
    median = np.maximum(rate - 0.3 * np.sqrt(rate), 0).astype(np.float32)
    knots = fit_mean(median[:20_000], target[:20_000])
    estimate = median + np.interp(median, knots["median"], knots["shift"])
    assert np.mean(estimate[:20_000] - target[:20_000]) == pytest.approx(0, abs=1e-6)
    assert abs(np.mean(estimate[20_000:] - target[20_000:])) < 0.03 < abs(np.mean(median - target)) / 5
    for low, high in ((0, 0.5), (0.5, 1.5), (1.5, 3)):
        chosen = (rate > low) & (rate < high)
        assert abs(np.mean(estimate[chosen] - rate[chosen])) < 0.05

    files = simulate(tmp_path, counts=True)
    fitted = fit(files, tmp_path)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Predictions(tmp_path / "d.h5") as denoised, Predictions(files.ensemble) as ensemble:
        mean = denoised.read("mean")
        np.testing.assert_array_equal(mean, fitted.mean(ensemble.read("median")))
        assert (mean >= 0).all()
        sums = images(files, CALIBRATE)[3].sum(axis=(1, 2))
        np.testing.assert_allclose(mean[(slice(None), *CALIBRATE)].sum(axis=(1, 2)), sums, rtol=0.01)


def test_intervals_without_width_are_counted(tmp_path: Path) -> None:
    files = simulate(tmp_path, counts=True)
    with h5py.File(files.ensemble, "r+") as file:
        for kind in ("lower", "median", "upper"):
            file[kind][1, :30] = 0
            file[f"frames/{kind}"][:, 1, :30] = 0
    with h5py.File(files.scan, "r+") as file:
        file["reference"][1] = 0
    fit(files, tmp_path)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Predictions(tmp_path / "d.h5") as denoised:
        assert denoised.zero_width["0.5"]["Fe"] >= 0.5
        assert denoised.zero_width["0.5"]["Mg"] == 0
