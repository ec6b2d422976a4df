"""Snakemake's memory of finished jobs, rebuilt from the jobs' records, which travel with the results.

Snakemake keeps its memory in the working folder, apart from the results. Without this module, results that were copied
into another clone would come without memory, and a changed setting would go unnoticed. Only the standard library is
used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..core.storage import sha256_file

# Folders of a run that hold no results.
_APART = ("logs", "benchmarks", "provenance/jobs")


def remembered_jobs(run: str | Path, is_forgotten: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    """Yield what Snakemake should remember of the results of a run.

    Parameters
    ----------
    run
        Folder of the results of one run, as the workflow names it. The records are in its ``provenance/jobs``.
    is_forgotten
        Takes the path of a result; returns True if Snakemake remembers nothing of it, or remembers an older file of
        this path.

    Yields
    ------
    dict
        For each forgotten result its path ``output``, and the ``rule``, ``input`` (sorted paths) and ``params`` (as
        Snakemake compares them) of the last job that wrote it with the content that it has. If no record matches the
        content, the rule is None and the lists are empty.
    """
    forgotten = {output for output in _results(Path(run)) if is_forgotten(output)}
    if not forgotten:
        return
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in Path(run, "provenance", "jobs").glob("*/*.json"):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            outputs = [str(entry["path"]) for entry in record["outputs"]]
            if record["state"] != "finished" or forgotten.isdisjoint(outputs):
                continue
            about = {"rule": str(record["rule"]), "input": sorted(record["inputs"]), "params": list(record["params"])}
            if all(map(_is_as_written, record["outputs"])):
                for output in outputs:
                    found[output] = max(found.get(output, ("", {})), (str(record["end"]), about), key=itemgetter(0))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a record that cannot be read describes nothing
    nothing: dict[str, Any] = {"rule": None, "input": [], "params": []}
    for output in sorted(forgotten):
        yield {"output": output, **(found[output][1] if output in found else nothing)}


def _results(run: Path) -> Iterator[str]:
    apart = {os.path.join(run, *name.split("/")) for name in _APART}
    for folder, folders, files in os.walk(run):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in apart]
        for name in files:
            if not name.startswith("."):  # locks, and parts of files
                yield os.path.join(folder, name)


def _is_as_written(output: dict[str, Any]) -> bool:
    """Tell whether a result has the size and digest of its record; Snakemake changes its time after the job."""
    path = output["path"]
    return Path(path).stat().st_size == output["bytes"] and sha256_file(path) == output["sha256"]
