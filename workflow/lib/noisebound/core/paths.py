"""Paths in a configuration: what a shell would expand, and what Snakemake would take for a wildcard, is refused."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .errors import InputError

MOST_BYTES = 255  # of one part of a path, on common file systems
MOST_PATH = 3000  # bytes of a whole folder; Linux takes 4096 for a path, file names included
_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})")
_ENDS = re.compile(r"^\s|\s$")
# What a shell takes for something else: Snakemake puts the path of an image into a command as it stands.
_SHELL = re.compile(r"[\s'\"`$;&|<>()*?!#\\\[\]{}~]")


def check_paths(settings: dict[str, Any], file: str | Path) -> None:
    """Check the paths of a configuration, and write ``results`` in its shortest form, in place.

    Nothing is expanded: a configuration that says ``~`` would mean another folder for every user, and results that
    name it could not be followed.

    Parameters
    ----------
    settings
        A configuration that has passed the schema.
    file
        Its file, for messages.

    Raises
    ------
    InputError
        Where ``results``, ``scans`` or ``software.containers`` begins with ``~``, names an environment variable or a
        URL, begins or ends with a space, or is too long; where ``results`` has braces; and where
        ``software.containers`` has characters that a shell does not take as they are.
    """
    for key in ("results", "scans"):
        _check_path(settings[key], key, file)
    results = settings["results"]
    if "{" in results or "}" in results:
        raise InputError(
            "braces in the path of results have a meaning of their own for Snakemake (wildcards)",
            file=file,
            key="results",
            value=results,
            remedy="name a folder without { and }",
        )
    settings["results"] = os.path.normpath(results)
    containers = settings["software"]["containers"]
    if containers is None:
        return
    if "://" not in containers:
        _check_path(containers, "software.containers", file)
    unusable = sorted(set(_SHELL.findall(containers)))
    if unusable or not containers:
        raise InputError(
            f"not usable as the place of images: {', '.join(map(repr, unusable))}" if containers else "it is empty",
            file=file,
            key="software.containers",
            value=containers,
            remedy="name a folder without spaces and special characters, a registry such as oras://registry/project, "
            "or null",
        )


def unexpanded(path: str) -> str | None:
    """What a shell would make of ``path``, where it is something else and can be known; an empty text where not."""
    if not path.startswith("~") and not _VARIABLE.search(path):
        return None
    full = os.path.expandvars(os.path.expanduser(path))
    return "" if full.startswith("~") or _VARIABLE.search(full) else full


def _check_path(path: str, key: str, file: str | Path) -> None:
    where: dict[str, Any] = {"file": file, "key": key, "value": path if len(path) < 200 else f"{path[:200]}..."}
    full = unexpanded(path)
    if full is not None:
        raise InputError(
            "a path is taken as it stands: neither ~ nor variables such as $HOME are replaced",
            **where,
            remedy=f"write {full}" if full else "write the whole path",
        )
    if "://" in path:
        remedy = "name a path of a file system that is mounted on this machine"
        raise InputError("an address, not a path", **where, remedy=remedy)
    if _ENDS.search(path):
        raise InputError("a path that begins or ends with a space", **where, remedy="take the space away")
    longest = max(len(os.fsencode(part)) for part in path.split("/"))
    if longest > MOST_BYTES or len(os.fsencode(os.path.abspath(path))) > MOST_PATH:
        problem = "longer than file systems allow"
        remedy = f"use at most {MOST_BYTES} bytes between two slashes, and {MOST_PATH} in all"
        raise InputError(problem, **where, remedy=remedy)
