"""One canonical form of a configuration: settings that mean the same look the same, so that nothing is computed again.

Only the standard library is used, because every job reads the workflow and does this.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

# Paths in the configuration, as dotted keys: ``./scans.tsv`` and ``scans.tsv`` are one file.
PATHS = ("scans", "results")


def canonical_settings(settings: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a configuration to its canonical form.

    Parameters
    ----------
    settings
        A configuration that has passed ``schema`` and holds all defaults.
    schema
        The JSON schema of configurations, as a mapping.

    Returns
    -------
    dict
        A copy with keys in the order of the schema, numbers of the type that the schema names (3 becomes 3.0 for a
        number), normalised paths, and searched values converted like those of the keys they are tried for.
    """
    content = canonical(settings, schema)
    for key in PATHS:
        content[key] = os.path.normpath(content[key])
    content["search"]["keys"] = {
        key: _searched(values, _place(schema, key)) for key, values in sorted(content["search"]["keys"].items())
    }
    return dict(content)


def canonical(value: Any, schema: Mapping[str, Any]) -> Any:
    """Convert a value to its canonical form.

    Parameters
    ----------
    value
        A value that has passed ``schema``.
    schema
        A JSON schema, or a part of one.

    Returns
    -------
    Any
        The value with keys in the order of the schema and numbers of the type that it names. What the schema does not
        describe is returned unchanged.
    """
    for alternative in schema.get("anyOf", ()):
        if _fits(value, alternative):
            return canonical(value, alternative)
    if "enum" in schema:
        return next((entry for entry in schema["enum"] if entry == value and not isinstance(value, bool)), value)
    if isinstance(value, Mapping):
        described = schema.get("properties", {})
        others = schema.get("additionalProperties")
        others = others if isinstance(others, Mapping) else {}
        keys = [*(key for key in described if key in value), *(key for key in value if key not in described)]
        return {key: canonical(value[key], described.get(key, others)) for key in keys}
    if isinstance(value, list):
        return [canonical(entry, schema.get("items", {})) for entry in value]
    return _number(value, schema)


def _number(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else types
    if "integer" in types and _is_whole(value):
        return int(value)
    # Adding 0.0 makes -0.0 the same as 0.0.
    return float(value) + 0.0 if "number" in types else value


_KINDS: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and _is_whole(value),
}


def _is_whole(value: int | float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Tell whether an alternative of a schema is meant for a value: it names its type, or the value itself."""
    if "const" in schema:
        return bool(value == schema["const"])
    types = schema.get("type", ())
    return any(_KINDS[kind](value) for kind in ((types,) if isinstance(types, str) else types))


def _place(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The schema of one dotted key; empty where there is no such key."""
    place: Any = schema
    for name in key.split("."):
        place = place.get("properties", {}).get(name, {})
    return place if isinstance(place, Mapping) else {}


def _searched(values: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(values, list):
        return [canonical(value, schema) for value in values]
    ends = {key: canonical(values[key], schema) for key in ("from", "to") if key in values}
    return {**ends, "log": bool(values.get("log", False))}
