"""Held-out regions in memory."""

from __future__ import annotations

from pathlib import Path

from noisebound.evaluation.held_out import border_distance
from noisebound.geometry.boxes import Box
from tests.unit.evaluation.simulated import run, select, simulate


def test_in_a_montage_the_border_is_that_of_each_image(tmp_path: Path) -> None:
    boxes = [
        Box("calibrate", (0, 0), (48, 20)),
        *(Box("test", (y, x), (y + 8, x + 8)) for y in (4, 28) for x in (24, 44)),
    ]
    files = simulate(tmp_path, boxes=boxes)
    _, apart, _ = run(tmp_path, [files])
    _, tables, _ = run(tmp_path, [files], montages=["s"])
    rows = select(tables["by_border"], channel="Mg", nominal=0.9)
    # An image of 8 x 8 px has 28 pixels on its border, 20 beside these, then 16; five frames of four images.
    assert dict(zip(rows["distance"], rows["n_pixels"], strict=True)) == {"0": 560, "1": 400, "2-3": 320}
    assert "0" not in set(apart["by_border"]["distance"]), "no box touches the border of the plane"


def test_the_border_is_the_nearest_edge_of_the_image() -> None:
    box = Box("test", (2, 0), (5, 3))
    assert border_distance((6, 9), box).tolist() == [[0, 1, 2], [0, 1, 2], [0, 1, 1]]
