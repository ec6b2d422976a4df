"""Violations of the schema, in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from ..core.errors import InputError

# Characters of a value that a message shows.
LONGEST = 300


class SchemaViolation(Protocol):
    """The attributes of ``jsonschema.ValidationError`` that are used here, so that the library need not import it.

    Attributes
    ----------
    message : str
        What is wrong, in the words of jsonschema.
    validator, validator_value : str, Any
        The keyword of the schema that is violated, and its value.
    instance : Any
        The value that violates it.
    absolute_path : iterable of str or int
        Where the value stands.
    schema : Any
        The part of the schema.
    """

    message: str
    validator: str
    validator_value: Any
    instance: Any
    absolute_path: Iterable[str | int]
    schema: Any


def explain_violation(violation: SchemaViolation, file: str | Path, *, within: str = "") -> InputError:
    """Turn a violation of the schema into an error that names file, key, value and remedy.

    Parameters
    ----------
    violation
        The violation that jsonschema found.
    file
        Where the content stands.
    within
        Text to put before the key, for example ``"row 3 (scan 'a')"``.

    Returns
    -------
    InputError
        The error, for the caller to raise.
    """
    path = ".".join(str(part) for part in violation.absolute_path)
    key = " ".join(part for part in (within, path) if part) or None
    expected, value = violation.validator_value, violation.instance
    if violation.validator == "additionalProperties":
        known = sorted(violation.schema.get("properties", {}))
        unknown = sorted(str(name) for name in set(value) - set(known))
        full = [f"{path}.{name}" if path else name for name in unknown]
        return InputError(
            f"unknown {'key' if len(unknown) == 1 else 'keys'}",
            file=file,
            key=" ".join(part for part in (within, ", ".join(full)) if part),
            remedy=f"remove it or correct the spelling; known here: {', '.join(known)}",
        )
    if violation.validator == "required":
        return InputError(violation.message, file=file, key=key, remedy="add the key")
    remedies = {
        "enum": f"use one of {expected}",
        "minimum": f"give a number of at least {expected}",
        "exclusiveMinimum": f"give a number above {expected}",
        "maximum": f"give a number of at most {expected}",
        "exclusiveMaximum": f"give a number below {expected}",
        "minItems": f"give {expected} or more entries",
        "maxItems": f"give {expected} or fewer entries",
        "uniqueItems": "give every entry once",
        "maxLength": f"use at most {expected} characters",
        "maxProperties": f"give at most {expected} keys",
        "type": f"give {' or '.join(map(str, expected)) if isinstance(expected, list) else expected}",
    }
    remedy = remedies.get(violation.validator, violation.schema.get("description", "see config/README.md"))
    if violation.validator == "type" and isinstance(value, str) and _is_number(value):
        scientific = "e" in value.lower()
        remedy += "; YAML reads a number such as 1e-3 as text, write 1.0e-3" if scientific else ", without quotes"
    if violation.validator == "type" and "string" in expected and isinstance(value, int | float):
        remedy += f"; YAML reads this as {'true or false' if isinstance(value, bool) else 'a number'}, put it in quotes"
    if violation.validator == "type" and "object" in expected:
        remedy = "give keys with their values, or leave it out"
    if len(repr(value)) > LONGEST:
        return InputError(
            _shortened(violation.message), file=file, key=key, value=_shortened(repr(value)), remedy=remedy
        )
    return InputError(violation.message, file=file, key=key, value=value, remedy=remedy)


def _shortened(text: str) -> str:
    """Shorten a text for a message; its end is kept, where jsonschema says what is wrong."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
