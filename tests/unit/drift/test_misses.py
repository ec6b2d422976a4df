"""Where the image misses the reference."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.drift.misses import BETWEEN, miss_findings, role_of
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.drift.local_world import BOX, SIDE, as_it_is, grains, opened
from tests.unit.drift.simulated import write


def test_a_needle_in_a_guard_band_is_listed_along_its_length_with_both_values(tmp_path: Path) -> None:
    """A dark needle of 1.39 counts, 3 px wide, which the image draws as 2.51; no region holds it."""
    rng = np.random.default_rng(0)
    image = np.full((2, SIDE, SIDE), 4.0)
    image[0] = 2.51
    truth = image.copy()
    for y in range(30, 66):
        truth[0, y, 20 + y // 2 : 23 + y // 2] = 1.39
    reference = rng.poisson(9 * truth) / 9
    boxes = (Box("train", (0, 0), (SIDE, 30)), Box("test", (0, 62), (SIDE, SIDE)))
    files = write(tmp_path, "scan", rng.poisson(truth).astype(float), image, "apply", True, reference=reference)
    with h5py.File(files["scan"], "a") as file:
        file.attrs.update({"reference_repeats": 9, "reference_events": 1})
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as ensemble:
        content = miss_findings(scan, ensemble, boxes, as_it_is(), ensemble)
    found = content["misses"]
    assert content["missed"] == {
        "total": len(found), "channels": {"Mg": len(found), "Fe": 0}, "pixels": SIDE**2, "noise": "counts",
        "level": content["missed"]["level"],
    }  # fmt: skip
    assert len(found) >= 3 and {place["role"] for place in found} == {BETWEEN}
    rows = sorted(place["centre"][0] for place in found)
    assert rows[0] < 42 and rows[-1] > 54
    for place in found:
        assert (place["channel"], place["feature"], place["kind"]) == ("Mg", "dark", "lost") and place["sigma"] < -5
        assert place["image"] == pytest.approx(2.51, abs=1e-3) and 1 < place["reference"] < 2.2
        assert "interval" not in place and "measured" not in place


def test_the_reference_is_told_to_lie_outside_the_signal_interval(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    image = np.full((2, SIDE, SIDE), 5.0)
    truth = image.copy()
    truth[0, 20:26, 20:26] += 3
    truth[0, 60:72, 60:72] += 0.8
    reference = truth + 0.3 * rng.normal(size=truth.shape)
    files = write(tmp_path, "scan", image, image, "apply", False, reference=reference)
    with h5py.File(files["denoised"], "a") as file:
        file["signal/0.9/lower"], file["signal/0.9/upper"] = image - 1, image + 1
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as raw, Predictions(files["denoised"]) as images:
        content = miss_findings(scan, raw, [BOX], as_it_is(), images)
    strongest = content["misses"][0]
    outside = {place["outside"] for place in content["misses"] if 60 <= place["centre"][0] < 72}
    assert strongest["outside"] and strongest["interval"] == [4.0, 6.0] and strongest["reference"] > 6
    assert outside == {False} and content["missed"]["noise"] is None


def test_known_noise_is_the_unit_of_sigma_whatever_the_texture(tmp_path: Path) -> None:
    """Texture that the image lacks raises the roughness of a reference, not the noise that its repeats show."""
    rng = np.random.default_rng(5)
    image = np.full((2, SIDE, SIDE), 50.0)
    texture = 4 * np.sign(rng.normal(size=image.shape))
    reference = image + texture + 0.5 * rng.normal(size=image.shape)
    reference[0, 40:46, 40:46] += 8
    files = write(tmp_path, "scan", image, image, "apply", False, reference=reference)
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as raw:
        rough = miss_findings(scan, raw, [BOX], as_it_is())
    with h5py.File(files["scan"], "a") as file:
        file["reference_variance"] = (0.25 * rng.chisquare(2, image.shape) / 2).astype(np.float32)
        file.attrs["reference_repeats"] = 3
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as raw:
        known = miss_findings(scan, raw, [BOX], as_it_is())
    assert (rough["missed"]["noise"], known["missed"]["noise"]) == (None, "repeats")
    ratio = abs(known["misses"][0]["sigma"]) / abs(rough["misses"][0]["sigma"])
    assert ratio == pytest.approx(np.hypot(4, 0.5) / 0.5, rel=0.25)


@pytest.mark.parametrize("frames", [2, 9])
def test_the_other_frames_are_the_reference_of_leave_one_out(tmp_path: Path, frames: int) -> None:
    rng = np.random.default_rng(1)
    truth = 0.3 * grains(rng)
    files = write(tmp_path, "scan", rng.poisson(truth).astype(float), truth, "apply", True)
    image = truth.copy()
    image[1, 40:46, 40:46] += 3
    write(tmp_path, "other", rng.poisson(truth).astype(float), image, "apply", True)
    with h5py.File(files["scan"], "a") as file:
        noisy = rng.poisson(truth, (frames, *truth.shape))
        del file["noisy"]
        file["noisy"] = noisy.astype(np.uint16)
        file["reference"] = noisy.sum(axis=0).astype(np.float32)
        file.attrs["reference_kind"] = "leave-one-out"
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as right:
        assert miss_findings(scan, right, [BOX], as_it_is())["misses"] == []
    with Scan(files["scan"]) as scan, Predictions(tmp_path / "other.ensemble.h5") as wrong:
        found = miss_findings(scan, wrong, [BOX], as_it_is())["misses"]
    assert [miss["channel"] for miss in found] == ["Fe"] and found[0]["kind"] == "invented"
    assert 1 < found[0]["image"] - found[0]["reference"] < 3.5


def test_every_miss_is_in_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    image, truth = np.full((2, SIDE, SIDE), 9.0), np.full((2, SIDE, SIDE), 9.0)
    for y in (16, 48, 80):
        for x in (8, 36, 84):
            truth[0, y - 6 : y + 6, x - 6 : x + 6] += 1.2
    truth[1, 50:53, 50:53] += 8
    reference = truth + rng.normal(size=truth.shape)
    boxes = (Box("train", (0, 0), (SIDE, 48)), Box("test", (0, 48), (SIDE, SIDE)))
    with opened(tmp_path, image, image, counts=False, reference=reference, boxes=boxes) as (scan, ensemble, _):
        content = miss_findings(scan, ensemble, boxes, as_it_is())
    assert content["missed"]["total"] == len(content["misses"]) >= 10
    (small,) = [miss for miss in content["misses"] if miss["channel"] == "Fe"]
    assert small["role"] == "test" and small["size"] < 8 and small["centre"] == pytest.approx([51, 51], abs=1)
    assert small["reference"] - small["image"] == pytest.approx(6, abs=3)


def test_a_pixel_of_no_region_lies_between_them() -> None:
    boxes = (Box("train", (0, 0), (10, 10)), Box("test", (14, 0), (20, 10)))
    assert [role_of(at, boxes) for at in ((9, 9), (10, 9), (14, 0))] == ["train", "between regions", "test"]


def test_without_a_reference_there_are_none(tmp_path: Path) -> None:
    image = np.ones((2, SIDE, SIDE))
    with opened(tmp_path, image, image) as (scan, ensemble, _):
        assert miss_findings(scan, ensemble, [BOX], as_it_is()) == {}
