"""What the page of a scan says of single places that its image lost, invented or missed, from ``drift/<scan>.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.storage import read_json
from ..drift.place_words import centre_words, kind_words, smallest_words, spot_words
from .image_boxes import box_over, place_labels
from .image_store import geometry
from .scan_images import ScanImages

# Rows of a table: of the widest places and of smaller ones, which wide ones would crowd out.
ROWS = 6


def about_places(images: ScanImages, path: str | Path) -> dict[str, Any]:
    """Gather the places of a scan, as rows of tables and as boxes over its images, channel by channel.

    Parameters
    ----------
    images
        The shown planes of the scan.
    path
        The scan's ``drift/<scan>.json``.

    Returns
    -------
    dict
        ``looked``, whether single places were looked for; ``smallest``, how strong they must be, in words, and
        ``spots``, the same by channel (empty where it is not known); ``pixels``, how many were searched; ``counts``,
        whether the noisy frame holds counts; ``noise``, how the noise of the reference is known; ``file``, which holds
        all places; ``found`` and ``misses``, each a list with, per channel, ``rows``, ``boxes``, ``total``, ``others``
        (number in the other channels), ``interval`` (whether rows have one) and ``kept`` (whether the file lists all).
    """
    content = read_json(path)
    local, missed = content.get("local"), content.get("missed")
    counts = bool(local and local["counts"])
    spots = [spot_words(entry, counts) if entry["spot"] else "" for entry in local["smallest"]] if local else []
    return {
        "looked": local is not None,
        "smallest": smallest_words(local) if local else "",
        "spots": spots,
        "pixels": local["pixels"] if local else 0,
        "counts": counts,
        "noise": missed["noise"] if missed else None,
        "file": f"drift/{Path(path).name}",
        "found": _by_channel(images, content.get("places") or [], local, "", ("image", "predicted", "measured")),
        "misses": _by_channel(images, content.get("misses") or [], missed, "M", ("image", "reference")),
    }


def _by_channel(
    images: ScanImages,
    places: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any] | None,
    mark: str,
    figures: tuple[str, ...],
) -> list[dict[str, Any]]:
    """Per channel its rows and boxes, for places that are labelled ``mark`` and a number."""
    shape, ratio = images.scan.shape, float(geometry(images)["ratio"])
    found = []
    for channel in images.scan.channels:
        rows: list[dict[str, Any]] = []
        boxes: list[dict[str, Any]] = []
        own = [place for place in places if place["channel"] == channel]
        for number, place in enumerate(_shown(own), 1):
            label = f"{mark}{number}"
            bounds = list(zip(place["lower"], place["upper"], strict=True))
            rows.append(
                {
                    "label": label,
                    "centre": centre_words(place),
                    "what": kind_words(place),
                    "size": place["size"],
                    "window": place["window"],
                    "sigma": abs(place["sigma"]),
                    "figures": [place.get(name) for name in figures],
                    "interval": place.get("interval"),
                    "outside": place.get("outside", False),
                    "role": place.get("role", ""),
                    "plane": _plane(place, images.view.slices),
                }
            )
            boxes.append(box_over(bounds, shape, label))
        place_labels(boxes, ratio)
        total = about["channels"].get(channel, 0) if about else 0
        everything = about["total"] if about else 0
        found.append(
            {
                "rows": rows,
                "boxes": boxes,
                "total": total,
                "others": everything - total,
                "interval": any(row["interval"] for row in rows),
                "kept": len(places) == everything,
            }
        )
    return found


def _shown(places: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The strongest of the widest places of a channel, and of its smaller ones, in the given order."""
    widest = max((place["size"] for place in places), default=0)
    wide, small = ([i for i, place in enumerate(places) if (place["size"] == widest) is own] for own in (True, False))
    # Where one kind has few, the other has more rows.
    number = 2 * ROWS
    first = min(len(wide), max(ROWS, number - len(small)))
    return [places[i] for i in sorted([*wide[:first], *small[: number - first]])]


def _plane(place: Mapping[str, Any], slices: Sequence[int] | None) -> int | None:
    """Position of the shown slice nearest to the middle of a place; ``None`` where none cuts its box, and in 2-D."""
    if slices is None:
        return None
    inside = [i for i, z in enumerate(slices) if place["lower"][0] <= z < place["upper"][0]]
    return min(inside, key=lambda i: abs(slices[i] - place["centre"][0]), default=None)
