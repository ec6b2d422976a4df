"""The check of a new scan on simulated acquisitions: what is like the calibrated ones passes, what drifted is told."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import ndimage

from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from tests.unit.drift.simulated import Bench, Images


@pytest.fixture(scope="module", params=[False, True], ids=["intensity", "counts"])
def bench(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), request.param, scans=2)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Enough scans to be compared as wholes."""
    return Bench(tmp_path_factory.mktemp("many"), True, scans=19, side=64)


def blurred(images: Images) -> Images:
    smooth = np.stack([ndimage.gaussian_filter(image.astype(float), 0.7) for image in images])
    return np.rint(smooth) if np.array_equal(images, np.rint(images)) else smooth


OTHER_PHASE = np.array([[20.0, 1.0], [12.0, 3.0], [16.0, 14.0]])


DRIFTS = {
    "half the dose": ({"before": lambda truth: 0.5 * truth}, {"mean", "distance", "latent"}),
    "an offset": ({"after": lambda noisy: noisy + 6}, {"mean", "latent", "distance", "zeros"}),
    "a blurred detector": ({"after": blurred}, {"fine", "noise", "middle"}),
    "another phase": ({"phases": OTHER_PHASE}, {"mean", "distance", "latent", "contrast"}),
}


def test_scans_of_the_same_kind_pass_quietly(bench: Bench) -> None:
    found = [bench.check(bench.make(f"like{i}")[0]) for i in range(12)]
    assert [content["verdict"] for content in found].count("unlike") == 0
    assert sum(bool(content["warnings"]) for content in found) == 0
    for content in found:
        assert content["unit"] == "block" and content["resolution"] == 0.001 and content["p"] >= 0.001
        assert content["n_blocks"] == 36 and content["n_calibrate_blocks"] == 72
        assert content["residuals"]["verdict"] == "white"
        assert "independent" in content["approximation"] and "approximate" in content["approximation"]
        # Two scans calibrate, so that of three alike each is the most unusual in a third of all cases.
        assert 3 * content["scan_p"] == pytest.approx(round(3 * content["scan_p"])) and content["scan_p"] > 0.3
        assert "about a third" in content["approximation"]
        assert "cannot be below 0.33" in content["approximation"]


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_scan_that_drifted_is_told_and_how(bench: Bench, drift: str) -> None:
    changes, kinds = DRIFTS[drift]
    content = bench.check(bench.make(drift.replace(" ", "-"), **changes)[0])
    assert content["verdict"] == "unlike"
    assert content["p"] <= 0.05
    assert content["statistics"][0]["kind"] in kinds
    warning = next(entry for entry in content["warnings"] if entry["kind"] == "drift")
    assert 1 <= len(warning["points"]) <= 5 and "role calibrate" in warning["remedy"]


@pytest.mark.parametrize("drift", DRIFTS)
def test_whole_scans_tell_it_too_where_enough_of_them_calibrate(many: Bench, drift: str) -> None:
    content = many.check(many.make(drift.replace(" ", "-"), **DRIFTS[drift][0])[0])
    assert (content["unit"], content["verdict"]) == ("scan", "unlike")
    assert content["p"] == content["resolution"] == 1 / 20
    assert content["n_calibrate_scans"] == content["needed_scans"] == 19


def test_too_little_calibration_is_said_and_warns_of_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, counts=True, scans=0)
    corner = (Box("train", (0, 0), (96, 60)), Box("calibrate", (0, 70), (16, 86)), Box("test", (30, 70), (46, 86)))
    files, _ = bench.make("split", "split", boxes=corner)
    bench.fit([files])
    content = bench.check(bench.make("new", boxes=(Box("apply", (30, 70), (46, 86)),))[0])
    assert (content["verdict"], content["n_blocks"], content["n_calibrate_blocks"]) == ("too few", 1, 1)
    assert content["resolution"] > content["level"]
    assert content["warnings"] == []


def test_only_pixels_count_that_training_has_not_seen(bench: Bench, tmp_path: Path) -> None:
    """A defect in the train and select regions of a split scan changes nothing but the list of single places."""
    boxes = (Box("train", (0, 0), (96, 50)), Box("select", (0, 54), (40, 92)), Box("test", (44, 54), (96, 96)))
    state = bench.rng.bit_generator.state
    clean = bench.check(bench.make("split", boxes=boxes)[0])

    def spoilt(noisy: Images) -> Images:
        noisy = noisy.copy()
        noisy[:, :, :50] += 100
        noisy[:, :40, 54:92] = 0
        return noisy

    bench.rng.bit_generator.state = state
    files, _ = bench.make("split2", boxes=boxes, after=spoilt)
    # Latents are filters of the whole frame here; a network's do not reach across the guard band either.
    with h5py.File(files["ensemble"], "a") as file:
        with h5py.File(files["ensemble"].with_name("split.ensemble.h5")) as other:
            file["latent"][:] = other["latent"][:]
    again = bench.check(files)
    found = again["places"]
    assert any(place["centre"][1] < 50 for place in found) and any(place["centre"][1] >= 54 for place in found)
    assert [entry["kind"] for entry in again["warnings"]] == ["places"]
    places = dict.fromkeys(("scan", "places", "local", "warnings"))
    assert clean | places == again | places


def test_a_scan_that_calibrates_a_part_of_itself_is_no_new_one(bench: Bench) -> None:
    """Its test region may hold other phases; what the intervals are worth there is measured, not guessed."""
    boxes = (Box("train", (0, 0), (96, 40)), Box("calibrate", (0, 44), (44, 96)), Box("test", (48, 44), (96, 96)))

    def brighter_below(noisy: Images) -> Images:
        return np.concatenate([noisy[:, :48], noisy[:, 48:] + 50], axis=1)

    content = bench.check(bench.make("split", boxes=boxes, after=brighter_below)[0])
    assert (content["verdict"], content["p"], content["statistics"]) == ("calibrates", None, [])
    assert content["background"]["of"] == 3 * 3, "of its test region alone"
    assert "drift" not in {entry["kind"] for entry in content["warnings"]}


@pytest.mark.parametrize(("role", "verdict"), [("train", "learned from"), ("select", "learned from")])
def test_scans_that_taught_are_not_judged(bench: Bench, role: str, verdict: str) -> None:
    content = bench.check(bench.make(role, role, after=lambda noisy: noisy + 50)[0])
    assert (content["verdict"], content["p"]) == (verdict, None)
    assert "residuals" not in content
    # Single places are looked for all the same: what the networks learned from, they can lose, too.
    assert {entry["kind"] for entry in content["warnings"]} <= {"places"} and content["local"]["pixels"] == 96 * 96


def test_scans_that_calibrate_are_checked_for_invented_structure_only(bench: Bench) -> None:
    content = bench.check(bench.make("own", "calibrate")[0])
    assert content["verdict"] == "calibrates" and content["residuals"]["verdict"] == "white"


def test_other_channels_are_refused(bench: Bench) -> None:
    files = bench.make("renamed")[0]
    with h5py.File(files["scan"], "a") as file:
        file.attrs["channels"] = json.dumps(["Mg", "Si"])
    with pytest.raises(InputError, match=r"data\.channels"):
        bench.check(files)


def test_the_same_scan_gives_the_same_bytes(bench: Bench) -> None:
    files = bench.make("again")[0]
    found = []
    for _ in range(2):
        bench.check(files)
        found.append(files["ensemble"].with_suffix(".drift.json").read_bytes())
    assert found[0] == found[1]
