"""A configuration with its scan sheet, checked as a whole by the workflow and by the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..core.names import check_name
from ..core.paths import check_paths
from ..scans.sheet_row import SheetRow
from .canonical import canonical_settings
from .checks import check_settings
from .defaults import Settings, complete
from .scan_checks import check_calibrate_scans, check_roles_covered, offered_roles
from .schemas import schema, validate, validate_value
from .search_checks import check_search
from .simulation import check_simulation
from .trial import Trial
from .trials import plan_trials, with_checked_values
from .values import check_values
from .yaml_files import merged, read_yaml


def read_configuration(files: Sequence[str | Path]) -> Settings:
    """Read the configuration of a run and check it without its scans.

    Parameters
    ----------
    files
        Configuration files. A later file overrides the earlier ones key by key, as in Snakemake.

    Returns
    -------
    dict
        The whole configuration, defaults filled in.

    Raises
    ------
    InputError
        As in :func:`noisebound.settings.yaml_files.read_yaml` and :func:`check_configuration`.
    """
    return check_configuration(merged([read_yaml(file) for file in files]), file_names(files))


def file_names(files: Sequence[str | Path]) -> str:
    """Join the names of configuration files, for messages.

    Parameters
    ----------
    files
        The files.

    Returns
    -------
    str
        Their names, separated by commas.
    """
    return ", ".join(str(file) for file in files)


def check_configuration(settings: Settings, file: str) -> Settings:
    """Check a configuration without its scans, fill in its defaults and convert it to its canonical form, in place.

    Parameters
    ----------
    settings
        The content of the configuration files.
    file
        Their names, for messages.

    Returns
    -------
    dict
        ``settings``, the same object.

    Raises
    ------
    InputError
        If no run is possible with it; the message names file, key, value and remedy.
    """
    check_values(settings, file)
    if isinstance(settings.get("run"), str):  # for a message that is plainer than that of the schema
        check_name(settings["run"], key="run", file=file)
    validate(settings, "config", file)
    check_paths(settings, file)
    written = canonical_settings(settings, schema("config"))
    settings.clear()  # the same object stays the configuration of Snakemake
    settings.update(written)
    check_settings(complete(settings), file)
    return settings


def check_sheet(rows: Sequence[SheetRow], sheet: str | Path) -> None:
    """Check the rows of a scan sheet against their schema.

    Parameters
    ----------
    rows
        The rows.
    sheet
        The scan sheet, for messages.

    Raises
    ------
    InputError
        For the first violation.
    """
    cells = [
        {column: list(cell) if isinstance(cell, tuple) else cell for column, cell in asdict(row).items()}
        for row in rows
    ]
    check_values(cells, sheet, "scans")
    validate({"scans": cells}, "scans", sheet)


def simulated_names(settings: Settings) -> set[str]:
    """List the scans that are simulated instead of measured, whose files need not exist yet.

    Parameters
    ----------
    settings
        The whole configuration.

    Returns
    -------
    set of str
        Their names.
    """
    return {entry["scan"] for entry in settings["simulation"]["scans"]}


def check_plan(rows: Mapping[str, SheetRow], settings: Settings, file: str) -> None:
    """Check that a configuration and the scans of its sheet make a run.

    Parameters
    ----------
    rows
        The rows of the sheet by name of the scan.
    settings
        A configuration that has passed :func:`check_configuration`.
    file
        Its files, for messages.

    Raises
    ------
    InputError
        If a simulated scan is missing from the sheet or has a wrong row, no scan has a role that is needed, or too few
        scans calibrate for ``calibration.unit``.
    """
    check_simulation({scan: (row.role, row.files) for scan, row in rows.items()}, settings, file)
    check_roles_covered({scan: row.role for scan, row in rows.items()}, settings, settings["scans"])
    check_calibrate_scans({(row.group or row.scan) for row in rows.values() if row.role == "calibrate"}, settings, file)


def planned_trials(rows: Mapping[str, SheetRow], settings: Settings, file: str) -> dict[str, Trial]:
    """Plan the trials of the section ``search``.

    Parameters
    ----------
    rows, settings, file
        As for :func:`check_plan`.

    Returns
    -------
    dict
        The trials by name; empty if no key is searched.

    Raises
    ------
    InputError
        If a key, a value or a combination cannot be searched, there would be too many networks, or there is no select
        region.
    """

    def check(key: str, value: Any) -> Any:
        return validate_value(key, value, file, within=f"search.keys {key}")

    checked = with_checked_values(settings, check, file)
    roles = offered_roles((row.role for row in rows.values()), settings["regions"]["layout"])
    check_search(checked, roles, file)
    return {trial.name: trial for trial in plan_trials(checked, file)}
