"""The name of a nominal coverage or confidence in files."""

from __future__ import annotations


def nominal_key(nominal: float) -> str:
    """Name of a nominal coverage or confidence in files: the shortest decimal that gives ``nominal`` back ("0.9")."""
    short = f"{nominal:g}"
    return short if float(short) == float(nominal) else repr(float(nominal))
