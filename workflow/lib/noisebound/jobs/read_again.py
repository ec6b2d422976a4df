"""Whether only the code that reads the instrument's files has changed.

Snakemake plans whatever stands behind a job that it plans. If the ingest were planned because its code has changed,
every network would be trained again, although a mended reader nearly always reads the same pixels. Such a run therefore
has two parts: first the scans alone, then everything else. Scans that hold the same bytes as before keep the times that
they had: the record of the job that wrote them says so. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from ..core.storage import sha256_file

# Holds the number of the process that is in the second part, which plans everything.
VARIABLE = "NOISEBOUND_SCANS_READ_AGAIN"
# Options of Python that take the next word as their value.
_WITH_VALUE = ("-X", "-W")


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

    Returns
    -------
    bool
        False where a network is not there, or nobody remembers what it was trained with. A scan whose ingest failed
        counts as ingested by other code: Snakemake remembers no parameters of it.
    """
    read = [params for path in scans if (params := remembered(path)) is not None]
    trained = [remembered(path) or () if os.path.exists(path) else () for path in members]
    trained_by_today = all(repr(training) in params for params in trained)
    return bool(trained) and trained_by_today and any(repr(ingest) not in params for params in read)


def keep_times(records: str | Path, scans: Collection[str]) -> set[str]:
    """Give files of scans that were ingested again with the same content the times that they had before.

    Parameters
    ----------
    records
        Folder of the jobs' records.
    scans
        The scans to look at.

    Returns
    -------
    set of str
        The scans of which every file is as it was before its last ingest.
    """
    unchanged = set()
    for scan, outputs in _ingested(records):
        if scan not in scans:
            continue
        kept = [_keep_time(output) for output in outputs]
        if kept and all(kept):
            unchanged.add(scan)
    return unchanged


def is_second_part(environment: MutableMapping[str, str]) -> bool:
    """Whether this process was started by :func:`same_command`, and not only by one that was."""
    return environment.get(VARIABLE) == str(os.getpid())


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
        Program and arguments, as ``os.execv`` takes them, which keeps the number of the process. None where Snakemake
        runs within another program, which must not be started once more.
    """
    words = iter(arguments[1:])
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif word == "-c":
            return None
        elif word == "-m" or not word.startswith("-"):
            program = next(words, "") if word == "-m" else Path(word).name
            if program == "snakemake":
                environment[VARIABLE] = str(os.getpid())
                return sys.executable, [sys.executable, *arguments[1:]]
            return None
    return None


def _ingested(records: str | Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Scan and outputs of the last finished ingest of each scan."""
    last: dict[str, dict[str, Any]] = {}
    for path in Path(records, "ingest_scan").glob("*.json"):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            scan = str(record["wildcards"]["scan"])
            if record["state"] == "finished" and record["end"] > last.get(scan, {"end": ""})["end"]:
                last[scan] = record
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a record that cannot be read says nothing
    for scan, record in last.items():
        yield scan, record["outputs"]


def _keep_time(output: dict[str, Any]) -> bool:
    """Whether a file is as it was before the job that wrote it last; if so, it gets its earlier time."""
    try:
        path, earlier = str(output["path"]), int(output["unchanged_since_ns"])
        status = os.stat(path)
        if status.st_mtime_ns == earlier:
            return True
        # Snakemake changes the time of an output after its job; anybody else may have put another file there.
        if status.st_mtime_ns < earlier or sha256_file(path) != output["sha256"]:
            return False
        os.utime(path, ns=(earlier, earlier))
    except (OSError, KeyError, TypeError, ValueError):
        return False
    return True
