"""Where the image misses the reference."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.drift import misses
from noisebound.drift.misses import miss_findings
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.drift.local_world import BOX, SIDE, as_it_is, grains, opened
from tests.unit.drift.simulated import write


def test_a_needle_that_is_drawn_too_bright_is_listed_with_both_values(tmp_path: Path) -> None:
    """A dark needle of 1.39 counts, which the image draws as 2.51."""
    rng = np.random.default_rng(0)
    image = grains(rng)
    truth = image.copy()
    image[0, 60:70, 20:23], truth[0, 60:70, 20:23] = 2.51, 1.39
    reference = rng.poisson(20 * truth) / 20
    with opened(tmp_path, rng.poisson(truth).astype(float), image, reference=reference) as (scan, ensemble, _):
        content = miss_findings(scan, ensemble, [BOX], as_it_is())
    assert content["missed"]["total"] == len(content["misses"]) == 1
    (miss,) = content["misses"]
    assert miss["channel"] == "Mg" and miss["sigma"] < -5 and miss["role"] == "apply"
    assert miss["lower"][0] < 67 and miss["upper"][0] > 63 and miss["lower"][1] <= 21 < miss["upper"][1]
    assert miss["image"] > miss["reference"] + 0.4


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


def test_small_misses_are_not_crowded_out_by_wide_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misses, "LISTED", 3)
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
    assert content["missed"]["total"] == 10 and len(content["misses"]) <= 3 + 3
    (small,) = [miss for miss in content["misses"] if miss["channel"] == "Fe"]
    assert small["role"] == "test" and small["size"] < 8
    assert small["reference"] - small["image"] == pytest.approx(8, abs=3)


def test_without_a_reference_there_are_none(tmp_path: Path) -> None:
    image = np.ones((2, SIDE, SIDE))
    with opened(tmp_path, image, image) as (scan, ensemble, _):
        assert miss_findings(scan, ensemble, [BOX], as_it_is()) == {}
