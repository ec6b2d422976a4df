"""A configuration with the defaults of the schema and a search."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[3]


def defaults(node: dict[str, Any]) -> Any:
    """What the schema fills in, section by section."""
    if "properties" not in node:
        return copy.deepcopy(node.get("default"))
    return {name: defaults(child) for name, child in node["properties"].items()}


SCHEMA = yaml.safe_load((PROJECT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))


BASE: dict[str, Any] = defaults(SCHEMA) | {"seed": 3}


def searching(keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return copy.deepcopy(BASE | {"search": BASE["search"] | {"keys": keys, **more}})
