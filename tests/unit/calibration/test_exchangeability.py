"""Statements about scans: exact numbers, brute force, and simulations in which pixels depend on each other."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.calibration_study import Study, World, run, table, verdict
from noisebound.calibration.conformal import (
    Threshold,
    corrections,
    pac_threshold,
    pixel_threshold,
    scan_threshold,
    side_scores,
)
from noisebound.calibration.corrections import nest
from noisebound.calibration.exchangeability import allowed_misses, choose_units, explain_choice, needed_scans
from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.calibration.intervals import Calibration
from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from noisebound.latent.sample import LatentSample, save_sample
from tests.unit.predicted_scan import Files, write_predicted_scan

TENTH, TWENTIETH = Fraction(1, 10), Fraction(1, 20)


@pytest.mark.parametrize(("n", "u"), [(28, 0), (29, 1), (50, 2), (100, 5)])
def test_beta_correction_has_the_known_values(n: int, u: int) -> None:
    assert allowed_misses(n, TENTH, TWENTIETH) == u


@given(st.integers(1, 150), st.sampled_from(["0.5", "0.2", "0.1", "0.05"]), st.sampled_from(["0.1", "0.05", "0.01"]))
@settings(max_examples=100, deadline=None)
def test_beta_correction_equals_the_definition(n: int, miss: str, delta: str) -> None:
    good = [u for u in range(1, n + 1) if stats.beta.sf(1 - float(miss), n + 1 - u, u) >= 1 - float(delta) - 1e-12]
    assert allowed_misses(n, Fraction(miss), Fraction(delta)) == max(good, default=0)


@pytest.mark.parametrize(
    ("unit", "sides", "expected"),
    [("pixel", 1, [0] * 4), ("scan", 1, [1, 4, 9, 19]), ("pac", 1, [5, 14, 29, 59]), ("scan", 2, [3, 9, 19, 39])],
)
def test_fewest_scans_are_those_with_a_finite_threshold(unit: Any, sides: int, expected: list[int]) -> None:
    found = [needed_scans(unit, p, 0.95, sides) for p in (0.5, 0.8, 0.9, 0.95)]
    assert found == expected
    if unit == "pixel":
        return
    score: Any = "asymmetric" if sides == 2 else "symmetric"
    for nominal, least in zip((0.5, 0.8, 0.9, 0.95), expected, strict=True):
        for n in (least - 1, least):
            scans = [np.arange(4.0)] * n
            entry = corrections(scans, scans, nominal, score, unit)
            assert math.isfinite(entry["upper"]) == (n >= least)
            assert (entry["k"] > entry["n"]) == (n < least)


def brute_scan(scans: list[list[float]], p: Fraction) -> float:
    """The smallest score at which weights 1/((K+1) N_k) add up to p, in exact arithmetic."""
    for q in sorted({s for scan in scans for s in scan}):
        if sum(Fraction(sum(s <= q for s in scan), len(scan)) for scan in scans) / (len(scans) + 1) >= p:
            return q
    return math.inf


def brute_pac(scans: list[list[float]], p: Fraction, delta: Fraction) -> float:
    n = len(scans)
    values = sorted({s for scan in scans for s in scan})

    def share(scan: list[float], q: float) -> Fraction:
        return Fraction(sum(s <= q for s in scan), len(scan))

    own = sorted(next(q for q in values if share(scan, q) >= p) for scan in scans)
    u = max(
        (u for u in range(1, n + 1) if stats.beta.sf(float(p), n + 1 - u, u) >= 1 - float(delta) - 1e-12), default=0
    )
    if u == 0:
        return math.inf
    together = next(q for q in values if math.prod(share(scan, q) for scan in scans) >= p**n / delta)
    return max(own[n - u], together, brute_scan(scans, p))


@given(
    st.lists(st.lists(st.integers(-3, 6), min_size=1, max_size=7), min_size=1, max_size=12),
    st.sampled_from(["0.5", "0.7", "0.8", "0.9"]),
)
@settings(max_examples=300, deadline=None)
def test_thresholds_of_scans_equal_brute_force(scans: list[list[int]], nominal: str) -> None:
    p = Fraction(nominal)
    values = [[float(s) for s in scan] for scan in scans]
    arrays = [np.sort(np.asarray(scan)) for scan in values]
    assert scan_threshold(arrays, float(nominal)).value == brute_scan(values, p)
    assert pac_threshold(arrays, float(nominal), 0.75).value == brute_pac(values, p, Fraction(1, 4))
    # One pixel per scan is the plain conformal threshold.
    single = [array[:1] for array in arrays]
    assert scan_threshold(single, float(nominal)).value == pixel_threshold(np.concatenate(single), float(nominal)).value


@pytest.mark.parametrize("unit", ["pixel", "scan", "pac"])
def test_random_ties_cover_exactly_what_is_missing(unit: Any) -> None:
    """Counts with a heavy atom at the threshold: the covered weight equals the one asked for, to rounding."""
    rng = np.random.default_rng(3)
    zeros = 0.95 if unit == "pac" else 0.7
    scans = [np.sort(np.where(rng.random(50 + k) < zeros, 0.0, rng.normal(size=50 + k))) for k in range(40)]
    p, n = Fraction(4, 5), len(scans)
    given: Any = np.concatenate(scans) if unit == "pixel" else scans
    entry = corrections(given, given, 0.8, "symmetric", unit, ties=True)
    q, share = entry["upper"], entry["upper_share"]
    covered = [(np.sum(s < q) + share * np.sum(s == q)) / s.size for s in scans]
    assert q == 0
    assert 0 < share < 1
    if unit == "scan":
        assert sum(covered) == pytest.approx(float((n + 1) * p))
    elif unit == "pixel":
        size = given.size
        assert np.sum(given < q) + share * np.sum(given == q) == pytest.approx(float((size + 1) * p))
    else:
        rank = n + 1 - allowed_misses(n, 1 - p, TWENTIETH)
        together = math.exp(np.sum(np.log(covered)))
        assert sorted(covered)[n - rank] >= 0.8 - 1e-9
        assert together >= 0.8**n / 0.05 * (1 - 1e-9)
        assert sorted(covered)[n - rank] <= 0.8 + 1e-9 or together <= 0.8**n / 0.05 * (1 + 1e-6)
    assert corrections(given, given, 0.8, "symmetric", unit)["upper"] >= q


def test_auto_takes_the_strongest_and_never_an_infinite_one() -> None:
    nominal = [0.5, 0.8, 0.9, 0.95]
    for n, expected in {
        0: ["pixel"] * 4,
        1: ["pixel"] * 4,
        8: ["pixel"] * 4,
        9: ["scan", "scan", "scan", "pixel"],
        28: ["scan"] * 4,
        29: ["pac", "pac", "pac", "scan"],
        59: ["pac"] * 4,
    }.items():
        assert list(choose_units("auto", n, nominal, 0.9, 0.95).values()) == expected
    words = explain_choice("auto", 9, choose_units("auto", 9, nominal, 0.9, 0.95), 0.95)
    for part in (
        "9 scans",
        "scan at 0.5, 0.8 and 0.9",
        "pixel at 0.95",
        "at 0.9, 9 for scan and 29 for pac",
        "19 for scan",
    ):
        assert part in words


def test_intervals_of_different_units_stay_nested() -> None:
    part = {"lower": 1.0, "upper": 3.0, "n": 9, "k": 9}
    table = {0.9: part | {"upper": 2.0}, 0.5: dict(part)}
    nest(table)
    assert table[0.9] == part
    assert Threshold(1.0, 0.5, 9, 9) < Threshold(1.0, 1.0, 9, 9) < Threshold(1.1, 0.0, 9, 9)


@pytest.fixture(scope="module")
def small() -> tuple[Study, list[Any]]:
    study = Study(data_sets=200, calibrate=(30,), judged=3000, nominal=(0.5, 0.8, 0.9))
    return study, run(World("small", size=16, correlation=6.0), study)


def test_promises_hold_in_simulation_and_pooled_pixels_do_not(small: tuple[Study, list[Any]]) -> None:
    """200 data sets of 30 scans with correlated noise and a gain of its own for each scan."""
    study, rows = small
    for row in rows:
        if row.unit == "scan":
            assert row.mean + 3 * row.error >= row.nominal
        if row.unit == "pac":
            chance = 3 * math.sqrt(0.95 * 0.05 / study.data_sets)
            assert row.reached >= 0.95 - chance
            assert row.most >= 0.95 - chance
        if row.unit == "pixel":
            assert row.reached < 0.65, "pooled pixels would promise what they cannot"
            assert row.high - row.low > 0.02
        assert verdict(row, study) == ("**fails**" if row.unit == "pixel" else "holds")
    assert {(row.unit, row.nominal) for row in rows if row.unit == "pac"} == {("pac", 0.5), ("pac", 0.8), ("pac", 0.9)}
    assert table(rows, study).count("**fails**") == 3


def skewed_scans(n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Lower, median, upper and reference of ``n`` scans of 25 pixels, float32 (n, 25); some scans are dark throughout.

    Gain and a part of the noise are one number per scan; noise is skewed and grows with the signal, as do the widths.
    """
    signal = np.exp(rng.normal(0, 0.3, (n, 1)) + rng.normal(0, 0.3, (n, 25)))
    noise = rng.exponential(1, (n, 25)) + rng.exponential(1, (n, 1)) - 2
    reference = signal * (1 + 0.2 * rng.normal(size=(n, 1)) + 0.2 * noise)
    images = (0.9 * signal, signal, 1.2 * signal, reference)
    return tuple(image.astype(np.float32) for image in images)


@pytest.mark.parametrize(
    ("score", "scaled", "edge"),
    [("asymmetric", False, None), ("symmetric", True, None), ("asymmetric", True, None), ("symmetric", False, 1.2)],
    ids=["by side", "by width", "by side and width", "by intensity"],
)
def test_promises_hold_for_other_scores_and_for_groups(score: Any, scaled: bool, edge: float | None) -> None:
    """100 data sets of 20 scans, judged by delivered intervals on 1500 further scans; pooled pixels beside them."""
    rng = np.random.default_rng(12)
    lower, median, upper, reference = skewed_scans(1500, rng)
    groups = [np.ones_like(median, dtype=bool)] if edge is None else [median < edge, median >= edge]
    coverage: dict[tuple[Any, int], list[np.ndarray]] = {}
    nominal = {"scan": 0.8, "pac": 0.5, "pixel": 0.8}
    for _ in range(100):
        low, middle, high, target = skewed_scans(20, rng)
        scores = side_scores(low, high, target, scaled)
        inside = [np.ones_like(middle, dtype=bool)] if edge is None else [middle < edge, middle >= edge]
        for unit, share in nominal.items():
            entries = []
            for group in inside:
                parts: list[Any] = [[own[own_in] for own, own_in in zip(side, group, strict=True)] for side in scores]
                if unit == "pixel":
                    parts = [np.concatenate(side) for side in parts]
                entries.append(corrections(*parts, share, score, unit))  # type: ignore[arg-type]
            entry = entries[0] if edge is None else {**entries[0], "groups": entries}
            assert all(math.isfinite(part["upper"]) and math.isfinite(part["lower"]) for part in entries)
            content: dict[str, Any] = {"channels": ["Fe"], "nominal": [share], "primary": share, "floor": None}
            content |= {"corrections": {f"{share:g}": {"Fe": entry}}, "scale": "width" if scaled else "none"}
            content |= {} if edge is None else {"groups": {"by": "intensity", "edges": {"Fe": [edge]}}}
            start, end, _ = Calibration(content).interval(lower[None], median[None], upper[None], share)
            covered = (start[0] <= reference) & (reference <= end[0])
            for g, group in enumerate(groups):
                has = group.any(axis=1)
                own = (covered & group).sum(axis=1)[has] / group.sum(axis=1)[has]
                coverage.setdefault((unit, g), []).append(own)
    chance = 3 * math.sqrt(0.95 * 0.05 / 100)
    for (unit, g), found in coverage.items():
        own, p = np.array(found), nominal[unit]
        mean, reached = own.mean(axis=1), (own.mean(axis=1) >= p).mean()
        error = math.hypot(mean.std(ddof=1) / 10, own.mean(axis=0).std(ddof=1) / math.sqrt(own.shape[1]))
        if unit == "scan":
            assert p - 3 * error <= mean.mean() < 0.97, (unit, g)
        elif unit == "pac":
            most = ((own >= p).mean(axis=1) >= p).mean()
            assert min(reached, most) >= 0.95 - chance, (unit, g)
            assert mean.mean() < 0.97, (unit, g)
        else:
            assert reached < 0.8, "pooled pixels would promise what they cannot"


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


def sample_of(medians: np.ndarray) -> LatentSample:
    """Training pixels of one channel with these medians."""
    n = len(medians)
    nothing, none = np.zeros((n, 2), np.float32), np.zeros(n, np.int64)
    median = medians[:, None].astype(np.float32)
    return LatentSample(nothing, nothing, median, np.array([2]), np.zeros((n, 2), np.int64), none, ("s",))


def fit(files: list[Files], output: Path, **changes: Any) -> Calibration:
    lists = [[getattr(f, key) for f in files] for key in ("ensemble", "scan", "regions")]
    fit_calibration(*lists, output, **({"nominal": [0.5, 0.8, 0.9], "primary": 0.8} | changes))
    return Calibration.read(output)


def test_scans_weigh_the_same_and_split_ones_do_not_count(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12, split=True)
    fitted = fit(files, tmp_path / "c.json", confidences=[0.75])
    content = fitted.content
    assert content["unit"] == "auto"
    assert content["units"] == {"0.5": "scan", "0.8": "scan", "0.9": "scan"}
    assert content["n_whole_scans"] == 12
    assert content["n_scans"] == 13
    assert content["corrections"]["0.8"]["Fe"]["n"] == 12
    assert content["corrections"]["0.8"]["Fe"]["k"] == math.ceil(13 * 0.8)
    only = fit(files[:-1], tmp_path / "d.json", unit="scan")
    assert only.content["corrections"] == content["corrections"]
    assert "At scan level, on average" in fitted.guarantee
    assert "the 12 scans" in fitted.guarantee
    assert "at 0.8, 4 for scan and 14 for pac" in content["unit_reason"]
    assert fit(files, tmp_path / "e.json", unit="pixel").content["corrections"]["0.8"]["Fe"]["n"] == 2 * 168 * 12 + 144


def test_delivered_intervals_are_nested_where_units_differ(tmp_path: Path) -> None:
    """With 12 scans, 0.9 can speak of scans and 0.95 of pixels only, whose interval alone would be the narrower one."""
    files = simulated_scans(tmp_path, 12)
    fitted = fit(files, tmp_path / "c.json", nominal=[0.5, 0.9, 0.95], primary=0.9)
    assert fitted.content["units"] == {"0.5": "scan", "0.9": "scan", "0.95": "pixel"}
    amounts = [fitted.content["corrections"][key]["Fe"]["upper"] for key in ("0.5", "0.9", "0.95")]
    alone = fit(files, tmp_path / "d.json", nominal=[0.95], primary=0.95, unit="pixel")
    assert alone.content["corrections"]["0.95"]["Fe"]["upper"] < amounts[1]
    assert amounts[0] < amounts[1] == amounts[2]


def test_words_name_what_each_coverage_and_bound_promises(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12)
    options: dict[str, Any] = {"nominal": [0.5, 0.9, 0.95], "primary": 0.9, "confidences": [0.9, 0.95]}
    words = fit(files, tmp_path / "c.json", **options).guarantee
    assert (
        "Another promise holds for nominal coverage 0.95 and for one-sided bounds, and decisions by them, at 0.95:"
        in words
    )
    assert "approximately, not about further scans (unit pixel)" in words
    assert "in each channel by itself" in words
    assert "a single frame of it can have less" in words
    alike = fit(files, tmp_path / "d.json", unit="scan", nominal=[0.5, 0.9], primary=0.9, confidences=[0.9])
    assert "Another promise" not in alike.guarantee
    sure = fit(files, tmp_path / "e.json", unit="pac", nominal=[0.5], primary=0.5)
    assert "in at least 50 of 100 pixels of each of at least 50 of 100 further scans" in sure.guarantee
    assert "not of all together" in sure.guarantee


@pytest.mark.parametrize("unit", ["scan", "pac"])
def test_groups_promise_nothing_for_all_pixels_of_a_scan(tmp_path: Path, unit: str) -> None:
    """Of 12 scans, 3 have the bright bin: enough for the mean at 0.5, not at 0.8, and not for pac."""
    files = simulated_scans(tmp_path, 12)
    for file in files[:9]:
        with h5py.File(file.ensemble, "r+") as ensemble:
            for kind in ("lower", "median", "upper"):
                for place in (ensemble[kind], ensemble[f"frames/{kind}"]):
                    place[...] = np.minimum(place[...], 3.9)
    save_sample(tmp_path / "sample.npz", sample_of(np.linspace(0, 8, 4000)))
    options: dict[str, Any] = {"groups": "intensity", "bins": 2, "smallest_group": 100, "unit": unit}
    nominal = [0.5, 0.8] if unit == "scan" else [0.5]
    fitted = fit(files, tmp_path / "c.json", **options, sample=tmp_path / "sample.npz", nominal=nominal, primary=0.5)
    entries = fitted.content["corrections"][f"{nominal[-1]:g}"]["Fe"]["groups"]
    assert [part.get("of_all", False) for part in entries] == [False, True]
    for part in (
        "of 100 pixels of each bin of predicted intensity",
        "further scans that have it",
        "Nothing is promised for all pixels of a scan taken together",
        f"Too few calibration pixels or scans have bin 2 of Fe (at nominal {nominal[-1]:g})",
    ):
        assert part in fitted.guarantee
    assert "pixels of a further scan" not in fitted.guarantee


def test_repeats_of_one_field_of_view_count_once(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12, groups=3)
    content = fit(files, tmp_path / "c.json").content
    assert content["n_whole_scans"] == 3
    assert set(content["units"].values()) == {"pixel"}
    assert "no guarantee at scan level" in content["guarantee"]
    assert "at 0.8, 4 for scan" in content["unit_reason"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": "scan", "nominal": [0.5, 0.8, 0.95]}, "needs 19"),
        ({"unit": "pac"}, "needs 14"),
        ({"unit": "scan", "score": "asymmetric", "nominal": [0.8, 0.9]}, "needs 19"),
        ({"unit": "scan", "confidences": [0.99]}, "decisions.exceed.confidence"),
    ],
)
def test_a_unit_that_the_scans_cannot_carry_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    files = simulated_scans(tmp_path, 12)
    with pytest.raises(InputError, match=r"calibration.unit.*Remedy: give \d+ scans") as error:
        fit(files, tmp_path / "c.json", **changes)
    assert words in str(error.value)
    assert not (tmp_path / "c.json").exists()


def test_one_split_scan_gets_what_pixel_gives(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 0, split=True)
    auto, pixel = (fit(files, tmp_path / f"{unit}.json", unit=unit) for unit in ("auto", "pixel"))
    assert auto.content["corrections"] == pixel.content["corrections"]
    assert auto.guarantee == pixel.guarantee
    assert "for no scan of role calibrate" in auto.content["unit_reason"]
