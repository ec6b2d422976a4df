"""Averages around a place, its bounds, and what was lost or invented there."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.drift import local_images
from noisebound.drift.local_images import tiles_of
from noisebound.drift.local_scores import Measured
from noisebound.drift.place_figures import about_place, around, average, feature_of, image_around, in_tiles, rounded
from noisebound.drift.places import Peak
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from tests.unit.drift.local_world import BOX, SIDE, blob
from tests.unit.drift.simulated import write

AT = (40, 30)


@pytest.mark.parametrize("at", [(20, 17), (0, 2), (29, 29)])
def test_an_average_is_that_of_gaussian_weights_inside_the_image(at: tuple[int, int]) -> None:
    image = np.random.default_rng(0).normal(size=(30, 30))
    rows, columns = np.mgrid[:30, :30]
    near = (abs(rows - at[0]) <= 8) & (abs(columns - at[1]) <= 8)
    weights = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / (2 * 2.0**2)) * near
    assert average(image, at, 2.0) == pytest.approx((image * weights).sum() / weights.sum())


@pytest.mark.parametrize(("sign", "tone"), [(1, "bright"), (-1, "dark")])
def test_what_differs_more_from_its_surroundings_has_the_feature(sign: int, tone: str) -> None:
    flat = np.full((SIDE, SIDE), 100.0)
    full, part = (flat + sign * size * blob(AT, 2, 20, 10) for size in (1.0, 0.4))
    assert feature_of(full, part, AT, 2.0) == {"kind": "lost", "feature": tone}
    assert feature_of(part, full, AT, 2.0) == {"kind": "invented", "feature": tone}
    # Another level throughout changes nothing.
    assert feature_of(full + 50, part - 50, AT, 2.0) == {"kind": "lost", "feature": tone}


def test_a_place_has_a_box_of_its_own_width_inside_what_was_searched() -> None:
    place = about_place(Peak(1, (40, 2), 1.5, -7.123), ["Mg", "Fe"], BOX)
    assert place == {
        "channel": "Fe", "centre": [40, 2], "lower": [37, 0], "upper": [44, 6], "size": 3.5, "window": 1.5,
        "sigma": -7.12,
    }  # fmt: skip
    assert rounded(123456.0) == 123500


def test_places_are_sorted_by_tile_with_their_pixel_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_images, "_TILE", {2: 40, 3: 40})
    box = Box("scan", (0, 0), (SIDE, SIDE))
    peaks = [Peak(0, (45, 90), 1.0, 6.0), Peak(0, (3, 3), 1.0, 6.0), Peak(1, (79, 80), 1.0, -6.0)]
    coordinates = np.indices((SIDE, SIDE))
    seen = {}
    for region, inside in in_tiles(peaks, box):
        for number, at in inside.items():
            assert number not in seen
            seen[number] = tuple(int(axis[region][at]) for axis in coordinates)
    assert seen == {number: peak.at for number, peak in enumerate(peaks)}
    assert len(list(in_tiles(peaks, box))) == 2 < len(list(tiles_of(box)))


def test_the_denoised_image_and_its_signal_interval_are_averaged_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    median = rng.normal(size=(2, SIDE, SIDE)).astype(np.float32)
    files = write(tmp_path, "scan", median, median, "apply", False)
    peak, region = Peak(1, (50, 40), 2.0, 6.0), (slice(30, 70), slice(20, 60))
    with Predictions(files["denoised"]) as images:
        assert image_around(images, region, peak, (20, 20)) == {"image": pytest.approx(average(median[1], (50, 40), 2))}
    with h5py.File(files["denoised"], "a") as file:
        file["signal/0.9/lower"], file["signal/0.9/upper"] = median - 0.5, median + 0.25
    with Predictions(files["denoised"]) as images:
        found = image_around(images, region, peak, (20, 20))
        assert np.subtract(found["interval"], found["image"]) == pytest.approx([-0.5, 0.25], abs=1e-6)
        own = Measured(median[1, 30:70, 20:60] + 1.0, median[1, 30:70, 20:60], np.ones((40, 40)), False)
        every = around(peak, (20, 20), [own, own], region, images)
    assert every["measured"] - every["predicted"] == pytest.approx(1)
    assert set(every) == {"kind", "feature", "measured", "predicted", "image", "interval"}
