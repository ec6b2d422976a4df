"""Single blocks whose image shows what the noisy frame does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import binom

from noisebound.drift.invented import invented
from noisebound.report.drift import quiet
from tests.unit.drift.simulated import EVEN, Bench, Images, make_residuals, write

# No block without structure calibrates.
NOTHING = (np.zeros((0, 2)), np.zeros((0, 2)))


@pytest.fixture(scope="module", params=[False, True], ids=["intensity", "counts"])
def bench(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), request.param, scans=2)


def test_one_invented_grain_is_told_and_where(bench: Bench) -> None:
    """As wide as blocks, so that it is even within each, and in few of them."""

    def grain(truth: Images) -> Images:
        image = truth.copy()
        image[1, 32:64, 16:48] += 6
        return image

    content = bench.check(bench.make("grain", phases=EVEN, denoise=grain)[0])
    assert content["background"]["verdict"] == "structure"
    warning = next(entry for entry in content["warnings"] if entry["kind"] == "background")
    assert len(warning["points"]) == 1 and warning["points"][0].startswith("Fe:")
    for place in content["background"]["worst"]:
        assert place["channel"] == "Fe" and place["share"] == 1
        assert all(a >= b for a, b in zip(place["lower"], (32, 16), strict=True))
        assert all(a <= b for a, b in zip(place["upper"], (64, 48), strict=True))
    first = content["background"]["worst"][0]
    assert f"y {first['lower'][0]} to {first['upper'][0]}, x {first['lower'][1]}" in warning["points"][0]
    assert "beyond its usual error" not in quiet(content)


def test_an_invented_texture_in_two_blocks_is_told(bench: Bench) -> None:
    def texture(truth: Images) -> Images:
        image = truth.copy()
        y, x = np.mgrid[:16, :32]
        image[0, 48:64, 32:64] += 6 * np.sin(x / 2) * np.sin(y / 2)
        return image

    content = bench.check(bench.make("texture", phases=EVEN, denoise=texture)[0])
    assert content["background"]["verdict"] == "structure"
    assert all(entry["share"] <= 0.1 for entry in content["background"]["channels"])
    found = {(place["channel"], *place["lower"]) for place in content["background"]["worst"]}
    assert found and found <= {("Mg", 48, 32), ("Mg", 48, 48)}


def test_a_median_filter_of_few_counts_is_not_suspected_and_an_invented_grain_in_it_is(tmp_path: Path) -> None:
    """At 0.9 counts per pixel it jumps between 0 and 1, which the mean of the reference does not follow."""
    bench = Bench(tmp_path, counts=True, scans=0)
    rng = np.random.default_rng(11)
    side, rate = 80, 0.9

    def scan(name: str, role: str, grain: float = 0.0) -> dict[str, Path]:
        noisy = rng.poisson(rate, (2, side, side)).astype(np.float32)
        median = np.stack([ndimage.median_filter(image, 5) for image in noisy])
        long = rng.poisson(9 * rate, noisy.shape) / 9
        median[1, 32:64, 16:48] += grain
        return write(tmp_path, name, noisy, median, role, True, half=0.85, reference=long)

    bench.fit([scan(f"calibrate{i}", "calibrate") for i in range(2)])
    honest = [bench.check(scan(f"honest{i}", "apply"), draws=19)["background"] for i in range(6)]
    assert min(entry["blocks"] for entry in honest) >= 5
    assert [entry["verdict"] for entry in honest] == ["flat"] * 6
    for i in range(3):
        found = bench.check(scan(f"grain{i}", "apply", 1.5), draws=19)["background"]
        assert found["verdict"] == "structure"
        assert found["worst"] and all(place["channel"] == "Fe" for place in found["worst"])
        assert all(16 <= place["lower"][0] < 64 and place["lower"][1] < 48 for place in found["worst"])


def test_right_images_are_seldom_called_wrong() -> None:
    """In one of 1000 scans, with two channels and every pixel outside of its interval."""
    rng = np.random.default_rng(0)
    everywhere = np.ones((60, 2))
    called = 0
    for _ in range(2000):
        blocks = make_residuals(rng, 60, beyond=everywhere, off=everywhere)
        called += (invented(blocks, NOTHING, 0.2)[0] > 1).any()
    assert called <= binom.ppf(1 - 1e-3, 2000, 0.002)


def test_a_wrong_level_and_a_wrong_pattern_are_found_where_they_are() -> None:
    rng = np.random.default_rng(1)
    level, pattern = rng.normal(size=(2, 60, 2))
    beyond, off = np.full((60, 2), 0.6), np.full((60, 2), 0.9)
    level[7, 0], pattern[30, 1] = -12, 12
    certainty, share = invented(
        make_residuals(rng, 60, level=level, pattern=pattern, beyond=beyond, off=off), NOTHING, 0.2
    )
    assert np.argwhere(certainty > 1).tolist() == [[7, 0], [30, 1]]
    assert (share[7, 0], share[30, 1]) == (0.9, 0.6)


def test_a_bias_of_all_blocks_is_no_structure() -> None:
    rng = np.random.default_rng(2)
    level, most = rng.normal(size=(60, 2)), np.full((60, 2), 0.9)
    plain, biased = (
        invented(make_residuals(np.random.default_rng(3), 60, level=values, off=most), NOTHING, 0.2)[0]
        for values in (level, level + 25)
    )
    np.testing.assert_allclose(plain, biased, atol=1e-9)


def test_blocks_whose_intervals_hold_the_level_are_right_whatever_their_score() -> None:
    rng = np.random.default_rng(4)
    scores = 50 * rng.normal(size=(60, 2)) ** 3
    blocks = make_residuals(rng, 60, level=scores, pattern=scores)
    assert not invented(blocks, NOTHING, 0.2)[0].any()


def test_what_calibrated_blocks_differ_by_is_usual() -> None:
    rng = np.random.default_rng(5)
    level, most = rng.normal(size=(60, 2)), np.full((60, 2), 0.9)
    level[7, 0] = 12
    blocks = make_residuals(rng, 60, level=level, off=most)
    assert invented(blocks, NOTHING, 0.2)[0][7, 0] > 1
    wide = 5 * rng.normal(size=(200, 2))
    assert invented(blocks, (wide, wide), 0.2)[0][7, 0] < 1
    few = wide[:4]
    assert invented(blocks, (few, few), 0.2)[0][7, 0] > 1, "four blocks tell nothing"


def test_an_image_that_follows_the_noise_invents_where_its_pattern_is_positive() -> None:
    """And not where it follows the noise less than elsewhere."""
    rng = np.random.default_rng(6)
    pattern, most = -20 + rng.normal(size=(60, 2)), np.full((60, 2), 0.9)
    pattern[7, 0], pattern[8, 0] = 9, -2
    certainty, _ = invented(make_residuals(rng, 60, pattern=pattern, beyond=most), NOTHING, 0.2)
    assert np.argwhere(certainty > 1).tolist() == [[7, 0]]
