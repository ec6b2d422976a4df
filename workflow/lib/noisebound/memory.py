"""What Snakemake remembers of a finished job, rebuilt from the job's record: it travels with the results.

Snakemake keeps its memory in the working folder, apart from the results. Results that are copied into another clone
come without it, and a change of a setting would then go unnoticed. Only the standard library is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .storage import sha256_file


def remembered_jobs(records: str | Path) -> Iterator[dict[str, Any]]:
    """Yield what is to be remembered of every output in a folder of jobs' records (``provenance/jobs``).

    Parameters
    ----------
    records
        Folder with one folder per rule and one JSON file per job in it.

    Yields
    ------
    dict
        output (path), rule, input (sorted paths), params (as Snakemake compares them). Only outputs that still are as
        their job wrote them: of equal size, and of equal time of change or content.
    """
    for path in sorted(Path(records).glob("*/*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["state"] != "finished":
                continue
            about = {"rule": str(record["rule"]), "input": sorted(record["inputs"]), "params": list(record["params"])}
            outputs = record["outputs"]
            if not all(map(_is_as_written, outputs)):
                continue
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a record that cannot be read stops nothing; its outputs stay without memory
        for entry in outputs:
            yield {"output": str(entry["path"]), **about}


def _is_as_written(output: dict[str, Any]) -> bool:
    status = Path(output["path"]).stat()
    if status.st_size != output["bytes"]:
        return False
    return status.st_mtime_ns == output["mtime_ns"] or sha256_file(output["path"]) == output["sha256"]
