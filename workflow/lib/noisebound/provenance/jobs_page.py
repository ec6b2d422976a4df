"""The page on how a run went: the jobs of every step with machine, time, memory and repetitions."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..jobs.records import FINISHED
from ..report.template import render

UNKNOWN = "–"
Record = Mapping[str, Any]


def write_jobs_page(output: str | Path, *, run: str, title: str, records: Sequence[Record]) -> None:
    """Write the page on the jobs of a run.

    Parameters
    ----------
    output
        HTML file to write.
    run, title
        Name of the run, and the heading of its pages.
    records
        Records of the jobs (:func:`noisebound.jobs.records.read_records`).
    """
    rules = list(dict.fromkeys(record["rule"] for record in sorted(records, key=lambda one: one["start"])))
    by_rule = {rule: [record for record in records if record["rule"] == rule] for rule in rules}
    context = {
        "run": run,
        "run_title": title,
        "lead": _lead(records, by_rule),
        "numbers": _numbers(records),
        "steps": [summarise(rule, of_rule) for rule, of_rule in by_rule.items()],
        "repeated": [_row(record) for record in records if record["state"] != FINISHED],
        "jobs": [{"rule": rule, "rows": [_row(record) for record in found]} for rule, found in by_rule.items()],
        "software": _software(by_rule),
        "queued": any(_queue(record) is not None for record in records),
        "batch": any(record.get("slurm") for record in records),
    }
    render("jobs.html", output, context, filters={})


def summarise(rule: str, records: Sequence[Record]) -> dict[str, Any]:
    """Sum up the jobs of one step.

    Parameters
    ----------
    rule
        Name of the step.
    records
        Records of its jobs, every attempt.

    Returns
    -------
    dict
        rule; jobs and repeats (numbers); job_ids, nodes and devices (text); wall, queue and memory: median and range
        over the attempts that finished, in words.
    """
    ended = [record for record in records if record["state"] == FINISHED]
    return {
        "rule": rule,
        "jobs": len({tuple(record["wildcards"].values()) for record in records}),
        "repeats": sum(record["attempt"] > 1 for record in records),
        "wall": _spread([record.get("wall_s") for record in ended], duration),
        "queue": _spread([_queue(record) for record in ended], duration),
        "memory": _spread([record.get("peak_memory_bytes") for record in ended], memory),
        "job_ids": _from_to(_job(record) for record in records),
        "nodes": _few({_node(record) for record in records}),
        "devices": _few({_device(record) for record in records}),
    }


def duration(seconds: object) -> str:
    """Write a time in words, such as "0.4 s", "2 min 05 s" or "3 h 07 min".

    Parameters
    ----------
    seconds
        The time in s; anything but a number counts as unknown.

    Returns
    -------
    str
        The words; "–" where the time is unknown.
    """
    if not isinstance(seconds, int | float):
        return UNKNOWN
    if seconds < 9.95:
        return f"{seconds:.1f}\u2009s"
    if round(seconds) < 60:
        return f"{seconds:.0f}\u2009s"
    if round(seconds) < 3600:
        return f"{round(seconds) // 60}\u2009min {round(seconds) % 60:02d}\u2009s"
    return f"{round(seconds / 60) // 60}\u2009h {round(seconds / 60) % 60:02d}\u2009min"


def memory(count: object) -> str:
    """Write a number of bytes in MB or GB (powers of 1000).

    Parameters
    ----------
    count
        Number of bytes; anything but a number counts as unknown.

    Returns
    -------
    str
        The words; "–" where the number is unknown.
    """
    if not isinstance(count, int | float):
        return UNKNOWN
    return f"{count / 1e9:.1f}\u2009GB" if count >= 1e9 else f"{count / 1e6:.0f}\u2009MB"


def _lead(records: Sequence[Record], by_rule: Mapping[str, Sequence[Record]]) -> str:
    if not records:
        return "No job has left a record."
    failed = sum(record["state"] != FINISHED for record in records)
    jobs = _count(len(records) - failed, "job")
    places = _count(len({_node(record) for record in records}), "machine")
    words = f"{jobs} in {_count(len(by_rule), 'step')} on {places} made what is in this folder."
    if failed:
        words += f" {_count(failed, 'attempt')} before them did not come to an end: see below."
    return words


def _numbers(records: Sequence[Record]) -> list[dict[str, str]]:
    """The few numbers that say what the run took."""
    found = []
    walls = [record.get("wall_s") or 0.0 for record in records]
    on_gpu = [record.get("wall_s") or 0.0 for record in records if (record.get("device") or {}).get("kind") == "gpu"]
    cpu = [record["cpu_s"] for record in records if record.get("cpu_s") is not None]
    if walls:
        found.append({"value": duration(sum(walls)), "words": "of jobs, one after the other"})
    if cpu:
        found.append({"value": duration(sum(cpu)), "words": "of processor time"})
    if on_gpu:
        found.append({"value": duration(sum(on_gpu)), "words": "of jobs on a GPU"})
    peaks = [record["peak_memory_bytes"] for record in records if record.get("peak_memory_bytes") is not None]
    if peaks:
        found.append({"value": memory(max(peaks)), "words": "memory of the largest job"})
    queues = [time for record in records if (time := _queue(record)) is not None]
    if queues:
        found.append({"value": duration(max(queues)), "words": "longest wait in the queue"})
    return found


def _row(record: Record) -> dict[str, Any]:
    slurm = record.get("slurm") or {}
    device = record.get("device") or {}
    return {
        "rule": record["rule"],
        "name": ", ".join(record["wildcards"].values()) or UNKNOWN,
        "attempt": record["attempt"],
        "state": record["state"],
        "finished": record["state"] == FINISHED,
        "error": record.get("error") or "",
        "job": _job(record),
        "node": _node(record),
        "device": _device(record),
        "gpus": slurm.get("gpus") or (device.get("visible") if device.get("kind") == "gpu" else None),
        "start": _time(record["start"]),
        "queue": duration(_queue(record)),
        "waited": duration(record["waited_s"]) if (record.get("waited_s") or 0) >= 1 else None,
        "wall": duration(record.get("wall_s")),
        "cpu": duration(record.get("cpu_s")),
        "memory": memory(record.get("peak_memory_bytes")),
        "gpu_memory": memory(device["peak_memory_bytes"]) if device.get("peak_memory_bytes") else None,
    }


def _software(by_rule: Mapping[str, Sequence[Record]]) -> list[dict[str, Any]]:
    """Image and package versions that the last job of each step had; steps with the same ones share an entry."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for rule, records in by_rule.items():
        last = max(records, key=lambda record: record["start"])
        found.setdefault((last.get("image") or "", tuple(last["versions"].items())), []).append(rule)
    return [{"rules": rules, "image": image, "versions": versions} for (image, versions), rules in found.items()]


def _spread(values: Iterable[Any], words: Callable[[object], str]) -> dict[str, str]:
    """Median of the known values in words, and their range where lowest and highest read differently."""
    known = [value for value in values if isinstance(value, int | float)]
    if not known:
        return {"median": UNKNOWN, "range": ""}
    low, high = words(min(known)), words(max(known))
    return {"median": words(statistics.median(known)), "range": "" if low == high else f"{low} – {high}"}


def _queue(record: Record) -> float | None:
    return (record.get("slurm") or {}).get("queue_s")


def _job(record: Record) -> str:
    slurm = record.get("slurm") or {}
    if slurm.get("array_job"):
        return f"{slurm['array_job']}_{slurm.get('array_task')}"
    return str(slurm.get("job") or UNKNOWN)


def _node(record: Record) -> str:
    return str((record.get("slurm") or {}).get("node") or record["process"].get("host") or UNKNOWN)


def _device(record: Record) -> str:
    return str((record.get("device") or {}).get("name") or UNKNOWN)


def _few(names: Iterable[str]) -> str:
    """The first three names in alphabetical order, and how many more there are."""
    known = sorted(name for name in names if name != UNKNOWN)
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    return (", ".join(known[:3]) or UNKNOWN) + more


def _from_to(names: Iterable[str]) -> str:
    """All names; where there are more than three, only the first and the last."""
    known = [name for name in dict.fromkeys(names) if name != UNKNOWN]
    return f"{known[0]} … {known[-1]}" if len(known) > 3 else ", ".join(known) or UNKNOWN


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _time(text: object) -> str:
    return datetime.fromisoformat(str(text)).strftime("%Y-%m-%d %H:%M:%S")
