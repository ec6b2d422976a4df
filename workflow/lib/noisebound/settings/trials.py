"""The trials of a hyperparameter search, from the section ``search`` of the configuration."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ..core.errors import InputError
from ..core.storage import digest_json
from .checks import check_settings
from .defaults import Settings, complete, family_settings
from .search_checks import check_key, check_range, text_of_file, trial_count
from .trial import Trial, in_words, training_settings, with_changes


def tried_values(settings: Settings, file: object = None) -> Iterator[tuple[str, Any]]:
    """Yield every searched key with each value of its list, or with both ends of its range.

    Parameters
    ----------
    settings
        The whole configuration.
    file
        Its files, for messages.

    Yields
    ------
    tuple
        Dotted key, and a value that the schema has to allow for it.

    Raises
    ------
    InputError
        If a key cannot be searched, a range is not valid or given for a grid, or there would be more than
        ``MOST_NETWORKS`` networks.
    """
    keys = settings["search"]["keys"]
    for key, values in keys.items():
        check_key(settings, key, file)
        if isinstance(values, Mapping):
            check_range(key, values, settings["search"]["method"], file)
    trial_count(settings, file)
    for key, values in keys.items():
        for value in (values["from"], values["to"]) if isinstance(values, Mapping) else values:
            yield key, value


def with_checked_values(settings: Settings, check: Callable[[str, Any], Any], file: object = None) -> Settings:
    """Replace every tried value by what a check returns for it.

    Parameters
    ----------
    settings
        The whole configuration.
    check
        Takes a key and a value, returns the value in its canonical form, and raises an error if it is not allowed.
    file
        The files of the configuration, for messages.

    Returns
    -------
    dict
        The configuration with the checked values.

    Raises
    ------
    InputError
        As in :func:`tried_values` and ``check``.
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

    With the method ``grid``, these are all combinations; the last key varies fastest. With ``random``, they are
    ``search.trials`` draws. Each drawn value depends only on the seed, the number of the draw and the key, so further
    trials do not change the earlier ones. Of several trials with the same networks, only the first is kept.

    Parameters
    ----------
    settings
        The whole configuration. The schema must allow its :func:`tried_values`.
    file
        Its files, for messages.

    Returns
    -------
    list of Trial
        Empty if ``search.keys`` is empty.

    Raises
    ------
    InputError
        If settings of a combination contradict each other, a key has no effect, or there would be more than
        ``MOST_NETWORKS`` networks.
    """
    search = settings["search"]
    keys = search["keys"]
    if not keys:
        return []
    count = trial_count(settings, file)
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


def _check_effect(key: str, trials: Collection[Trial], file: object) -> None:
    section, name = key.split(".")[:2]
    architectures = [trial.settings["architecture"] for trial in trials]
    if section == "architecture" and name != "family" and not any(name in family_settings(a) for a in architectures):
        family = architectures[0]["family"]
        raise InputError(
            f"networks of architecture.family {family} do not depend on this key",
            file=text_of_file(file),
            key=f"search.keys.{key}",
            remedy="take it out, or choose the other family",
        )


def _uniform(seed: int, number: int, key: str) -> float:
    """Return a number in [0, 1), uniformly distributed, that depends only on the arguments."""
    digest = hashlib.sha256(f"{seed} {number} {key}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _pick(values: Any, chance: float) -> Any:
    """Pick the value at the fraction ``chance`` of a list or a range; a whole number if both ends are."""
    if not isinstance(values, Mapping):
        return values[int(chance * len(values))]
    low, high = values["from"], values["to"]
    whole = isinstance(low, int) and isinstance(high, int)
    if whole:
        high += 1
    value = low * math.exp(chance * math.log(high / low)) if values.get("log") else low + chance * (high - low)
    return math.floor(value) if whole else float(f"{value:.4g}")
