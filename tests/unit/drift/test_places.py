"""Places are found where they are, once each."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from noisebound.drift import local_images
from noisebound.drift.local_images import tiles_of
from noisebound.drift.local_kernels import SCALES
from noisebound.drift.local_scores import Measured
from noisebound.drift.local_usual import LocalUsual
from noisebound.drift.places import Peak, chosen, distinct, search
from noisebound.geometry.boxes import Box
from tests.unit.drift.local_world import BOX, SIDE, blob

LEVEL = 100.0
USUAL = LocalUsual.of_noise(1)


def found(values: np.ndarray, predicted: np.ndarray, box: Box = BOX) -> list[Peak]:
    peaks = []
    for tile in tiles_of(box):
        variance = np.full(values[tile.outer].shape, LEVEL)
        measured = [Measured(values[tile.outer], predicted[tile.outer], variance, False)]
        peaks += list(search(measured, tile, box, USUAL, np.ones((1, len(SCALES))), 5.0))
    return distinct(peaks)


@pytest.mark.parametrize("width", [1.5, 3.0, 6.0])
@pytest.mark.parametrize("sigma", [12, -12])
def test_an_object_is_one_place_of_its_size_and_strength(width: float, sigma: float) -> None:
    flat = np.full((SIDE, SIDE), LEVEL)
    (peak,) = found(flat + blob((40, 30), width, sigma, 10), flat)
    assert peak.at == (40, 30) and peak.scale == width
    assert peak.sigma == pytest.approx(sigma, rel=0.02)


def test_places_are_the_same_in_tiles_and_sorted_by_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = np.full((SIDE, SIDE), LEVEL)
    rng = np.random.default_rng(0)
    # The first lies on the border of two tiles, and a slope across it has no peak there.
    values = flat + blob((48, 20), 3, 15, 10) + blob((85, 85), 1.5, 12, 10) - blob((15, 80), 2, 20, 10)
    values += blob((49, 60), 6, 40, 10) + 10 * rng.normal(size=flat.shape)
    whole = found(values, flat)
    monkeypatch.setattr(local_images, "_TILE", {2: 48, 3: 48})
    parts = found(values, flat)
    assert [(peak.at, peak.scale) for peak in whole] == [(peak.at, peak.scale) for peak in parts]
    assert [peak.sigma for peak in whole] == pytest.approx([peak.sigma for peak in parts])
    strengths = [abs(peak.sigma) for peak in whole]
    assert strengths == sorted(strengths, reverse=True) and len(whole) >= 4


def test_a_long_needle_is_listed_along_its_whole_length() -> None:
    """Places that touch are not merged: each has a box of its own size."""
    flat = np.full((SIDE, SIDE), LEVEL)
    needle = flat.copy()
    for y in range(20, 70):
        needle[y, y // 2 : y // 2 + 3] -= 50
    peaks = [peak for peak in found(needle, flat) if peak.sigma < 0]
    assert all(abs(peak.at[1] - peak.at[0] // 2 - 1) <= 2 for peak in peaks)
    ends = [(peak.at[0] - 2 * peak.scale, peak.at[0] + 2 * peak.scale) for peak in sorted(peaks, key=lambda p: p.at)]
    assert len(ends) >= 3 and ends[0][0] < 24 and ends[-1][1] > 66
    assert all(after[0] - before[1] <= 4 for before, after in itertools.pairwise(ends))


def test_only_peaks_near_a_stronger_one_of_their_channel_and_direction_are_left_out() -> None:
    strong = Peak(0, (10, 10), 2.0, 9.0)
    near, far = Peak(0, (16, 4), 1.0, 6.0), Peak(0, (17, 10), 1.0, 5.5)
    dark, other = Peak(0, (11, 10), 1.0, -6.0), Peak(1, (10, 10), 1.0, 7.0)
    assert distinct([far, near, dark, other, strong]) == [strong, other, dark, far]
    # What a left-out peak would have left out stays.
    assert distinct([strong, near, Peak(0, (19, 4), 1.0, 5.2)])[1:] == [Peak(0, (19, 4), 1.0, 5.2)]
    assert distinct([]) == []


def test_channels_and_sizes_take_turns_where_places_are_too_many() -> None:
    wide = [Peak(0, (i, 0), SCALES[-1], 50.0 - i) for i in range(20)]
    small, other = Peak(0, (0, 50), 1.0, 7.0), Peak(1, (0, 0), 1.0, -6.0)
    kept = chosen([*wide, small, other], 5)
    assert kept == [*wide[:3], small, other]
    assert chosen([*wide, small, other], 22) == [*wide, small, other]


def test_volumes_have_places_too() -> None:
    values = np.full((20, 30, 30), LEVEL)
    changed = values.copy()
    changed[8:11, 12:15, 20:23] += 60
    (peak,) = found(changed, values, Box("apply", (0, 0, 0), (20, 30, 30)))
    assert peak.at == (9, 13, 21)
