"""Runs the studies of ``benchmarks.promises`` on all cores, and writes what they found as tables."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from . import promises as package
from .promises.promise import Promise

# With fewer data sets than this, tables say that they tell little.
ENOUGH = 200


@dataclass(frozen=True)
class Table:
    """What one module of the package found.

    Attributes
    ----------
    name
        Name of the module.
    title
        Its ``TITLE``.
    rows
        Its promises.
    seconds
        Time that it took on one core.
    """

    name: str
    title: str
    rows: list[Promise]
    seconds: float


def discover() -> list[str]:
    """Names of the modules of the package that have a function ``promises``, in alphabetical order."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return sorted(name for name in names if hasattr(importlib.import_module(f"{package.__name__}.{name}"), "promises"))


def run_study(name: str, data_sets: int, seed: int) -> Table:
    """Run one module."""
    study = importlib.import_module(f"{package.__name__}.{name}")
    started = time.monotonic()
    rows = list(study.promises(data_sets, seed))
    return Table(name, study.TITLE, rows, time.monotonic() - started)


def run_all(data_sets: int, seed: int, names: Sequence[str] | None = None, workers: int | None = None) -> list[Table]:
    """Run all modules, one per core at a time; says on the standard error how far it is.

    The numbers do not depend on the number of workers: every module draws from the seed by itself.

    Parameters
    ----------
    data_sets
        Number of data sets per world.
    seed
        Seed of every module.
    names
        The modules; None for all.
    workers
        Number of processes; None for one per core.

    Returns
    -------
    list of Table
        In the order of the names.
    """
    chosen = discover() if names is None else list(names)
    found: dict[str, Table] = {}
    # numpy's own threads would compete with the processes, which inherit this when they start.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(min(workers or os.cpu_count() or 1, max(len(chosen), 1))) as pool:
        jobs = {pool.submit(run_study, name, data_sets, seed): name for name in chosen}
        for job in as_completed(jobs):
            table = found[jobs[job]] = job.result()
            missed = sum(not row.kept for row in table.rows)
            print(
                f"promises {len(found)} of {len(chosen)}: {table.name}, {len(table.rows)} rows, {missed} missed, "
                f"{table.seconds:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    return [found[name] for name in chosen]


def in_words(tables: Sequence[Table]) -> str:
    """The section of the page: how many promises were kept, then a table per module.

    Parameters
    ----------
    tables
        What :func:`run_all` returns.

    Returns
    -------
    str
        Markdown; empty without tables.
    """
    if not tables:
        return ""
    rows = [row for table in tables for row in table.rows]
    kept = sum(row.kept for row in rows)
    # A row may count only the data sets in which its event can happen.
    fewest = min((max((row.data_sets for row in table.rows), default=0) for table in tables), default=0)
    parts = [
        "# What is promised, and what simulation finds",
        f"Of {len(rows)} promises, {kept} were kept and {len(rows) - kept} were missed"
        + (f": {', '.join(_counted(table) for table in tables)}." if len(tables) > 1 else "."),
        "Each row is a world of simulated data sets whose truth is known (`benchmarks/promises/`); the functions are "
        "those of the workflow. In brackets stands the 95 % Monte Carlo interval of what was found. A row is kept "
        "where the figure itself satisfies the promise, or its Monte Carlo interval where the promise says so.",
    ]
    if fewest < ENOUGH:
        parts.insert(2, f"**With {fewest} data sets, too few: {ENOUGH} tell what holds.**")
    missed = [row for row in rows if not row.kept]
    if missed:
        parts += ["## What was missed", _rows(missed)]
    return "\n\n".join([*parts, *map(_table, tables)]) + "\n"


def _counted(table: Table) -> str:
    return f"{table.name} {sum(row.kept for row in table.rows)} of {len(table.rows)}"


def _table(table: Table) -> str:
    """One module as Markdown."""
    return f"## {table.title}\n\n{_rows(table.rows)}"


def _rows(rows: Sequence[Promise]) -> str:
    """Promises as a Markdown table."""
    head = "| about | world | promised | found (95 % MC interval) | data sets | kept | beside |\n|" + "---|" * 7
    lines = [
        "| " + " | ".join(_cell(text) for text in (
            row.about, row.world, row.promised, f"{row.found:.3g} ({row.low:.3g} – {row.high:.3g})",
            str(row.data_sets), "yes" if row.kept else "**no**", row.beside,
        )) + " |"
        for row in rows
    ]  # fmt: skip
    return "\n".join([head, *lines])


def _cell(text: str) -> str:
    """A text that cannot end its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
