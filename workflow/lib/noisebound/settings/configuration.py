"""One configuration with its scan sheet, checked as a whole: by the workflow when it is read, and by the command."""

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
    """Read the configuration of a run and check it by itself, without its scans.

    Parameters
    ----------
    files
        Configuration files, of which a later one is laid over the earlier ones, as Snakemake does it.

    Returns
    -------
    dict
        The whole configuration, defaults filled in.

    Raises
    ------
    InputError
        As :func:`noisebound.settings.yaml_files.check_yaml` and :func:`check_configuration` do.
    """
    return check_configuration(merged([read_yaml(file) for file in files]), file_names(files))


def file_names(files: Sequence[str | Path]) -> str:
    """The configuration files in one text, for messages."""
    return ", ".join(str(file) for file in files)


def check_configuration(settings: Settings, file: str) -> Settings:
    """Check a configuration by itself, fill its defaults in and write it in its one form, in place.

    Parameters
    ----------
    settings
        The content of the configuration files.
    file
        Their names, for messages.

    Returns
    -------
    dict
        ``settings``.

    Raises
    ------
    InputError
        For whatever no run could be made of, with file, key, value and remedy.
    """
    check_values(settings, file)
    if isinstance(settings.get("run"), str):  # in plainer words than those of the schema
        check_name(settings["run"], key="run", file=file)
    validate(settings, "config", file)
    check_paths(settings, file)
    written = canonical_settings(settings, schema("config"))
    settings.clear()  # the same object stays the configuration of Snakemake
    settings.update(written)
    check_settings(complete(settings), file)
    return settings


def check_sheet(rows: Sequence[SheetRow], sheet: str | Path) -> None:
    """Check the rows of a scan sheet against their schema. Raises ``InputError``."""
    cells = [
        {column: list(cell) if isinstance(cell, tuple) else cell for column, cell in asdict(row).items()}
        for row in rows
    ]
    check_values(cells, sheet, "scans")
    validate({"scans": cells}, "scans", sheet)


def simulated_names(settings: Settings) -> set[str]:
    """Names of the scans that are simulated instead of measured: their files may not be there yet."""
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
        Where simulated scans are not in the sheet as they must be, no scan has a role that is needed, or too few
        calibrate for ``calibration.unit``.
    """
    check_simulation({scan: (row.role, row.files) for scan, row in rows.items()}, settings, file)
    check_roles_covered({scan: row.role for scan, row in rows.items()}, settings, settings["scans"])
    check_calibrate_scans({(row.group or row.scan) for row in rows.values() if row.role == "calibrate"}, settings, file)


def planned_trials(rows: Mapping[str, SheetRow], settings: Settings, file: str) -> dict[str, Trial]:
    """The trials of the section ``search`` by name.

    Parameters
    ----------
    rows, settings, file
        As for :func:`check_plan`.

    Returns
    -------
    dict
        Empty where no key is searched.

    Raises
    ------
    InputError
        Where a search cannot be made: keys, values, combinations, too many networks, no select region.
    """

    def check(key: str, value: Any) -> Any:
        return validate_value(key, value, file, within=f"search.keys {key}")

    checked = with_checked_values(settings, check, file)
    roles = offered_roles((row.role for row in rows.values()), settings["regions"]["layout"])
    check_search(checked, roles, file)
    return {trial.name: trial for trial in plan_trials(checked, file)}
