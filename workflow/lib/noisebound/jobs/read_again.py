"""Whether only the code that reads the instrument's files has changed. Then scans are read again before all else.

Snakemake plans all jobs that depend on a job that it plans. If it planned the ingest because its code has changed,
every network would be trained again, although a corrected reader nearly always reads the same pixels. So such a run is
planned in two parts. The first part reads the scans again; a scan with the same bytes as before keeps its time of
change. The second part plans everything else. Only the standard library is used.
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
    """Files that a job wrote.

    Parameters
    ----------
    digests
        SHA-256 by path, as the job recorded it.
    times
        Time of change now, in ns, by path.
    """

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
    """Tell whether the code of the ingest has changed since the scans were read, and the code of the training has not.

    Parameters
    ----------
    remembered
        Returns what Snakemake remembers of a file: the parameters of the job that wrote it, each as its ``repr``; None
        if it remembers nothing. Since Snakemake plans by the same memory, it would come to the same result.
    scans, members
        The standard files of the scans, and the weights of the members.
    ingest, training
        Digests of the code of the steps ``ingest_scan`` and ``train_member``, as their rules name them.

    Returns
    -------
    bool
        True if there are members, all were trained by today's code, and at least one scan was read by other code.
    """
    read = [params for path in scans if os.path.exists(path) and (params := remembered(path))]
    trained = [remembered(path) or () if os.path.exists(path) else () for path in members]
    trained_by_today = all(repr(training) in params for params in trained)
    return bool(trained) and trained_by_today and any(repr(ingest) not in params for params in read)


def written_by_ingest(records: str | Path, scans: Collection[str]) -> dict[str, Written]:
    """List what the ingest wrote of each scan.

    Parameters
    ----------
    records
        Folder of the jobs' records.
    scans
        Names of the scans of the run.

    Returns
    -------
    dict
        By name of the scan, the files that its last finished ingest wrote. A scan without record, or of which a file is
        missing, is left out.
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
    """Give files that were written again with the same content their earlier time of change.

    Parameters
    ----------
    before, after
        What :func:`written_by_ingest` returned before and after the scans were read again.

    Returns
    -------
    list of str
        Names of the scans whose content has changed, sorted.
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
    """Return the command that starts Snakemake once more for the second part, and announce that part to it.

    Parameters
    ----------
    arguments
        Python's own arguments (``sys.orig_argv``).
    environment
        Variables of this process; ``VARIABLE`` is set in it.

    Returns
    -------
    tuple or None
        Program and arguments for ``os.execv``. None if Snakemake runs inside another program, which must not be started
        again.
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
