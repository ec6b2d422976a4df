"""Which settings a hyperparameter search tries: the section ``search`` of the configuration, trial by trial."""

from __future__ import annotations

import copy
import hashlib
import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.errors import InputError
from ..core.storage import digest_json
from .checks import check_settings
from .defaults import Settings, complete, family_settings

# The most networks that a search may have: a grid grows faster than one thinks.
MOST_NETWORKS = 1000
# The sections whose keys can be searched.
SEARCHED = ("architecture", "training")
# What every trial must share: the size of the ensemble, the regions (which follow from max_radius), and all that the
# select loss is measured in.
FIXED = {
    "architecture.members": "a trial trains networks one by one; its number of networks is search.repeats",
    "architecture.max_radius": "the regions follow from it, and trials are compared on the same pixels",
    "training.levels": "losses of other quantiles cannot be compared",
    "training.members_per_gpu": "it changes no network",
    "training.checkpoint_every": "it changes no network",
}


@dataclass(frozen=True)
class Trial:
    """What one trial changes, from dotted key to value, and the whole configuration with these changes.

    ``name`` is a digest of everything that shapes its networks: however a search grows, a trial keeps its name, and
    its networks are not trained again.
    """

    name: str
    changes: dict[str, Any]
    settings: Settings


def tried_values(settings: Settings, file: object = None) -> Iterator[tuple[str, Any]]:
    """Yield every searched key with each value of its list, or with both ends of its range: what the schema has to
    allow.

    Parameters
    ----------
    settings
        The whole configuration.
    file
        Its files, for messages.

    Yields
    ------
    tuple
        Dotted key and value.

    Raises
    ------
    InputError
        For keys that cannot be searched, for ranges that are none or that a grid cannot list, and for more than
        ``MOST_NETWORKS`` networks.
    """
    keys = settings["search"]["keys"]
    for key, values in keys.items():
        _check_key(settings, key, file)
        if isinstance(values, Mapping):
            _check_range(key, values, settings["search"]["method"], file)
    _trial_count(settings, file)
    for key, values in keys.items():
        for value in (values["from"], values["to"]) if isinstance(values, Mapping) else values:
            yield key, value


def with_checked_values(settings: Settings, check: Callable[[str, Any], Any], file: object = None) -> Settings:
    """Replace every tried value by what a check makes of it.

    Parameters
    ----------
    settings
        The whole configuration.
    check
        Takes a key and a value, returns the value in its one form, and raises for what cannot be.
    file
        The files of the configuration, for messages.

    Returns
    -------
    dict
        The configuration with the checked values.

    Raises
    ------
    InputError
        As :func:`tried_values` and ``check`` do.
    """
    checked: dict[str, list[Any]] = {key: [] for key in settings["search"]["keys"]}
    for key, value in tried_values(settings, file):
        checked[key].append(check(key, value))
    keys = {
        key: {**values, "from": checked[key][0], "to": checked[key][1]} if isinstance(values, Mapping) else checked[key]
        for key, values in settings["search"]["keys"].items()
    }
    return {**settings, "search": {**settings["search"], "keys": keys}}


def plan_trials(settings: Settings, file: object = None) -> list[Trial]:
    """List all trials in their order.

    ``grid``: every combination, the last key running fastest. ``random``: ``search.trials`` draws; each value depends
    on seed, number of the draw and key alone, so that more trials leave the earlier ones as they are. Of trials with
    the same networks, only the first is kept.

    Parameters
    ----------
    settings
        The whole configuration, whose :func:`tried_values` the schema allows.
    file
        Its files, for messages.

    Returns
    -------
    list of Trial
        Empty where ``search.keys`` is.

    Raises
    ------
    InputError
        For combinations that contradict each other, for keys without any effect, and for more than ``MOST_NETWORKS``
        networks.
    """
    search = settings["search"]
    keys = search["keys"]
    if not keys:
        return []
    count = _trial_count(settings, file)
    if search["method"] == "grid":
        found = [dict(zip(keys, values, strict=True)) for values in itertools.product(*keys.values())]
    else:
        found = [
            {key: _pick(values, _uniform(settings["seed"], number, key)) for key, values in keys.items()}
            for number in range(count)
        ]
    trials = [_trial(settings, changes, file) for changes in found]
    for key in keys:
        _check_effect(key, trials, file)
    once: dict[str, Trial] = {}
    for trial in trials:
        once.setdefault(trial.name, trial)
    return list(once.values())


def training_settings(settings: Settings) -> Settings:
    """The keys of the section training that shape a network."""
    shapeless = ("members_per_gpu", "checkpoint_every")
    return {key: value for key, value in settings["training"].items() if key not in shapeless}


def search_seed(seed: int) -> int:
    """Derive the seed of all networks of a search from that of the run: no network of the run is among them.

    The streams of the networks come from ``SeedSequence(search_seed(seed), spawn_key=(number, ...))``, numbered from 0
    in each trial: settings of the training are compared on the same graphs.

    Parameters
    ----------
    seed
        The run's.

    Returns
    -------
    int
        32 bits of the SHA-256 of ``"<seed> search"``.
    """
    return int.from_bytes(hashlib.sha256(f"{seed} search".encode()).digest()[:4], "big")


def with_changes(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Copy the configuration and apply the changes of one trial; what no trial can change is shared.

    Parameters
    ----------
    settings
        The whole configuration.
    changes
        Value by dotted key.

    Returns
    -------
    dict
        The changed configuration.
    """
    changed = settings | {section: copy.deepcopy(settings[section]) for section in SEARCHED}
    for key, value in changes.items():
        *sections, name = key.split(".")
        place = changed
        for section in sections:
            place = place[section]
        place[name] = copy.deepcopy(value)
    return changed


def in_words(changes: Mapping[str, Any]) -> str:
    """What a trial changes in words, such as "depth 8, channels [4, 8]"."""
    return ", ".join(f"{key.partition('.')[2]} {value}" for key, value in changes.items())


def check_search(settings: Settings, roles: Collection[str], file: object = None) -> None:
    """Raise ``InputError`` where a search is asked for and no pixel has the role select, on which it is judged."""
    if settings["search"]["keys"] and "select" not in roles:
        raise InputError(
            "a search is judged on the select regions, and there are none",
            file=_path(file),
            key="search.keys",
            remedy="give a scan the role select, or write an S into regions.layout",
        )


def _trial_count(settings: Settings, file: object) -> int:
    """The number of trials, counted without listing them. Raises ``InputError`` for too many networks."""
    search = settings["search"]
    values = search["keys"].values()
    count = math.prod(map(len, values)) if search["method"] == "grid" else int(search["trials"])
    if values and count * search["repeats"] > MOST_NETWORKS:
        found = str(count) if count < 10**9 else "billions of"
        raise InputError(
            f"{found} trials with search.repeats {search['repeats']} are more than {MOST_NETWORKS} networks",
            file=_path(file),
            key="search",
            remedy="list fewer values, or draw some of them: search.method random, with search.trials",
        )
    return count


def _trial(settings: Settings, changes: dict[str, Any], file: object) -> Trial:
    changed = complete(with_changes(settings, changes))
    try:
        check_settings(changed, str(file))
    except InputError as error:
        problem = str(error).removesuffix(f". Remedy: {error.remedy}.")
        raise InputError(
            f"the trial with {in_words(changes)} cannot be trained: {problem}",
            key="search.keys",
            remedy=f"{error.remedy}; or take such values out",
        ) from None
    shaping = {"architecture": family_settings(changed["architecture"]), "training": training_settings(changed)}
    return Trial(digest_json(shaping)[:8], changes, changed)


def _path(file: object) -> str | None:
    return None if file is None else str(file)


def _check_key(settings: Settings, key: str, file: object) -> None:
    where: dict[str, Any] = {"file": _path(file), "key": f"search.keys.{key}"}
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


def _check_range(key: str, values: Mapping[str, Any], method: str, file: object) -> None:
    where: dict[str, Any] = {"file": _path(file), "key": f"search.keys.{key}"}
    if method == "grid":
        raise InputError(
            "a grid cannot list a range", **where, value=dict(values), remedy="list values, or use search.method random"
        )
    if not values["from"] < values["to"] or (values.get("log") and values["from"] <= 0):
        remedy = "give from below to, and with log a positive from"
        raise InputError("this is not a range", **where, value=dict(values), remedy=remedy)


def _check_effect(key: str, trials: Collection[Trial], file: object) -> None:
    section, name = key.split(".")[:2]
    architectures = [trial.settings["architecture"] for trial in trials]
    if section == "architecture" and name != "family" and not any(name in family_settings(a) for a in architectures):
        family = architectures[0]["family"]
        raise InputError(
            f"networks of architecture.family {family} do not depend on this key",
            file=_path(file),
            key=f"search.keys.{key}",
            remedy="take it out, or choose the other family",
        )


def _uniform(seed: int, number: int, key: str) -> float:
    """A number uniform over [0, 1) that follows from its arguments alone."""
    digest = hashlib.sha256(f"{seed} {number} {key}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _pick(values: Any, chance: float) -> Any:
    """The value at ``chance`` of the way through a list or a range; whole numbers where both ends are."""
    if not isinstance(values, Mapping):
        return values[int(chance * len(values))]
    low, high = values["from"], values["to"]
    whole = isinstance(low, int) and isinstance(high, int)
    if whole:
        high += 1
    value = low * math.exp(chance * math.log(high / low)) if values.get("log") else low + chance * (high - low)
    return math.floor(value) if whole else float(f"{value:.4g}")
