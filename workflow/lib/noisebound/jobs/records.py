"""What a job leaves behind about itself: where and when it ran, what it used, and the digests of what it wrote.

There is one small JSON file per job and attempt, ``provenance/jobs/<rule>/<name>.<token>.json`` in the results. It is
written when the job begins and replaced when it ends. If it still says "running" although its process is gone, the job
was cut off. Records are no outputs of the workflow: no job runs again because of them, and no job fails because its
record cannot be written.

In a record, ``process`` is the job's :func:`noisebound.jobs.processes.identity`, ``params`` are the parameters of its
rule as Snakemake compares them (:mod:`noisebound.jobs.memory`), and ``waited_s`` are the seconds that it waited for
another job.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.errors import NoiseboundError
from ..core.names import safe_in_path
from ..core.storage import sha256_file, write_json
from ..core.versions import software_versions
from .output_lock import holder_of
from .processes import has_ended
from .usage import container_image, device_used, processor_and_memory, slurm_job

logger = logging.getLogger("noisebound")


FINISHED, FAILED, CUT_OFF, RUNNING = "finished", "failed", "cut off", "running"


_RECORD = re.compile(r"(?P<name>.+)\.[0-9a-f]{12}\.json")
_HALF_RECORD = re.compile(rf"\.{_RECORD.pattern}\.\d+\.part\.json")


@contextmanager
def recorded(
    folder: str | Path,
    process: Mapping[str, Any],
    *,
    rule: str,
    wildcards: Mapping[str, str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    seed: int | None = None,
    params: Mapping[str, Any] | None = None,
    waited: float = 0.0,
) -> Iterator[None]:
    """Keep the record of the job that runs in the body, and remove those that :func:`_forget_before` names.

    Parameters
    ----------
    folder, process, rule, wildcards, inputs, outputs, seed, params, waited
        The folder of the records (``provenance/jobs`` of the results), and what the record says of the job.
    """
    path = record_path(folder, rule, wildcards, str(process["token"]))
    begin = time.monotonic()
    record: dict[str, Any] = {
        "rule": rule,
        "wildcards": dict(wildcards),
        "state": RUNNING,
        "error": None,
        "start": _now(),
        "end": None,
        "waited_s": round(waited, 1),
        "process": dict(process),
        "slurm": slurm_job(),
        "device": None,
        "image": container_image(),
        "versions": software_versions(),
        "seed": seed,
        "inputs": list(inputs),
        "outputs": [{"path": output} for output in outputs],
        "params": sorted(map(repr, (params or {}).values())),
    }
    with _never_in_the_way():
        record["before"] = _forget_before(path)
        write_json(path, record)
    try:
        yield
        record["state"] = FINISHED
        with _never_in_the_way():
            before = record.pop("before", {})
            record["outputs"] = [_compared(describe_file(output), before) for output in outputs]
    except BaseException as error:
        record |= {"state": CUT_OFF if isinstance(error, SystemExit | KeyboardInterrupt) else FAILED}
        record["error"] = _one_line(error)
        raise
    finally:
        with _never_in_the_way():
            record |= {"end": _now(), "wall_s": round(time.monotonic() - begin, 2)}
            record |= {**processor_and_memory(), "device": device_used()}
            write_json(path, record)


def record_path(folder: str | Path, rule: str, wildcards: Mapping[str, str], token: str) -> Path:
    """Return the path of a job's record, which is always within the folder.

    Parameters
    ----------
    folder
        ``provenance/jobs`` of the results.
    rule, wildcards
        Those of the job. Characters that cannot be part of a file name are replaced.
    token
        Distinguishes attempts; the first 12 characters are used.

    Returns
    -------
    Path
        ``<folder>/<rule>/<wildcards>.<token>.json``.
    """
    name = "-".join(str(value) for value in wildcards.values()) or "run"
    return Path(folder) / safe_in_path(rule) / f"{safe_in_path(name)}.{safe_in_path(token)[:12]}.json"


def describe_file(path: str | Path) -> dict[str, Any]:
    """Describe a file that was just written.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        ``path``, ``bytes``, ``mtime_ns`` and ``sha256``.
    """
    status = os.stat(path)
    return {"path": str(path), "bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256_file(path)}


def read_records(folder: str | Path) -> list[dict[str, Any]]:
    """Read all records of a run.

    Parameters
    ----------
    folder
        ``provenance/jobs`` of the results.

    Returns
    -------
    list of dict
        Sorted by rule, wildcards and start; files that are no records are skipped. ``state`` is "cut off" for a job
        that was running and is gone. ``attempt`` numbers the records with the same rule and wildcards from 1.
    """
    found = []
    for path in sorted(Path(folder).glob("*/*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            record["wildcards"] = {str(key): str(value) for key, value in record["wildcards"].items()}
            key = (str(record["rule"]), tuple(record["wildcards"].values()), str(record["start"]))
            if record["state"] == RUNNING and not _is_running(record):
                record["state"] = CUT_OFF
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        found.append((key, record))
    found.sort(key=lambda entry: entry[0])
    attempts: dict[tuple[str, tuple[str, ...]], int] = {}
    for (rule, wildcards, _), record in found:
        attempts[rule, wildcards] = record["attempt"] = attempts.get((rule, wildcards), 0) + 1
    return [record for _, record in found]


def _is_running(record: Mapping[str, Any]) -> bool:
    """True while the job still holds the lock of its outputs."""
    process = record["process"]
    holder = holder_of(record["outputs"][0]["path"])
    return holder is not None and holder.get("token") == process["token"] and not has_ended(process)


def _forget_before(path: Path) -> dict[str, Any]:
    """Remove the records of earlier jobs of the same name up to the last that finished, as its outputs are gone.

    Half written records go too: whoever wrote one held the outputs that this job holds now. Returned is what the last
    finished job wrote, by path: ``sha256``, and since when (ns) the file is as it was. A job that did not finish hands
    this on to the next.
    """
    match = _RECORD.fullmatch(path.name)
    if match is None or not path.parent.is_dir():
        return {}
    earlier = []
    for other in path.parent.iterdir():
        half = _HALF_RECORD.fullmatch(other.name)
        if half is not None and half["name"] == match["name"]:
            other.unlink(missing_ok=True)
        found = _RECORD.fullmatch(other.name)
        if found is not None and found["name"] == match["name"]:
            with suppress(OSError, ValueError, KeyError, TypeError):
                record = json.loads(other.read_text(encoding="utf-8"))
                earlier.append((str(record["start"]), other, record))
    earlier.sort(key=lambda entry: entry[0])
    last = max((n for n, (_, _, record) in enumerate(earlier) if record["state"] == FINISHED), default=-1)
    before: dict[str, Any] = {}
    for _, _, record in earlier:
        with suppress(KeyError, TypeError):
            before = _as_written(record) if record["state"] == FINISHED else record["before"] or before
    for _, other, _ in earlier[: last + 1]:
        other.unlink(missing_ok=True)
    return before


def _as_written(record: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a finished job by path: ``sha256``, and since when (ns) each is as it is."""
    return {
        output["path"]: {
            "sha256": output["sha256"],
            "since_ns": output.get("unchanged_since_ns", output["mtime_ns"]),
        }
        for output in record["outputs"]
    }


def _compared(output: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """An output, and since when it is as it is, where the job before wrote the same."""
    earlier = before.get(output["path"])
    if earlier is not None and earlier["sha256"] == output["sha256"]:
        output["unchanged_since_ns"] = earlier["since_ns"]
    return output


@contextmanager
def _never_in_the_way() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:  # the last is what torch raises
        logger.warning("no record of this job could be kept (%s)", error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        return "ended by the signal TERM"
    return text if isinstance(error, NoiseboundError) else f"{type(error).__name__}: {text}".rstrip(": ")
