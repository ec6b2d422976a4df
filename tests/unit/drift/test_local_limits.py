"""How strong an object must be to be found."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from noisebound.drift.local_findings import find_places
from noisebound.drift.local_limits import limits
from noisebound.drift.local_usual import LocalUsual
from tests.unit.drift.local_world import BOX, SIDE, blob, opened
from tests.unit.drift.simulated import no_waiting_for_the_disk

LEVELS = np.full((2, 5), 5.0)
SCALES = (1.0, 2.0)


def test_the_spot_of_intensities_is_that_of_a_matched_filter(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = np.full((2, SIDE, SIDE), 50.0)
    with opened(tmp_path, truth + 3 * rng.normal(size=truth.shape), truth, False) as (_, _, frame):
        found = limits(LEVELS, SCALES, frame, 2)
    assert [entry["sigma"] for entry in found] == [6.3, 6.3]
    spot = found[0]["spot"]
    assert spot["height"] == pytest.approx(6.28 * 3 / (math.sqrt(math.pi) * 2), rel=0.03)
    assert spot["dark"] and spot["width"] == 4.7 and spot["mean"] == pytest.approx(50, rel=0.01)


@pytest.mark.parametrize(("rate", "dark"), [(0.3, False), (9.0, True)])
def test_dark_spots_of_few_counts_cannot_be_found(tmp_path: Path, rate: float, dark: bool) -> None:
    rng = np.random.default_rng(1)
    truth = np.full((2, SIDE, SIDE), rate)
    hits = 0
    with no_waiting_for_the_disk():
        for _ in range(10):
            hole = truth - rate * np.minimum(blob((50, 40), 2.0, 1.0, 1.0) * 2 * math.sqrt(math.pi), 1)
            with opened(tmp_path, rng.poisson(hole).astype(float), truth) as (_, _, frame):
                found = limits(LEVELS, SCALES, frame, 2)
                peaks, _ = find_places(frame, BOX, LocalUsual.of_noise(2))
            hits += any(abs(peak.at[0] - 50) < 4 and abs(peak.at[1] - 40) < 4 for peak in peaks)
    assert found[0]["spot"]["dark"] is dark
    assert hits >= 9 if dark else hits <= 1


def test_a_bright_spot_of_the_given_height_is_found_in_nine_of_ten(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    truth = np.full((2, SIDE, SIDE), 0.5)
    hits = 0
    with no_waiting_for_the_disk():
        for _ in range(25):
            with opened(tmp_path, rng.poisson(truth).astype(float), truth) as (_, _, frame):
                _, levels = find_places(frame, BOX, LocalUsual.of_noise(2))
                spot = limits(levels, (1.0, 1.5, 2.0, 3.0, 6.0), frame, 2)[0]["spot"]
            bright = truth + spot["height"] * blob((50, 40), 2.0, 1.0, 1.0) * 2 * math.sqrt(math.pi)
            with opened(tmp_path, rng.poisson(bright).astype(float), truth) as (_, _, frame):
                hits += bool(find_places(frame, BOX, LocalUsual.of_noise(2))[0])
    assert hits >= 21


def test_an_empty_channel_has_no_spot(tmp_path: Path) -> None:
    empty = np.zeros((2, SIDE, SIDE))
    with opened(tmp_path, empty, empty) as (_, _, frame):
        assert [entry["spot"] for entry in limits(LEVELS, SCALES, frame, 2)] == [None, None]
