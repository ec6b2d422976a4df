"""Conformal corrections against brute force, MAPIE and simulation; the delivered files against what was calibrated."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.conformal import conformal_rank, corrections, one_sided, order_statistic
from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.rounding import round_outwards, subtract_up
from noisebound.core.errors import InputError
from noisebound.core.length_units import ome_unit
from noisebound.files.predictions import Predictions
from noisebound.geometry.blocks import count_blocks
from noisebound.geometry.boxes import Box
from tests.unit.predicted_scan import Files, write_predicted_scan

NOMINAL = [0.5, 0.8, 0.9, 0.95]


def brute_order(scores: np.ndarray, nominal: Decimal) -> tuple[float, int]:
    """The smallest score that at least (n+1) * nominal scores do not exceed, by counting; infinite if none does."""
    needed = (len(scores) + 1) * nominal
    rank = next(k for k in range(len(scores) + 2) if Decimal(k) >= needed)
    reached = [s for s in sorted(scores) if sum(1 for other in scores if other <= s) >= needed]
    return (reached[0] if reached else math.inf), rank


@pytest.mark.parametrize(
    ("n", "nominal", "k"), [(9, 0.9, 9), (19, 0.95, 19), (99, 0.07, 7), (10, 0.9, 10), (8, 0.9, 9)]
)
def test_rank_is_exact_decimal_arithmetic(n: int, nominal: float, k: int) -> None:
    assert conformal_rank(n, nominal) == k


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["0.1", "0.29", "0.5", "0.7", "0.8", "0.9", "0.95", "0.99"]),
)
@settings(max_examples=300, deadline=None)
def test_corrections_equal_brute_force(scores: list[float], seed: int, nominal: str) -> None:
    low = np.array(scores)
    high = np.random.default_rng(seed).permutation(low) - 0.5
    value = Decimal(nominal)
    q, k = brute_order(np.maximum(low, high), value)
    assert corrections(low, high, float(nominal), "symmetric") == {"lower": q, "upper": q, "n": len(low), "k": k}
    half = 1 - (1 - value) / 2
    expected = {"lower": brute_order(low, half)[0], "upper": brute_order(high, half)[0]}
    assert corrections(low, high, float(nominal), "asymmetric") == expected | {
        "n": len(low),
        "k": brute_order(low, half)[1],
    }
    expected = {"lower": brute_order(low, value)[0], "upper": brute_order(high, value)[0]}
    assert one_sided(low, high, float(nominal)) == expected | {"n": len(low), "k": k}


def test_too_few_scores_are_infinite_never_the_largest() -> None:
    assert corrections(np.zeros(8), np.zeros(8), 0.9, "symmetric")["lower"] == math.inf
    assert corrections(np.zeros(9), np.zeros(9), 0.9, "symmetric")["lower"] == 0
    assert corrections(np.zeros(18), np.zeros(18), 0.9, "asymmetric")["upper"] == math.inf
    assert corrections(np.zeros(19), np.zeros(19), 0.9, "asymmetric")["upper"] == 0
    with pytest.raises(ValueError, match="ranks start at 1"):
        order_statistic(np.zeros(3), 0)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("nominal", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("n", [137, 1003])
def test_corrections_equal_mapie(n: int, nominal: float, symmetric: bool) -> None:
    from mapie import regression as mapie
    from sklearn.base import BaseEstimator, RegressorMixin

    class Column(RegressorMixin, BaseEstimator):
        """A fitted regressor that returns one column of its input."""

        def __init__(self, column: int) -> None:
            self.column = column

        def __sklearn_is_fitted__(self) -> bool:
            return True

        n_features_in_ = 3

        def fit(self, features: np.ndarray, y: np.ndarray) -> Column:
            return self

        def predict(self, features: np.ndarray) -> np.ndarray:
            return np.asarray(features)[:, self.column]

    rng = np.random.default_rng(n)
    median = rng.normal(10, 3, n)
    features = np.stack([median - 0.6, median + 1.0, median], axis=1)
    y = median + rng.gumbel(0, 1, n)
    oracle = mapie.ConformalizedQuantileRegressor([Column(0), Column(1), Column(2)], nominal, prefit=True)
    oracle.conformalize(features, y)
    _, interval = oracle.predict_interval(features, symmetric_correction=symmetric)
    ours = corrections(features[:, 0] - y, y - features[:, 1], nominal, "symmetric" if symmetric else "asymmetric")
    np.testing.assert_allclose(interval[:, 0, 0], features[:, 0] - ours["lower"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(interval[:, 1, 0], features[:, 1] + ours["upper"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("score", ["symmetric", "asymmetric"])
def test_coverage_of_new_draws_is_as_promised(score: Any) -> None:
    rng, draws, n, nominal = np.random.default_rng(11), 6000, 50, 0.8
    hits = low_hits = 0
    for _ in range(draws):
        width = rng.uniform(0.2, 2, n + 1)
        y = width * rng.gumbel(size=n + 1)
        low, high = -0.3 * width - y, y - 0.5 * width
        q = corrections(low[:n], high[:n], nominal, score)
        hits += low[n] <= q["lower"] and high[n] <= q["upper"]
        low_hits += low[n] <= one_sided(low[:n], high[:n], nominal)["lower"]
    sides = {"symmetric": 41 / 51, "asymmetric": 1 - 2 * (1 - 46 / 51)}
    error = 4 * math.sqrt(0.16 / draws)
    assert abs(hits / draws - sides[score]) < error
    assert abs(low_hits / draws - 41 / 51) < error


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
@settings(max_examples=500, deadline=None)
def test_roundings_never_lose_coverage(a: float, b: float) -> None:
    difference = float(subtract_up(a, b))
    assert Fraction(difference) >= Fraction(a) - Fraction(b)
    assert difference == a - b or difference == np.nextafter(a - b, np.inf)
    down, up = round_outwards(np.array(a), -np.inf), round_outwards(np.array(a), np.inf)
    assert float(down) <= a <= float(up)
    assert np.nextafter(down, np.float32(np.inf)) >= up


def simulate(folder: Path, *, counts: bool = True, shape: tuple[int, ...] = (40, 48), **changes: Any) -> Files:
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


def fit(files: Files, output: Path, **changes: Any) -> Calibration:
    options: dict[str, Any] = {
        "nominal": NOMINAL,
        "primary": 0.9,
        "score": "symmetric",
        "confidences": [0.75, 0.95],
        "counts": True,
    }
    fit_calibration([files.ensemble], [files.scan], [files.regions], output, **(options | changes))
    return Calibration.read(output)


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


@pytest.mark.parametrize("score", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("counts", [True, False])
def test_coverage_on_calibration_pixels_is_at_least_k_of_n(tmp_path: Path, score: Any, counts: bool) -> None:
    files = simulate(tmp_path, counts=counts)
    fitted = fit(files, tmp_path / "c.json", score=score, counts=counts)
    pixels = calibrate_pixels(files)
    n = 4 * 40 * 19
    assert fitted.content["n_pixels"] == n
    assert fitted.content["n_frames"] == 4
    assert fitted.content["n_scans"] == 1
    assert fitted.content["sources"] == [{"scan": "s", "boxes": 2, "frames": 4, "pixels": n}]
    for nominal in NOMINAL:
        inside = np.zeros(2)
        for lower, median, upper, target in pixels:
            low, high, _ = fitted.interval(lower, median, upper, nominal)
            assert low.dtype == high.dtype == np.float32
            inside += ((low <= target) & (target <= high)).sum(axis=1)
        for c, name in enumerate(("Mg", "Fe")):
            entry = fitted.content["corrections"][f"{nominal:g}"][name]
            rank = conformal_rank(n, nominal) if score == "symmetric" else 2 * entry["k"] - n
            assert entry["n"] == n
            assert inside[c] >= rank
            scores = np.concatenate(
                [np.maximum(x[c].astype(float) - t[c], t[c].astype(float) - z[c]) for x, _, z, t in pixels]
            )
            if score == "symmetric":
                assert entry["lower"] == entry["upper"] == np.sort(scores)[entry["k"] - 1]
    for confidence in (0.75, 0.95):
        below = sum((fitted.bound("lower", x, m, z, confidence) <= t).sum(axis=1) for x, m, z, t in pixels)
        above = sum((fitted.bound("upper", x, m, z, confidence) >= t).sum(axis=1) for x, m, z, t in pixels)
        assert (below >= conformal_rank(n, confidence)).all()
        assert (above >= conformal_rank(n, confidence)).all()
        images = pixels[0][:3]
        one = fitted.bound("lower", *(image[1] for image in images), confidence, "Fe")
        np.testing.assert_array_equal(one, fitted.bound("lower", *images, confidence)[1])


def test_crossed_ends_are_put_on_the_median_and_counted() -> None:
    entry = {"lower": -2.0, "upper": -0.5, "n": 9, "k": 9}
    fitted = Calibration(
        {"channels": ["a"], "nominal": [0.5], "primary": 0.5, "floor": None, "corrections": {"0.5": {"a": entry}}}
    )
    median = np.array([[5, 5, 5, 5]], np.float32)
    lower = np.array([[4, 2, 1, 3]], np.float32)
    upper = np.array([[6, 6, 5.25, 7]], np.float32)
    low, high, fraction = fitted.interval(lower, median, upper, 0.5)
    np.testing.assert_array_equal(low, [[5, 4, 3, 5]])
    np.testing.assert_array_equal(high, [[5.5, 5.5, 5, 6.5]])
    assert fraction == [0.5]
    with pytest.raises(InputError, match=r"calibration.nominal"):
        fitted.interval(lower, median, upper, 0.9)
    with pytest.raises(InputError, match=r"decisions.exceed.confidence"):
        fitted.bound("lower", lower, median, upper, 0.9)


def test_floor_holds_for_both_ends_and_infinity_is_a_word(tmp_path: Path) -> None:
    files = simulate(tmp_path, boxes=[Box("calibrate", (0, 0), (1, 2))])
    fitted = fit(files, tmp_path / "c.json")
    assert fitted.content["corrections"]["0.9"]["Mg"]["lower"] == "inf"
    assert "nominal 0.9 in channel Mg" in fitted.guarantee
    assert "infinite" in fitted.guarantee
    with Predictions(files.ensemble) as predictions:
        low, high, _ = fitted.interval(*predictions.read_frame(0), 0.9)
    assert (low == 0).all()
    assert np.isposinf(high).all()
    entry = {"lower": 9.0, "upper": -9.0, "n": 9, "k": 9}
    content = fitted.content | {"corrections": {"0.9": {"Mg": entry, "Fe": entry}}}
    zeros = np.zeros((2, 1), np.float32)
    low, high, _ = Calibration(content).interval(zeros - 1, zeros - 0.5, zeros, 0.9)
    assert (low == 0).all()
    assert (high == 0).all()


def test_guarantee_names_target_and_scope(tmp_path: Path) -> None:
    fitted = fit(simulate(tmp_path), tmp_path / "c.json")
    assert fitted.target == "the mean of the other 3 frames, noisy itself"
    for words in (fitted.target, "approximately", "this field of view", "no guarantee at scan level"):
        assert words in fitted.guarantee
    rng = np.random.default_rng(0)
    measured = simulate(tmp_path / "m", reference=rng.normal(5, 1, (2, 40, 48)), reference_kind="measured")
    assert fit(measured, tmp_path / "m.json").target == "the reference measurement, noisy itself"


def test_words_say_where_the_reference_is_the_truth(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    known = simulate(tmp_path / "a", reference=truth, truth=truth, reference_kind="measured")
    fitted = fit(known, tmp_path / "a.json")
    assert fitted.target == "the true signal, which is the reference of these simulated scans"
    assert "Covered is the true signal itself." in fitted.guarantee
    assert "noisy" not in fitted.guarantee
    assert "not the true signal" not in fitted.guarantee
    noisy = simulate(tmp_path / "b", reference=truth + 0.1, truth=truth, reference_kind="measured")
    assert fit(noisy, tmp_path / "b.json").target == "the reference measurement, noisy itself"


def test_unusable_input_is_refused_by_name(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    output = tmp_path / "c.json"
    for key, changes in {
        "calibration.primary": {"primary": 0.7},
        "calibration.nominal": {"nominal": [0.9, 1.0]},
        "calibration.score": {"score": "both"},
        "calibration.unit": {"unit": "scan"},
        "decisions.exceed.confidence": {"confidences": [0.0]},
    }.items():
        with pytest.raises(InputError, match=key):
            fit(files, output, **changes)
    nothing = simulate(tmp_path / "n", boxes=[Box("test", (0, 0), (9, 9))])
    with pytest.raises(InputError, match=r"no scan has a region to calibrate on.*Remedy"):
        fit(nothing, output)
    blind = simulate(tmp_path / "b", reference=None, reference_kind="none")
    with pytest.raises(InputError, match="no reference"):
        fit(blind, output)
    assert not output.exists()
    fit(files, output)
    other = simulate(tmp_path / "o", channels=("Mg", "Ca"))
    with pytest.raises(InputError, match=r"o/s.ensemble.h5.*not the calibrated ones"):
        calibrate_scan(other.ensemble, output, tmp_path / "d.h5", tmp_path / "d.tif")


@pytest.mark.parametrize("shape", [(40, 48), (17, 20, 48)])
def test_delivered_files_hold_the_calibrated_interval(tmp_path: Path, shape: tuple[int, ...]) -> None:
    size = (0.25, 0.5, 0.75)[-len(shape) :]
    files = simulate(tmp_path, shape=shape, pixel_size=size, pixel_unit="um")
    fitted = fit(files, tmp_path / "c.json")
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.ome.tif")
    with Predictions(files.ensemble) as ensemble, Predictions(tmp_path / "d.h5") as denoised:
        raw = [ensemble.read(kind) for kind in ("lower", "median", "upper")]
        assert denoised.channels == ("Mg", "Fe")
        assert denoised.pixel_size == size
        assert denoised.pixel_unit == "um"
        for nominal in NOMINAL:
            low, high, fraction = fitted.interval(*raw, nominal)
            for got, expected in zip(denoised.read_interval(nominal), (low, high), strict=True):
                np.testing.assert_array_equal(got, expected)
            stored = denoised.projected_fraction[f"{nominal:g}"]
            np.testing.assert_allclose([stored["Mg"], stored["Fe"]], fraction)
        expected = np.stack([denoised.read(kind) for kind in ("median", "lower", "upper", "mean")], axis=1)
    with tifffile.TiffFile(tmp_path / "d.ome.tif") as tif:
        assert tif.series[0].axes == ("CYX" if len(shape) == 2 else "CZYX")
        np.testing.assert_array_equal(tif.asarray(), expected.reshape(8, *shape))
        pixels = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]
    assert [channel["Name"] for channel in pixels["Channel"]] == [
        f"{name} {kind}" for name in ("Mg", "Fe") for kind in ("median", "lower 0.9", "upper 0.9", "mean")
    ]
    assert pixels["Type"] == "float"
    assert pixels["PhysicalSizeXUnit"] == "\u00b5m"
    assert tuple(pixels[f"PhysicalSize{axis}"] for axis in "ZYX"[-len(shape) :]) == size


def test_delivery_is_deterministic_and_pixels_get_no_unit(tmp_path: Path) -> None:
    files = simulate(tmp_path, pixel_unit="px")
    fit(files, tmp_path / "c.json")
    for name in "ab":
        calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / f"{name}.h5", tmp_path / f"{name}.tif")
    for suffix in ("h5", "tif"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert "PhysicalSize" not in tif.ome_metadata
    assert ome_unit("px") is None
    assert ome_unit("nm") == "nm"
    assert ome_unit("\u03bcm") == "\u00b5m"


def test_slabs_do_not_change_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from noisebound.calibration import calibrate_scan as door
    from noisebound.geometry import blocks

    files = simulate(tmp_path, shape=(40, 20, 48))
    fit(files, tmp_path / "c.json")
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "a.h5", tmp_path / "a.tif")
    slabs = blocks.slabs
    monkeypatch.setattr(door, "slabs", lambda shape, n: slabs(shape, n, budget=1))
    assert len(list(door.slabs((40, 20, 48), 2))) == 3
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "b.h5", tmp_path / "b.tif")
    with Predictions(tmp_path / "a.h5") as one, Predictions(tmp_path / "b.h5") as other:
        np.testing.assert_array_equal(one.read_interval(0.8), other.read_interval(0.8))
        assert one.projected_fraction["0.8"] == pytest.approx(other.projected_fraction["0.8"])
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), tifffile.imread(tmp_path / "b.tif"))


def test_blocks_are_counted_per_box() -> None:
    assert count_blocks([Box("test", (0, 0), (32, 40)), Box("test", (0, 0), (5, 16))], 16) == 2 * 2 + 1
