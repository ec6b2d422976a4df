"""Boxes over an image of a page, with labels that do not cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Width and height of the label of a box on a small image, both in percent of the width of the image.
LABEL = (7.0, 5.5)


def box_over(bounds: Sequence[tuple[int, int]], shape: Sequence[int], label: str, colour: str = "") -> dict[str, Any]:
    """Describe a box that is drawn over an image.

    Parameters
    ----------
    bounds
        First pixel and the one after the last, per axis: y and x, or z, y and x.
    shape
        Shape of the scan, of the same axes.
    label
        Text that the page writes into the box.
    colour
        Colour of the box; empty for the default of the page.

    Returns
    -------
    dict
        left, top, width and height in percent of the plane; z, the slices it spans, or ``None``; label and colour; and
        beside, ``None`` until :func:`place_labels` sets it.
    """
    (y0, y1), (x0, x1) = bounds[-2:]
    height, width = shape[-2:]
    return {
        "left": 100 * x0 / width,
        "top": 100 * y0 / height,
        "width": 100 * (x1 - x0) / width,
        "height": 100 * (y1 - y0) / height,
        "z": list(bounds[0]) if len(bounds) == 3 else None,
        "beside": None,
        "label": label,
        "colour": colour,
    }


def place_labels(boxes: Sequence[dict[str, Any]], ratio: float) -> None:
    """Put the labels of small boxes beside them, because inside they would hide what is there.

    A label is placed where it hides no box and no other label; if that is impossible, where it hides no box; else
    inside the image, if possible.

    Parameters
    ----------
    boxes
        What :func:`box_over` returns. ``beside`` becomes right, left, below or above for small boxes.
    ratio
        Width of the image over its height.
    """
    label = (LABEL[0], LABEL[1] * ratio)
    taken = [(box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) for box in boxes]
    for box, (x0, y0, x1, y1) in zip(boxes, tuple(taken), strict=True):
        if x1 - x0 >= 1.5 * label[0] and y1 - y0 >= 1.5 * label[1]:
            continue
        corners = {"right": (x1, y0), "left": (x0 - label[0], y0), "below": (x0, y1), "above": (x0, y0 - label[1])}
        places = {side: (x, y, x + label[0], y + label[1]) for side, (x, y) in corners.items()}
        inside = [side for side, at in places.items() if min(at) >= 0 and max(at) <= 100]
        # First, places that hide nothing; second, places that hide labels only.
        free = [
            [side for side in inside if not any(_overlap(places[side], other) for other in others)]
            for others in (taken, taken[: len(boxes)])
        ]
        box["beside"] = next(iter([*free[0], *free[1], *inside, "left" if x1 > 50 else "right"]))
        taken.append(places[box["beside"]])


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
