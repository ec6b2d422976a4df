"""Lost and invented objects are listed with their place; what is right seldom is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.drift import local_findings as module
from noisebound.drift.local_findings import local_findings
from noisebound.drift.local_usual import LocalUsual
from tests.unit.drift.local_world import BOX, SIDE, blob, opened
from tests.unit.drift.simulated import no_waiting_for_the_disk

LEVEL = 4.0


def check(folder: Path, rng: np.random.Generator, kind: str = "", sigma: float = 0.0, counts: bool = True) -> Any:
    """An even scan, its image right but for one object in the second channel."""
    truth = np.full((2, SIDE, SIDE), LEVEL)
    image, signal = truth.copy(), truth.copy()
    if kind:
        (signal if kind == "lost" else image)[1] += blob((50, 33), 2.5, sigma, np.sqrt(LEVEL))
    noisy = rng.poisson(signal).astype(float) if counts else signal + 2 * rng.normal(size=signal.shape)
    with no_waiting_for_the_disk(), opened(folder, noisy, image, counts) as (_, _, frame):
        return local_findings(frame, BOX, LocalUsual.of_noise(2))


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize(("kind", "sigma"), [("lost", 10.0), ("invented", 20.0)])
def test_objects_are_found_at_their_place(tmp_path: Path, kind: str, sigma: float, counts: bool) -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(10):
        content = check(tmp_path, rng, kind, sigma, counts)
        near = [p for p in content["places"] if p["channel"] == "Fe" and p["lower"][0] <= 50 < p["upper"][0]]
        if near and near[0]["kind"] == kind and near[0]["lower"][1] <= 33 < near[0]["upper"][1]:
            hits += 1
            assert (near[0]["measured"] > near[0]["predicted"]) is (kind == "lost") is (near[0]["sigma"] > 0)
        assert content["local"]["counts"] is counts and content["local"]["total"] >= len(content["places"])
    assert hits >= 9


@pytest.mark.parametrize("counts", [False, True])
def test_right_images_show_no_place(tmp_path: Path, counts: bool) -> None:
    rng = np.random.default_rng(1)
    found = [check(tmp_path, rng, counts=counts)["places"] for _ in range(25)]
    assert sum(bool(places) for places in found) <= 2


def test_the_smallest_strength_is_one_that_nine_of_ten_have(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    smallest = check(tmp_path, rng)["local"]["smallest"]
    assert [entry["channel"] for entry in smallest] == ["Mg", "Fe"]
    sigma = smallest[1]["sigma"]
    assert 6 < sigma < 9
    found = [bool(check(tmp_path, rng, "lost", sigma)["places"]) for _ in range(20)]
    assert np.mean(found) >= 0.8
    weak = [bool(check(tmp_path, rng, "lost", 0.5 * sigma)["places"]) for _ in range(20)]
    assert np.mean(weak) <= 0.3


def test_all_places_are_listed_up_to_a_limit_and_counted_by_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    truth = np.full((2, SIDE, SIDE), LEVEL)
    noisy = rng.poisson(truth).astype(float)
    noisy[:, 8::16, 8::16] += 60
    with opened(tmp_path, noisy, truth) as (_, _, frame):
        content = local_findings(frame, BOX, LocalUsual.of_noise(2))
        monkeypatch.setattr(module, "LISTED", 20)
        fewer = local_findings(frame, BOX, LocalUsual.of_noise(2))
    assert len(content["places"]) == content["local"]["total"] == 72
    assert content["local"]["channels"] == {"Mg": 36, "Fe": 36} and content["local"]["pixels"] == SIDE**2
    strengths = [abs(place["sigma"]) for place in content["places"]]
    assert strengths == sorted(strengths, reverse=True)
    assert len(fewer["places"]) == 20 and fewer["local"] == content["local"]
    assert {(place["kind"], place["feature"]) for place in content["places"]} == {("lost", "bright")}
