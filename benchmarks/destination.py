"""Where a measurement is written: the tables of the project are replaced only where that is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOCAL = Path("results", "benchmark")  # within the project, and ignored by git


def add_options(parser: argparse.ArgumentParser, tracked: Path, quick: str) -> None:
    """Add ``--quick`` (with its help), ``--update`` and ``--output``; ``tracked`` is the project's table."""
    own = tracked.relative_to(PROJECT)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--update", action="store_true", help=f"replace {own}, the project's own table of a full run")
    parser.add_argument("--output", type=Path, help=f"file to write instead of {LOCAL / own.name}")


def choose(parser: argparse.ArgumentParser, options: argparse.Namespace, tracked: Path) -> Path:
    """The file that a run with these options writes.

    Ends the program in words where a quick run is to replace the project's table ``tracked``, and where the table is
    named as the output instead of being updated.
    """
    own = tracked.relative_to(PROJECT)
    if options.update and options.quick:
        parser.error(f"a quick run never replaces {own}: leave out --quick (QUICK) or --update (UPDATE)")
    if options.update and options.output is not None:
        parser.error(f"--update writes {own}: leave out --output")
    if options.update:
        return tracked
    output: Path = options.output or PROJECT / LOCAL / own.name
    if output.resolve() == tracked.resolve():
        parser.error(f"{own} holds the figures of a full run: to replace it, run without --quick and with --update")
    return output
