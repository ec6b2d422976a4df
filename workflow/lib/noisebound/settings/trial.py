"""What one trial of a hyperparameter search changes, and the configuration that results."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .defaults import Settings

# Sections whose keys can be searched.
SEARCHED = ("architecture", "training")


@dataclass(frozen=True)
class Trial:
    """One trial of a search.

    Parameters
    ----------
    name
        A digest of all settings that shape its networks. The trial keeps its name when the search grows, so its
        networks are not trained again.
    changes
        The values that it changes, by dotted key.
    settings
        The whole configuration with these changes.
    """

    name: str
    changes: dict[str, Any]
    settings: Settings


def training_settings(settings: Settings) -> Settings:
    """Select the keys of the section ``training`` that shape a network.

    Parameters
    ----------
    settings
        The whole configuration.

    Returns
    -------
    dict
        A part of the section.
    """
    shapeless = ("members_per_gpu", "checkpoint_every")
    return {key: value for key, value in settings["training"].items() if key not in shapeless}


def search_seed(seed: int) -> int:
    """Derive the seed of a search from that of the run, so that no network of the run is among those of the search.

    The random streams of a network come from ``SeedSequence(search_seed(seed), spawn_key=(number, ...))``. Networks are
    numbered from 0 in each trial, so that training settings are compared on the same graphs.

    Parameters
    ----------
    seed
        The seed of the run.

    Returns
    -------
    int
        The first 32 bits of the SHA-256 of ``"<seed> search"``.
    """
    return int.from_bytes(hashlib.sha256(f"{seed} search".encode()).digest()[:4], "big")


def with_changes(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Copy the configuration and apply the changes of one trial.

    Parameters
    ----------
    settings
        The whole configuration.
    changes
        Value by dotted key.

    Returns
    -------
    dict
        The changed configuration. Sections that no trial can change are shared with ``settings``.
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
    """Describe what a trial changes.

    Parameters
    ----------
    changes
        Value by dotted key.

    Returns
    -------
    str
        For example "depth 8, channels [4, 8]".
    """
    return ", ".join(f"{key.partition('.')[2]} {value}" for key, value in changes.items())
