"""The schemas of the configuration and of the scan sheet: defaults are filled in, violations explained in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..core.errors import InputError
from .canonical import canonical
from .violations import explain_violation

_FOLDER = "workflow/schemas"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def schema(name: str) -> dict[str, Any]:
    """Read one of the schemas, which lie in the project beside the library.

    Parameters
    ----------
    name
        ``config`` or ``scans``.

    Returns
    -------
    dict
        The schema. All callers share it, so it must not be changed.

    Raises
    ------
    InputError
        If the library is installed without the project, and the working directory is not the project either.
    """
    file = f"{name}.schema.yaml"
    folders = (Path(__file__).resolve().parents[3] / "schemas", Path(_FOLDER))
    for folder in folders:
        if (folder / file).is_file():
            content: dict[str, Any] = yaml.load((folder / file).read_text(encoding="utf-8"), Loader=_LOADER)
            return content
    remedy = "start the command in the folder of the project, which holds Snakefile and workflow/"
    raise InputError("the schema of the configuration is not here", file=folders[1] / file, remedy=remedy)


def validate(content: dict[str, Any], name: str, file: str | Path) -> None:
    """Check content against a schema, fill in defaults and convert it to its canonical form, in place.

    Parameters
    ----------
    content
        A configuration, or the rows of a sheet as ``{"scans": [...]}``.
    name
        ``config`` or ``scans``.
    file
        Where the content stands, for messages.

    Raises
    ------
    InputError
        For the first violation, with file, key, value and remedy.
    """
    _raise_violation(content, schema(name), file)
    written = canonical(content, schema(name))
    content.clear()
    content.update(written)


def validate_value(key: str, value: Any, file: str | Path, within: str = "") -> Any:
    """Check one value of a key of the configuration.

    Parameters
    ----------
    key
        A dotted key that exists, such as ``architecture.depth``.
    value
        The value that it would get.
    file, within
        Where the value stands, for messages.

    Returns
    -------
    Any
        The value in its canonical form, for example 3 for 3.0 if whole numbers are wanted.

    Raises
    ------
    InputError
        If the schema does not allow the value.
    """
    part = schema("config")
    for name in key.split("."):
        part = part["properties"][name]
    _raise_violation(value, part, file, within)
    return canonical(value, part)


def _raise_violation(content: Any, part: Mapping[str, Any], file: str | Path, within: str = "") -> None:
    violation = next(_validator()(part).iter_errors(content), None)
    if violation is not None:
        raise explain_violation(violation, file, within=within)


@cache
def _validator() -> Any:
    """The validator of the schemas' version of JSON Schema, which also fills in defaults."""
    # Imported here, because only checking a configuration needs it.
    from jsonschema import Draft202012Validator, validators

    check = Draft202012Validator.VALIDATORS["properties"]

    def properties(validator: Any, known: Mapping[str, Any], instance: Any, part: Any) -> Any:
        if isinstance(instance, dict):
            for key, child in known.items():
                if "default" in child:
                    instance.setdefault(key, _copied(child["default"]))
        yield from check(validator, known, instance, part)

    return validators.extend(Draft202012Validator, {"properties": properties})


def _copied(default: Any) -> Any:
    """Copy a default, because configurations are changed in place."""
    if isinstance(default, dict):
        return {key: _copied(value) for key, value in default.items()}
    return [_copied(value) for value in default] if isinstance(default, list) else default
