"""Rebuild what Snakemake remembers of finished jobs from the jobs' records, which travel with the results.

Snakemake keeps its memory in the working folder, apart from the results. Results that are copied into another clone
come without it, and a change of a setting would then go unnoticed. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .storage import sha256_file

# Folders of a run that hold no results, and files beside results that no rule names.
_APART = ("logs", "benchmarks", "provenance/jobs")


def remembered_jobs(run: str | Path) -> Iterator[dict[str, Any]]:
    """Yield what is to be remembered of every result in the folder of a run.

    Parameters
    ----------
    run
        Folder of the results of one run, as the workflow names it. Records lie in its ``provenance/jobs``.

    Yields
    ------
    dict
        output (path), rule, input (sorted paths), params (as Snakemake compares them), and is_newer: whether the output
        has exactly the time of change that its job recorded, so that the record is about this very file. An output
        that no record describes as it is has neither inputs nor params.
    """
    described: set[str] = set()
    for path in sorted(Path(run, "provenance", "jobs").glob("*/*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["state"] != "finished":
                continue
            about = {"rule": str(record["rule"]), "input": sorted(record["inputs"]), "params": list(record["params"])}
            outputs = [(str(entry["path"]), _is_as_written(entry)) for entry in record["outputs"]]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a record that cannot be read describes nothing
        if all(fits for _, fits in outputs):
            for output, fits in outputs:
                described.add(output)
                yield {"output": output, "is_newer": fits == "time", **about}
    for output in _results(Path(run)):
        if output not in described:
            yield {"output": output, "is_newer": False, "rule": None, "input": [], "params": []}


def _results(run: Path) -> Iterator[str]:
    apart = {os.path.join(run, *name.split("/")) for name in _APART}
    for folder, folders, files in os.walk(run):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in apart]
        for name in files:
            if not name.startswith("."):  # locks, and parts of files
                yield os.path.join(folder, name)


def _is_as_written(output: dict[str, Any]) -> str:
    """By what an output is known as the one that its job wrote: its "time" or its "content"; empty where it is not."""
    status = Path(output["path"]).stat()
    if status.st_size != output["bytes"]:
        return ""
    if status.st_mtime_ns == output["mtime_ns"]:
        return "time"
    return "content" if sha256_file(output["path"]) == output["sha256"] else ""
