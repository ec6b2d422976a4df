"""Paths in a configuration: refused if a shell would expand them or Snakemake would read them as wildcards."""

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
# Characters that are special to a shell: Snakemake puts the path of an image into a command without quoting it.
_SHELL = re.compile(r"[\s'\"`$;&|<>()*?!#\\\[\]{}~]")


def check_paths(settings: dict[str, Any], file: str | Path) -> None:
    """Check the paths of a configuration, and normalise ``results`` in place.

    Nothing is expanded: ``~`` would mean another folder for every user, and nobody could tell from a configuration
    where its results are.

    Parameters
    ----------
    settings
        A configuration that has passed the schema.
    file
        Its file, for messages.

    Raises
    ------
    InputError
        If ``results``, ``scans`` or ``software.containers`` begins with ``~``, names an environment variable, begins or
        ends with a space, or is too long; if ``results`` or ``scans`` is a URL; if ``results`` has braces; if
        ``software.containers`` is empty or has characters that are special to a shell.
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
    """Tell what a shell would make of a path, if it would change the path.

    Parameters
    ----------
    path
        A path as the user wrote it.

    Returns
    -------
    str or None
        None if the path has neither a leading ``~`` nor a variable; the expanded path; "" if the user or a variable is
        unknown.
    """
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
