"""Boxes lie where their bounds are, and their labels cover neither a box nor each other."""

from __future__ import annotations

from typing import Any

from noisebound.report.image_boxes import box_over, place_labels


def test_labels_of_small_boxes_hide_neither_their_box_nor_another() -> None:
    def box(x: int, y: int, side: int) -> dict[str, Any]:
        return box_over([(y, y + side), (x, x + side)], (200, 400), "1")

    boxes = [box(100, 50, 10), box(114, 50, 10), box(388, 188, 10), box(0, 0, 12), box(200, 100, 90)]
    place_labels(boxes, 2.0)
    assert [one["beside"] for one in boxes] == ["left", "right", "left", "right", None]
    crowded = [box(14, 0, 10), box(2, 0, 10)]
    place_labels(crowded, 2.0)
    assert [one["beside"] for one in crowded] == ["right", "below"]


def test_a_box_lies_where_its_bounds_are() -> None:
    box = box_over([(2, 5), (10, 20), (8, 40)], (6, 40, 80), "1", "#123456")
    assert [box[key] for key in ("left", "top", "width", "height")] == [10.0, 25.0, 40.0, 25.0]
    assert (box["z"], box["label"], box["colour"], box["beside"]) == ([2, 5], "1", "#123456", None)
    assert box_over([(10, 20), (8, 40)], (40, 80), "1")["z"] is None
