"""What is said of residuals and of places without structure, on simulated acquisitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from noisebound.drift.autocorrelation import lags
from noisebound.drift.findings import background_findings, residual_findings
from noisebound.drift.residuals import Residuals
from noisebound.report.drift import quiet
from tests.unit.drift.simulated import CHANNELS, EVEN, SIDE, Bench, Images, make_residuals, make_table, scene, write


@pytest.fixture(scope="module", params=[False, True], ids=["intensity", "counts"])
def bench(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), request.param, scans=2)


def test_lost_structure_is_left_in_the_residuals(bench: Bench) -> None:
    """The denoised image is far too smooth."""

    def smooth(truth: Images) -> Images:
        return np.stack([ndimage.gaussian_filter(image, 8) for image in truth])

    content = bench.check(bench.make("smooth", denoise=smooth)[0])
    assert content["residuals"]["verdict"] == "correlated"
    # Grains that were smoothed away are lost one by one, too.
    assert [entry["kind"] for entry in content["warnings"]] == ["residuals", "places"]
    assert all("white noise: 0 ± " in point for point in content["warnings"][0]["points"])


def test_residuals_that_are_correlated_where_calibrated_too_are_not_called_noise(tmp_path: Path) -> None:
    """An image that is too smooth everywhere differs in nothing from the calibrate regions."""

    def smooth(truth: Images) -> Images:
        return np.stack([ndimage.gaussian_filter(image, 8) for image in truth])

    bench = Bench(tmp_path, counts=False, scans=0)
    bench.fit([bench.make(f"calibrate{i}", "calibrate", denoise=smooth)[0] for i in range(2)])
    content = bench.check(bench.make("smooth", denoise=smooth)[0])
    assert content["residuals"]["verdict"] == "as calibrated"
    assert "are correlated (" in quiet(content) and "as on the calibrate regions" in quiet(content)


def test_invented_structure_is_told_where_the_input_shows_none(bench: Bench) -> None:
    """Even phases, on which the image shows a texture larger than its intervals."""

    def invent(truth: Images) -> Images:
        y, x = np.mgrid[:SIDE, :SIDE]
        return truth + 2 * np.sin(x / 2) * np.sin(y / 2)

    honest = bench.check(bench.make("even", phases=EVEN)[0])
    assert honest["background"]["verdict"] == "flat" and honest["background"]["blocks"] >= 5
    invented = bench.check(bench.make("invented", phases=EVEN, denoise=invent)[0])
    assert invented["background"]["verdict"] == "structure"
    assert "background" in [entry["kind"] for entry in invented["warnings"]]


def test_a_true_slope_too_faint_for_a_single_block_is_not_called_invented(bench: Bench) -> None:
    """The image is the truth, with intervals narrower than the slope across a block."""

    def sloped(truth: Images) -> Images:
        return truth + np.linspace(0, 3, SIDE)[:, None]

    content = bench.check(bench.make("sloped", phases=EVEN, before=sloped, half=0.05)[0])["background"]
    assert max(entry["share"] - 4 * entry["error"] for entry in content["channels"]) > 0.1
    assert content["verdict"] == "flat"


@pytest.mark.parametrize("correlated", [0, 0.4], ids=["white", "correlated"])
def test_an_honest_smooth_image_of_a_sloped_background_is_not_suspected(tmp_path: Path, correlated: float) -> None:
    """A plain filter, with intervals that cover nine in ten pixels; its errors are as wide as a block."""
    bench = Bench(tmp_path, counts=False, scans=0)
    rng = np.random.default_rng(8)

    def scan(name: str, role: str) -> dict[str, Path]:
        truth = scene(rng, EVEN) + np.linspace(0, 1, SIDE)[:, None]
        noise = ndimage.gaussian_filter(rng.normal(size=truth.shape), (0, correlated, correlated))
        noisy = (truth + 0.8 * noise / noise.std()).astype(np.float32)
        median = np.stack([ndimage.gaussian_filter(image, 3) for image in noisy])
        half = float(np.quantile(np.abs(median - truth), 0.9))
        return write(tmp_path, name, noisy, median, role, False, half=half)

    bench.fit([scan(f"calibrate{i}", "calibrate") for i in range(2)])
    found = [bench.check(scan(f"honest{i}", "apply"), draws=19)["background"] for i in range(10)]
    assert min(entry["blocks"] for entry in found) >= 5
    assert [entry["verdict"] for entry in found] == ["flat"] * 10


def test_background_needs_some_blocks() -> None:
    ones = np.ones((13, 2))
    ends = np.zeros((13, 2), dtype=np.int64)
    left = Residuals(ones[..., None], np.arange(13) < 4, 9 * ones, 9 * ones, ones, ones, ends, ends + 16)
    found = background_findings(left, (ones[:0], ones[:0]), CHANNELS, 0.1)
    assert found["verdict"] == "unknown" and found["blocks"] == 4


def residual_verdict(mean: float, calibrated: float, tolerance: float = 0.1, spread: float = 0.01) -> dict[str, Any]:
    """Of 40 blocks whose autocorrelation has this mean, beside 50 calibrated ones."""
    rng = np.random.default_rng(0)
    table = make_table(rng, 50, "a")
    table.residual[:] = calibrated + spread * rng.normal(size=table.residual.shape)
    return residual_findings(mean + spread * rng.normal(size=(40, 2, 5)), table, 2, tolerance)


@pytest.mark.parametrize(
    ("mean", "calibrated", "verdict"),
    [
        (0.0, 0.0, "white"),
        (0.05, 0.0, "white"),
        (0.3, 0.0, "correlated"),
        (0.3, 0.25, "as calibrated"),
        (0.3, -0.5, "correlated"),
        (-0.3, 0.0, "white"),
    ],
)
def test_residuals_are_correlated_beyond_zero_and_what_is_usual(mean: float, calibrated: float, verdict: str) -> None:
    assert residual_verdict(mean, calibrated)["verdict"] == verdict


def test_residuals_of_which_nothing_is_known_are_not_called_white() -> None:
    table = make_table(np.random.default_rng(0), 5, "a")
    found = residual_findings(np.full((3, 2, 5), np.nan), table, 2, 0.1)
    assert found["verdict"] == "unknown"
    assert [entry["lag"] for entry in found["channels"][0]["lags"]] == [list(lag) for lag in lags(2)]


def test_a_correlation_that_could_be_chance_is_none() -> None:
    assert residual_verdict(0.3, 0.0, spread=0.5)["verdict"] == "white"
    assert residual_verdict(0.3, 0.0, spread=0.05)["verdict"] == "correlated"


NOTHING = (np.zeros((0, 2)), np.zeros((0, 2)))


def test_structure_on_average_needs_pixels_outside_and_a_noisy_frame_against_it() -> None:
    rng = np.random.default_rng(1)
    beyond, against = np.full((60, 2), 0.15), rng.normal(size=(60, 2))
    against[:, 1] += 2
    blocks = make_residuals(rng, 60, beyond=beyond, pattern=against)
    found = background_findings(blocks, NOTHING, CHANNELS, 0.1)
    assert (found["verdict"], found["blocks"], found["worst"]) == ("structure", 60, [])
    assert [entry["structure"] for entry in found["channels"]] == [False, True]
    assert background_findings(blocks, NOTHING, CHANNELS, 0.2)["verdict"] == "flat", "more pixels are allowed"
    usual = (rng.normal(size=(200, 2)), 2 + rng.normal(size=(200, 2)))
    assert background_findings(blocks, usual, CHANNELS, 0.1)["verdict"] == "flat", "it is so where calibrated"


def test_the_worst_blocks_are_listed_by_their_certainty() -> None:
    rng = np.random.default_rng(2)
    level = rng.normal(size=(60, 2))
    strength = {40: 20, 3: 14, 17: 35, 50: 17, 9: 25, 28: 30}
    for block, value in strength.items():
        level[block, 1] = value
    off = np.where(np.abs(level) > 10, 0.9, 0.1)
    flat = np.arange(61) != 30
    blocks = make_residuals(
        rng, 61, flat=flat, level=np.insert(level, 30, 99, axis=0), off=np.insert(off, 30, 1, axis=0)
    )
    found = background_findings(blocks, NOTHING, CHANNELS, 0.1)
    assert [entry["single"] for entry in found["channels"]] == [0, 6] and found["verdict"] == "structure"
    numbers = [block + (block >= 30) for block in (17, 28, 9, 40, 50)]
    assert [place["lower"] for place in found["worst"]] == [blocks.lower[number].tolist() for number in numbers]
    assert all(place["share"] == 0.9 and place["channel"] == CHANNELS[1] for place in found["worst"])


@pytest.mark.parametrize(
    ("allowed", "off", "verdict"),
    [(0.1, 0.15, "flat"), (0.1, 0.25, "structure"), (0.4, 0.45, "flat"), (0.4, 0.55, "structure")],
)
def test_a_single_block_needs_twice_the_allowed_share_or_half_of_its_pixels(
    allowed: float, off: float, verdict: str
) -> None:
    rng = np.random.default_rng(3)
    level = rng.normal(size=(60, 2))
    level[5, 0] = 30
    blocks = make_residuals(rng, 60, level=level, off=np.full((60, 2), off))
    assert background_findings(blocks, NOTHING, CHANNELS, allowed)["verdict"] == verdict
