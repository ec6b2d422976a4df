"""Check that the settings that a page states are those that its results were made with."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage import read_json
from ..core.tables import text_of

Files = Mapping[str, str | Path | Sequence[str | Path]]
# Key of the configuration, the value that a page would state, the value that the file holds.
Pair = tuple[str, Any, Any]


def check_stated(config: Mapping[str, Any], files: Files) -> None:
    """Compare a configuration with the settings that results were made with.

    Parameters
    ----------
    config
        The configuration that a page would state. Sections that it lacks are not compared.
    files
        One path or several, by a word for them. Compared are "member settings" (JSON beside each member), "calibration"
        (``calibration.json``) and "ranked regions" (``decisions/<scan>.csv``); other words are ignored.

    Raises
    ------
    InputError
        Where a file was made with other settings, so that the page would state something false.
    """
    readers: dict[str, Callable[[Mapping[str, Any], str | Path], Iterator[Pair]]] = {
        "member settings": _of_member,
        "calibration": _of_calibration,
        "ranked regions": _of_decisions,
    }
    for word, read in readers.items():
        paths = files.get(word, ())
        for path in [paths] if isinstance(paths, str | Path) else paths:
            for key, stated, stored in read(config, path):
                if stated != stored:
                    raise InputError(
                        f"the configuration says {stated!r}, but this file was made with {stored!r}",
                        file=path,
                        key=key,
                        value=stated,
                        remedy="delete this file and start the same command again",
                    )


def _of_member(config: Mapping[str, Any], path: str | Path) -> Iterator[Pair]:
    made = read_json(path)
    if "seed" in config:
        yield "seed", config["seed"], made["seed"]
    if {"input_transform", "target_transform"} <= set(config.get("data", {})) and "transforms" in made:
        stated = [config["data"][key] for key in ("input_transform", "target_transform")]
        yield "data.input_transform, data.target_transform", stated, made["transforms"]
    for key, stated in config.get("training", {}).items():
        if key in made["training"]:
            yield f"training.{key}", _as_list(stated), _as_list(made["training"][key])


def _of_calibration(config: Mapping[str, Any], path: str | Path) -> Iterator[Pair]:
    stated, made = config.get("calibration", {}), read_json(path)
    if "nominal" in stated:
        yield "calibration.nominal", sorted(stated["nominal"]), sorted(made["nominal"])
    if "primary" in stated:
        yield "calibration.primary", stated["primary"], made["primary"]


def _of_decisions(config: Mapping[str, Any], path: str | Path) -> Iterator[Pair]:
    if "exceed" not in config.get("decisions", {}):
        return
    stated = {entry["name"]: entry for entry in config["decisions"]["exceed"]}
    with open(path, encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "exceed"]
    for row in rows:
        name = text_of(row["name"])
        entry = stated.get(name)
        yield "decisions.exceed.name", name if entry else None, name
        if entry:
            # The table holds nine significant digits.
            yield "decisions.exceed.above", f"{entry['above']:.9g}", f"{float(row['threshold']):.9g}"
            yield "decisions.exceed.confidence", f"{entry['confidence']:.9g}", f"{float(row['confidence']):.9g}"


def _as_list(value: Any) -> Any:
    """Tuples as lists, as JSON holds them."""
    return list(value) if isinstance(value, tuple) else value
