"""What can be searched and how many networks a search may have, checked before any network is trained."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from ..core.errors import InputError
from .defaults import Settings
from .trial import SEARCHED

# The most networks that a search may have; the number of combinations of a grid grows fast.
MOST_NETWORKS = 1000
# Keys of the searched sections that cannot be searched, each with the reason.
FIXED = {
    "architecture.members": "a trial trains networks one by one; its number of networks is search.repeats",
    "architecture.max_radius": "the regions follow from it, and trials are compared on the same pixels",
    "training.levels": "losses of other quantiles cannot be compared",
    "training.members_per_gpu": "it changes no network",
    "training.checkpoint_every": "it changes no network",
}


def check_search(settings: Settings, roles: Collection[str], file: object = None) -> None:
    """Check that a search has select regions to be judged on.

    Parameters
    ----------
    settings
        The whole configuration.
    roles
        The roles that pixels can have.
    file
        The configuration files, for messages.

    Raises
    ------
    InputError
        If keys are searched and no pixel can have the role select.
    """
    if settings["search"]["keys"] and "select" not in roles:
        raise InputError(
            "a search is judged on the select regions, and there are none",
            file=text_of_file(file),
            key="search.keys",
            remedy="give a scan the role select, or write an S into regions.layout",
        )


def trial_count(settings: Settings, file: object) -> int:
    """Count the trials of a search without listing them.

    Parameters
    ----------
    settings
        The whole configuration.
    file
        Its files, for messages.

    Returns
    -------
    int
        Number of trials: all combinations of a grid, or ``search.trials``.

    Raises
    ------
    InputError
        If the trials have more than ``MOST_NETWORKS`` networks in all.
    """
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
    """Return the name of a file for messages.

    Parameters
    ----------
    file
        The file, or None.

    Returns
    -------
    str or None
        Its name; None if there is no file.
    """
    return None if file is None else str(file)


def check_key(settings: Settings, key: str, file: object) -> None:
    """Check that a key can be searched.

    Parameters
    ----------
    settings
        The whole configuration.
    key
        A dotted key, such as ``architecture.depth``.
    file
        The configuration files, for messages.

    Raises
    ------
    InputError
        If the key does not exist, is no single key of the sections ``SEARCHED``, or is one of ``FIXED``.
    """
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
    """Check the range of a searched key.

    Parameters
    ----------
    key
        The dotted key.
    values
        The range: ``from``, ``to``, and ``log`` for a logarithmic one.
    method
        ``search.method``.
    file
        The configuration files, for messages.

    Raises
    ------
    InputError
        If the method is "grid", which needs lists, ``from`` is not below ``to``, or a logarithmic range does not begin
        above 0.
    """
    where: dict[str, Any] = {"file": text_of_file(file), "key": f"search.keys.{key}"}
    if method == "grid":
        raise InputError(
            "a grid cannot list a range", **where, value=dict(values), remedy="list values, or use search.method random"
        )
    if not values["from"] < values["to"] or (values.get("log") and values["from"] <= 0):
        remedy = "give from below to, and with log a positive from"
        raise InputError("this is not a range", **where, value=dict(values), remedy=remedy)
