"""What one trial of a hyperparameter search changes, and what it then trains with."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .defaults import Settings

# The sections whose keys can be searched.
SEARCHED = ("architecture", "training")


@dataclass(frozen=True)
class Trial:
    """What one trial changes, from dotted key to value, and the whole configuration with these changes.

    ``name`` is a digest of everything that shapes its networks: however a search grows, a trial keeps its name, and
    its networks are not trained again.
    """

    name: str
    changes: dict[str, Any]
    settings: Settings


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
