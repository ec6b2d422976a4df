"""The ``noisebound`` command: register scans in a sheet, check a sheet's files, list a sheet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from .core.errors import NoiseboundError
from .core.roles import SHEET_ROLES
from .core.sources import LEAVE_ONE_OUT
from .scans.register import register_scan
from .scans.settings import DataSettings
from .scans.sheet import missing_files, read_sheet
from .scans.sheet_row import SheetRow
from .settings.configuration import (
    check_plan,
    check_sheet,
    file_names,
    planned_trials,
    read_configuration,
    simulated_names,
)
from .settings.defaults import Settings
from .settings.frames import check_frame

DEFAULT_SHEET = "config/scans.tsv"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        The words after ``noisebound``; None for those of this process.

    Returns
    -------
    int
        Exit status: 0; 1 if ``check`` found problems; 2 for an error, which is printed in one line to stderr.
    """
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except NoiseboundError as error:
        print(f"noisebound: {_one_line(str(error))}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"noisebound: {_one_line(str(error))}. Remedy: check path and permissions.", file=sys.stderr)
        return 2


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="noisebound", description="Keep the scan sheet of noisebound runs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    register = commands.add_parser("register", help="check a scan's files and append it to a sheet")
    register.add_argument("--sheet", default=DEFAULT_SHEET, help="scan sheet (default: %(default)s)")
    register.add_argument("--scan", required=True, metavar="NAME", help="name of the scan: letters, digits, _ . -")
    register.add_argument("--role", required=True, choices=SHEET_ROLES)
    register.add_argument("--noisy", required=True, nargs="+", metavar="FILE", help="TIFF, or file.h5:/path")
    register.add_argument("--reference", nargs="+", metavar="FILE", help=f"file(s) or {LEAVE_ONE_OUT}")
    register.add_argument("--group", default="", help="field of view or sample that scans share")
    register.add_argument("--axes", help="axes of the noisy files: letters of RCZYX, such as RCYX")
    register.add_argument("--reference-axes", help="axes of the reference files")
    register.add_argument("--channels", nargs="+", metavar="NAME", help="channel names in the files' order")
    register.add_argument("--pixel-size", nargs="+", type=float, metavar="SIZE", help="one, or one per axis: [z] y x")
    register.add_argument("--pixel-unit", metavar="UNIT", help="unit of the pixel size, such as nm")
    register.add_argument("--truth", metavar="FILE", help="the true signal, where the scan is simulated")
    register.add_argument("--dimensions", type=int, choices=(2, 3), help="refuse files that are not 2-D or 3-D")
    register.set_defaults(run=_register)

    check = commands.add_parser(
        "check", help="check configuration and sheet, then read all files and list all problems"
    )
    check.add_argument("--sheet", help=f"scan sheet (default: that of the configuration, or {DEFAULT_SHEET})")
    check.add_argument(
        "--config",
        nargs="+",
        metavar="FILE",
        help="a run's configuration, or several laid over each other: whatever the workflow would refuse",
    )
    check.set_defaults(run=_check)

    listing = commands.add_parser("list", help="print the scans of a sheet")
    listing.add_argument("--sheet", default=DEFAULT_SHEET, help="scan sheet (default: %(default)s)")
    listing.set_defaults(run=_list)
    return parser


def _register(options: argparse.Namespace) -> int:
    reference: tuple[str, ...] | str | None = tuple(options.reference) if options.reference else None
    row = register_scan(
        options.sheet,
        SheetRow(
            scan=options.scan,
            role=options.role,
            noisy=tuple(options.noisy),
            reference=LEAVE_ONE_OUT if reference == (LEAVE_ONE_OUT,) else reference,
            group=options.group,
            axes=options.axes,
            reference_axes=options.reference_axes,
            channels=tuple(options.channels) if options.channels else None,
            pixel_size=tuple(options.pixel_size) if options.pixel_size else None,
            pixel_unit=options.pixel_unit,
            truth=options.truth,
        ),
        dimensions=options.dimensions,
    )
    print(f"registered scan {row.scan} ({row.role}) in {options.sheet}")
    return 0


def _check(options: argparse.Namespace) -> int:
    config = read_configuration(options.config) if options.config else None
    sheet = options.sheet or (config["scans"] if config else DEFAULT_SHEET)
    rows = read_sheet(sheet)
    check_sheet(rows, sheet)
    problems = [problem for row in rows for problem in _row_problems(row, config)]
    if config:
        problems += _plan_problems(rows, {**config, "scans": str(sheet)}, file_names(options.config))
    for problem in problems:
        print(f"noisebound: {_one_line(problem)}", file=sys.stderr)
    print(f"{sheet}: {len(rows)} scans, {len(problems)} problems")
    return 1 if problems else 0


def _row_problems(row: SheetRow, config: Settings | None) -> list[str]:
    """List what is wrong with the files of a scan, by themselves and for a run; nothing for a simulated scan."""
    from .scans.find_problems import find_problems

    if config and row.scan in simulated_names(config):
        return []
    data = config["data"] if config else {}
    about = DataSettings(data.get("dimensions"), data.get("channels"), data.get("kind") == "counts")
    return missing_files([row]) or [f"scan {row.scan!r}: {problem}" for problem in find_problems(row.settings, about)]


def _plan_problems(rows: Sequence[SheetRow], config: Settings, file: str) -> list[str]:
    """List the reasons why the workflow would not start with these scans, apart from their files."""
    named_rows = {row.scan: row for row in rows}
    problems = []
    for check in (check_plan, check_frame, planned_trials):
        try:
            check(named_rows, config, file)
        except NoiseboundError as error:
            problems.append(str(error))
    return problems


def _list(options: argparse.Namespace) -> int:
    rows = read_sheet(options.sheet)
    header = ("scan", "role", "group", "noisy", "reference")
    table = [header]
    for row in rows:
        reference = row.reference if isinstance(row.reference, str) else ";".join(row.reference_sources)
        table.append((row.scan, row.role, row.group or "-", ";".join(row.noisy), reference or "-"))
    widths = [max(len(line[column]) for line in table) for column in range(len(header))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
