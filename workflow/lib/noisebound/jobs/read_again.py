"""Whether only the code that reads the instrument's files has changed, so that scans are read again before all else.

Snakemake plans whatever stands behind a job that it plans. Were the ingest planned because its code has changed, every
network would be trained again, although a mended reader nearly always reads the same pixels. So a run is planned in
two parts: first the scans alone; then, with scans that hold the same bytes as old as they were, all the rest. Only the
standard library is used.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Set in the second part, which plans everything.
VARIABLE = "NOISEBOUND_SCANS_READ_AGAIN"


@dataclass(frozen=True)
class Written:
    """Files that a job wrote: SHA-256 by path, and the times of change (ns) that they have now."""

    digests: dict[str, str]
    times: dict[str, int]


def only_reading_changed(
    remembered: Callable[[str], Collection[str] | None],
    scans: Iterable[str],
    members: Iterable[str],
    *,
    ingest: str,
    training: str,
) -> bool:
    """Whether scans were ingested by other code than today's, and all networks were trained by today's.

    Parameters
    ----------
    remembered
        Snakemake's memory of a file: the parameters of the job that wrote it, each as its ``repr``; None where it has
        none. What is decided here is then what Snakemake plans.
    scans, members
        The standard files of the scans, and the weights of the members.
    ingest, training
        Digests of the code of the steps ``ingest_scan`` and ``train_member``, as their rules name them.
    """
    read = [params for path in scans if os.path.exists(path) and (params := remembered(path))]
    trained = [remembered(path) or () if os.path.exists(path) else () for path in members]
    trained_by_today = all(repr(training) in params for params in trained)
    return bool(trained) and trained_by_today and any(repr(ingest) not in params for params in read)


def written_by_ingest(records: str | Path, scans: Collection[str]) -> dict[str, Written]:
    """List what the ingest wrote of each scan whose files are still there.

    Parameters
    ----------
    records
        Folder of the jobs' records.
    scans
        The scans of the run.

    Returns
    -------
    dict
        By name of the scan; one without a record, or without its files, is left out.
    """
    found: dict[str, Written] = {}
    for record in _finished(records, "ingest_scan"):
        scan = _scan(record)
        try:
            digests = {str(output["path"]): str(output["sha256"]) for output in record["outputs"]}
            times = {path: os.stat(path).st_mtime_ns for path in digests}
        except (OSError, KeyError, TypeError):
            continue
        if scan in scans:
            found[scan] = Written(digests, times)
    return found


def keep_times(before: dict[str, Written], after: dict[str, Written]) -> list[str]:
    """Give files that were written again with the same content their earlier times of change.

    Parameters
    ----------
    before, after
        What :func:`written_by_ingest` found before and after the scans were read again.

    Returns
    -------
    list of str
        The scans that hold something else than before, sorted.
    """
    changed = set()
    for scan, written in after.items():
        earlier = before.get(scan, Written({}, {}))
        for path, digest in written.digests.items():
            if digest == earlier.digests.get(path):
                os.utime(path, ns=(earlier.times[path], earlier.times[path]))
            else:
                changed.add(scan)
    return sorted(changed)


def same_command(arguments: Sequence[str], environment: MutableMapping[str, str]) -> tuple[str, list[str]] | None:
    """Find the command that started this process, where it was Snakemake's, and announce its second part.

    Parameters
    ----------
    arguments
        Python's own arguments (``sys.orig_argv``).
    environment
        Variables of this process; told that the second part follows.

    Returns
    -------
    tuple or None
        Program and arguments, as ``os.execv`` takes them. None where Snakemake runs within another program, which must
        not be started once more.
    """
    environment[VARIABLE] = "1"
    # As a program or after -m; options of Python itself may stand before.
    if any(Path(word).name == "snakemake" for word in arguments[1:5]):
        return sys.executable, [sys.executable, *arguments[1:]]
    return None


def _finished(records: str | Path, rule: str) -> Iterator[dict[str, Any]]:
    """The records of the last finished job of a rule for each of its wildcards."""
    last: dict[str, dict[str, Any]] = {}
    for path in Path(records, rule).glob("*.json"):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            key = json.dumps(record["wildcards"], sort_keys=True)
            if record["state"] == "finished" and record["end"] > last.get(key, record | {"end": ""})["end"]:
                last[key] = record
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a record that cannot be read says nothing
    yield from last.values()


def _scan(record: dict[str, Any]) -> str:
    return str(record["wildcards"].get("scan", ""))
