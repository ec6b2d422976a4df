"""What the page of a scan says of single places that its image lost, invented or missed, from ``drift/<scan>.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.storage import read_json
from ..drift.place_words import kind_words, place_words, smallest_words
from .image_boxes import box_over, place_labels
from .image_store import geometry
from .scan_images import ScanImages


def about_places(images: ScanImages, path: str | Path) -> dict[str, Any]:
    """Gather the places of a scan, as rows of tables and as boxes over its images.

    Parameters
    ----------
    images
        The shown planes of the scan.
    path
        The scan's ``drift/<scan>.json``.

    Returns
    -------
    dict
        ``looked``, whether single places were looked for; ``smallest``, how strong they must be, in words; ``counts``,
        whether sums are counts; ``found`` and ``misses``, each with ``rows`` (label, channel, where, what, size, sigma
        and the two figures of the place), ``boxes`` by number of the channel, and ``more``, how many are not listed.
    """
    content = read_json(path)
    local, missed = content.get("local"), content.get("missed")
    return {
        "looked": local is not None,
        "smallest": smallest_words(local) if local else "",
        "counts": bool(local and local["counts"]),
        "found": _listed(images, content.get("places") or [], local, "", ("predicted", "measured")),
        "misses": _listed(images, content.get("misses") or [], missed, "M", ("image", "reference")),
    }


def _listed(
    images: ScanImages,
    places: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any] | None,
    mark: str,
    figures: tuple[str, str],
) -> dict[str, Any]:
    """Rows, boxes and the number of those left out, for places that are labelled ``mark`` and a number."""
    shape, ratio = images.scan.shape, float(geometry(images)["ratio"])
    rows = []
    boxes: list[list[dict[str, Any]]] = [[] for _ in images.scan.channels]
    for number, place in enumerate(places, 1):
        label = f"{mark}{number}"
        rows.append(
            {
                "label": label,
                "channel": place["channel"],
                "where": place_words(place),
                # Beside the reference, the direction is certain; what the place is an object of is not.
                "what": ("drawn too dark" if place["sigma"] > 0 else "drawn too bright") if mark else kind_words(place),
                "size": place["size"],
                "sigma": abs(place["sigma"]),
                "figures": [place[name] for name in figures],
                "role": place.get("role", ""),
            }
        )
        bounds = list(zip(place["lower"], place["upper"], strict=True))
        boxes[images.scan.channels.index(place["channel"])].append(box_over(bounds, shape, label))
    for own in boxes:
        place_labels(own, ratio)
    return {"rows": rows, "boxes": boxes, "more": about["total"] - len(rows) if about else 0}
