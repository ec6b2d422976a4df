"""Places are found where they are, once each."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.drift import local_images
from noisebound.drift.local_images import tiles_of
from noisebound.drift.local_kernels import SCALES
from noisebound.drift.local_scores import Measured
from noisebound.drift.local_usual import LocalUsual
from noisebound.drift.places import Place, merged, search
from noisebound.geometry.boxes import Box
from tests.unit.drift.local_world import BOX, SIDE, blob

LEVEL = 100.0
USUAL = LocalUsual.of_noise(1)


def found(values: np.ndarray, predicted: np.ndarray, box: Box = BOX) -> list[Place]:
    places = []
    for tile in tiles_of(box):
        measured = [
            Measured(values[tile.outer], predicted[tile.outer], np.full(values[tile.outer].shape, LEVEL), False)
        ]
        places += list(search(measured, tile, box, USUAL, np.ones((1, len(SCALES))), 5.0))
    return merged(places)


@pytest.mark.parametrize("width", [1.5, 3.0, 6.0])
@pytest.mark.parametrize(("sigma", "invented"), [(12, False), (-12, False), (12, True), (-12, True)])
def test_an_object_is_one_place_of_its_size_and_strength(width: float, sigma: float, invented: bool) -> None:
    flat = np.full((SIDE, SIDE), LEVEL)
    object_ = flat + blob((40, 30), width, sigma, 10)
    (place,) = found(flat, object_) if invented else found(object_, flat)
    assert place.peak == (40, 30) and place.scale == width
    assert all(low <= at < high for low, at, high in zip(place.lower, (40, 30), place.upper, strict=True))
    assert place.sigma == pytest.approx(-sigma if invented else sigma, rel=0.02)
    assert place.invented is invented
    assert place.to_json(["Fe"])["kind"] == ("invented" if invented else "lost")
    assert place.to_json(["Fe"])["size"] == pytest.approx(2.355 * width, abs=0.1)


def test_places_are_the_same_in_tiles_and_numbered_by_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = np.full((SIDE, SIDE), LEVEL)
    # The first lies on the border of two tiles.
    values = flat + blob((48, 20), 3, 15, 10) + blob((70, 70), 1.5, 9, 10) - blob((15, 80), 2, 20, 10)
    whole = found(values, flat)
    monkeypatch.setattr(local_images, "_TILE", {2: 48, 3: 48})
    parts = found(values, flat)
    assert [place.peak for place in whole] == [(15, 80), (48, 20), (70, 70)]
    assert [abs(place.sigma) for place in whole] == sorted((abs(place.sigma) for place in whole), reverse=True)
    for a, b in zip(whole, parts, strict=True):
        assert (a.lower, a.upper) == (b.lower, b.upper) and a.sigma == pytest.approx(b.sigma)


def test_only_places_of_several_tiles_that_touch_in_one_channel_and_direction_are_joined() -> None:
    def place(x: int, sigma: float, tile: int, channel: int = 0) -> Place:
        return Place(channel, (0, x), (4, x + 4), (2, x + 2), 1.0, sigma, False, (0, tile))

    # Within one tile, what touches was found apart.
    own = [place(0, 6, 0), place(4, 8, 4), place(8, 7, 8), place(12, 4, 8), place(20, 9, 8), place(4, -7, 4)]
    joined = merged([*own, place(4, 5, 4, 1)])
    assert [(p.lower[1], p.upper[1], p.sigma, p.channel) for p in joined] == [
        (20, 24, 9, 0), (0, 16, 8, 0), (4, 8, -7, 0), (4, 8, 5, 1),
    ]  # fmt: skip


def test_volumes_have_places_too() -> None:
    values = np.full((20, 30, 30), LEVEL)
    changed = values.copy()
    changed[8:11, 12:15, 20:23] += 60
    (place,) = found(changed, values, Box("apply", (0, 0, 0), (20, 30, 30)))
    assert place.peak == (9, 13, 21) and len(place.region) == 3
