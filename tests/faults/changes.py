"""Changes that a user may make to a finished run: of its scans, of their files, of its configuration."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.faults.model import World

Editing = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One change: what it does to the world of the model, and to the text of the configuration."""

    name: str
    world: Callable[[World], None]
    configuration: Callable[[Editing], None] = lambda configuration: None
    files: Callable[[Path], None] = lambda folder: None

    def __repr__(self) -> str:
        return self.name


def setting(section: str, key: str, value: Any) -> Change:
    """Another value of one key."""

    def to_world(world: World) -> None:
        world.settings[section][key] = copy.deepcopy(value)

    def to_text(configuration: Editing) -> None:
        configuration.setdefault(section, {})[key] = copy.deepcopy(value)

    return Change(f"{section}.{key}={value}", to_world, to_text)


def written(name: str, edit: Callable[[Editing], None]) -> Change:
    """Another way to write the same configuration."""
    return Change(name, lambda world: None, edit)


def _seed(value: int) -> Change:
    return Change(
        f"seed={value}",
        lambda world: world.settings.update(seed=value),
        lambda configuration: configuration.update(seed=value),
    )


def _threshold(**changes: Any) -> Change:
    def change(settings: Editing) -> None:
        settings["decisions"]["exceed"][0].update(changes)

    return Change(f"exceed {changes}", lambda world: change(world.settings), change)


VALUES: dict[str, list[Any]] = {
    "data.intensity_unit": ["photons"],
    "data.input_transform": ["sqrt"],
    "data.target_transform": ["none", "anscombe"],
    "regions.guard": [5],
    "regions.layout": [["TTT", "TCT", "SCE"]],
    "architecture.members": [1, 3],
    "architecture.depth": [3],
    "architecture.alpha": [1.5],
    "architecture.p_input": [0.9],
    "architecture.latent": [5],
    "architecture.hidden": [5],
    "architecture.unet": [{"levels": 1, "width": 8, "convolutions": 1}],
    "training.steps": [40],
    "training.batch": [4],
    "training.patch": [[24, 32]],
    "training.learning_rate": [0.01],
    "training.select_every": [5],
    "training.patience": [2],
    "training.levels": [[0.1, 0.9]],
    "training.precision": ["float32"],
    "training.checkpoint_every": [7],
    "training.members_per_gpu": [2],
    "ensemble.combine": ["pool"],
    "ensemble.orientations": [4],
    "ensemble.frame": [1],
    "ensemble.keep_members": [False],
    "ensemble.overlap": [8],
    "calibration.nominal": [[0.5, 0.8, 0.9], [0.9, 0.5]],
    "calibration.primary": [0.5],
    "calibration.score": ["asymmetric"],
    "calibration.scale": ["none"],
    "calibration.groups": ["intensity", "token"],
    "calibration.bins": [4],
    "calibration.ties": ["random"],
    "calibration.unit": ["pixel"],
    "calibration.confidence": [0.9],
    "calibration.block": [16, 20],
    "calibration.bootstrap": [30],
    "drift.block": [8],
    "drift.level": [0.1],
    "drift.correlation": [0.05],
    "drift.difference": [0.9],
    "drift.draws": [499],
    "structure.components": [2],
    "structure.tokens": [4],
    "structure.sample": [400],
    "structure.repeats": [3],
    "decisions.remeasure": [{"size": 16, "count": 2}],
    "report.title": ["Another title"],
    "cluster.memory": [2.0],
    "cluster.account": ["physics"],
    "software.containers": ["images"],
    "search.keys": [{"architecture.depth": [1, 2]}],
}


def _swap(settings: Editing) -> None:
    """Two values of one step change places; their set stays the same."""
    settings.setdefault("drift", {}).update(level=0.1, correlation=0.05)


SETTINGS = [
    Change("level and correlation change places", lambda world: _swap(world.settings), _swap),
    *(setting(*key.split("."), value) for key, values in VALUES.items() for value in values),
    *(_seed(value) for value in (8, 16, 20)),
    _threshold(above=2.0),
    _threshold(confidence=0.95),
    _threshold(name="rich in iron"),
]


def _reversed(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _reversed(value) for key, value in reversed(content.items())}
    return (
        [_reversed(entry) if isinstance(entry, dict) else entry for entry in content]
        if isinstance(content, list)
        else content
    )


def _reverse(configuration: Editing) -> None:
    turned = _reversed(configuration)
    configuration.clear()
    configuration.update(turned)


def _spell_defaults(configuration: Editing) -> None:
    defaults = {
        "training": {"patience": 10, "weight_decay": 0.01, "rim": None},
        "ensemble": {"combine": "average", "tile": "auto"},
        "drift": {"level": 0.05},
    }
    for section, values in defaults.items():
        configuration[section] = {**values, **configuration.get(section, {})}
    configuration["results"] = "./results/"


def _other_numbers(configuration: Editing) -> None:
    configuration["decisions"]["exceed"][0]["above"] = int(configuration["decisions"]["exceed"][0]["above"])
    configuration["architecture"]["gamma"] = 1
    configuration["seed"] = float(configuration["seed"])
    configuration["scans"] = "./scans.tsv"


WRITINGS = [
    written("keys in another order", _reverse),
    written("defaults written out", _spell_defaults),
    written("3 for 3.0 and 3.0 for 3", _other_numbers),
]


def add(scan: str, role: str) -> Change:
    return Change(f"add {scan} as {role}", lambda world: world.roles.update({scan: role}))


def remove(scan: str) -> Change:
    return Change(f"remove {scan}", lambda world: world.roles.pop(scan))


def give_role(scan: str, role: str) -> Change:
    return Change(f"{scan} as {role}", lambda world: world.roles.update({scan: role}))


def _move_to_the_end(world: World) -> None:
    world.roles["field"] = world.roles.pop("field")


def _replace(folder: Path) -> None:
    file = folder / "data" / "fresh.tif"
    before = os.stat(file)
    file.write_bytes((folder / "data" / "other.tif").read_bytes())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns - 10**12))


SCANS = [
    *(add("more", role) for role in ("train", "select", "calibrate", "test", "apply", "split")),
    *(remove(scan) for scan in ("judge", "fresh")),
    *(give_role("judge", role) for role in ("train", "select", "calibrate", "apply", "split")),
    *(give_role("fresh", role) for role in ("train", "calibrate", "test")),
    Change("another order of the sheet", _move_to_the_end),
    Change(
        "fresh replaced by an older file",
        lambda world: world.content.update(fresh="other") if "fresh" in world.roles else None,
        files=_replace,
    ),
    Change("judge touched", lambda world: None, files=lambda folder: os.utime(folder / "data" / "judge.tif")),
]

combinations = st.tuples(
    st.lists(st.sampled_from(SCANS), min_size=0, max_size=1),
    st.lists(st.sampled_from(SETTINGS), min_size=0, max_size=2),
    st.lists(st.sampled_from(WRITINGS), min_size=0, max_size=1),
).map(lambda parts: [change for part in parts for change in part])
