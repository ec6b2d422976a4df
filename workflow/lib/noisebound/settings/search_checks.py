"""What can be searched, and how much of it: refused before any network is trained."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from ..core.errors import InputError
from .defaults import Settings
from .trial import SEARCHED

# The most networks that a search may have: a grid grows faster than one thinks.
MOST_NETWORKS = 1000
# What every trial must share: the size of the ensemble, the regions (which follow from max_radius), and all that the
# select loss is measured in.
FIXED = {
    "architecture.members": "a trial trains networks one by one; its number of networks is search.repeats",
    "architecture.max_radius": "the regions follow from it, and trials are compared on the same pixels",
    "training.levels": "losses of other quantiles cannot be compared",
    "training.members_per_gpu": "it changes no network",
    "training.checkpoint_every": "it changes no network",
}


def check_search(settings: Settings, roles: Collection[str], file: object = None) -> None:
    """Raise ``InputError`` where a search is asked for and no pixel has the role select, on which it is judged."""
    if settings["search"]["keys"] and "select" not in roles:
        raise InputError(
            "a search is judged on the select regions, and there are none",
            file=text_of_file(file),
            key="search.keys",
            remedy="give a scan the role select, or write an S into regions.layout",
        )


def trial_count(settings: Settings, file: object) -> int:
    """The number of trials, counted without listing them. Raises ``InputError`` for too many networks."""
    search = settings["search"]
    values = search["keys"].values()
    count = math.prod(map(len, values)) if search["method"] == "grid" else int(search["trials"])
    if values and count * search["repeats"] > MOST_NETWORKS:
        found = str(count) if count < 10**9 else "billions of"
        raise InputError(
            f"{found} trials with search.repeats {search['repeats']} are more than {MOST_NETWORKS} networks",
            file=text_of_file(file),
            key="search",
            remedy="list fewer values, or draw some of them: search.method random, with search.trials",
        )
    return count


def text_of_file(file: object) -> str | None:
    return None if file is None else str(file)


def check_key(settings: Settings, key: str, file: object) -> None:
    where: dict[str, Any] = {"file": text_of_file(file), "key": f"search.keys.{key}"}
    place: Any = settings
    for name in key.split("."):
        if not isinstance(place, Mapping) or name not in place:
            raise InputError("there is no such key", **where, remedy="name keys as architecture.depth")
        place = place[name]
    if isinstance(place, Mapping) or key.split(".")[0] not in SEARCHED:
        remedy = "name single keys of the sections architecture and training"
        raise InputError("this cannot be searched", **where, remedy=remedy)
    if key in FIXED:
        raise InputError("this cannot be searched", **where, remedy=f"take it out: {FIXED[key]}")


def check_range(key: str, values: Mapping[str, Any], method: str, file: object) -> None:
    where: dict[str, Any] = {"file": text_of_file(file), "key": f"search.keys.{key}"}
    if method == "grid":
        raise InputError(
            "a grid cannot list a range", **where, value=dict(values), remedy="list values, or use search.method random"
        )
    if not values["from"] < values["to"] or (values.get("log") and values["from"] <= 0):
        remedy = "give from below to, and with log a positive from"
        raise InputError("this is not a range", **where, value=dict(values), remedy=remedy)
