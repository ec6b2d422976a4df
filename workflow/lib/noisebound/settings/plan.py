"""The scans of a run and their roles: what the rules need of the configuration and the scan sheet together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core.errors import NoiseboundError
from ..scans.sheet import missing_files
from ..scans.sheet_row import SheetRow
from .defaults import Settings
from .simulation import simulation_margin
from .trial import training_settings

# The keys of the section calibration that say how corrections are computed; they change no network.
CALIBRATION_MODE = ("score", "scale", "groups", "bins", "smallest_group", "ties", "channels", "unit", "confidence")
# Sections that shape no result; the pages do not print them.
SHAPELESS = ("cluster", "search", "software")


@dataclass(frozen=True)
class Plan:
    """The scans of a run with their roles.

    Parameters
    ----------
    rows
        The rows of the scan sheet by name of the scan.
    settings
        The whole configuration, checked.
    """

    rows: Mapping[str, SheetRow]
    settings: Settings

    def check_files(self) -> None:
        """Check that the files of all measured scans exist; those of simulated scans are made later.

        Raises
        ------
        NoiseboundError
            If files are missing, empty or no files; the message lists all.
        """
        measured = [row for scan, row in self.rows.items() if scan not in self.simulated]
        problems = missing_files(measured)
        if problems:
            sheet = str(self.settings["scans"])
            raise NoiseboundError("\n".join(f"file {sheet!r}: {problem}" for problem in problems))

    @cached_property
    def simulated(self) -> dict[str, Settings]:
        """The entries of ``simulation.scans`` by name of the scan."""
        return {entry["scan"]: entry for entry in self.settings["simulation"]["scans"]}

    @cached_property
    def roles(self) -> dict[str, str]:
        """The role of every scan, in the order of the sheet."""
        return {scan: row.role for scan, row in self.rows.items()}

    def with_roles(self, *roles: str) -> list[str]:
        """List the scans that have one of some roles.

        Parameters
        ----------
        *roles
            The roles.

        Returns
        -------
        list of str
            Names, sorted, so that another order of the sheet makes no job run again.
        """
        return sorted(scan for scan, role in self.roles.items() if role in roles)

    def simulated_with(self, role: str) -> list[str]:
        """List the simulated scans that have a role.

        Parameters
        ----------
        role
            The role.

        Returns
        -------
        list of str
            Names, sorted.
        """
        return [scan for scan in self.with_roles(role) if scan in self.simulated]

    @cached_property
    def learned(self) -> list[str]:
        """Names of the scans that something is learned from or judged on: all but those with the role apply."""
        return self.with_roles("train", "select", "calibrate", "test", "split")

    @cached_property
    def trained_on(self) -> list[str]:
        """Names of the scans whose pixels a training sees."""
        return self.with_roles("train", "select", "split")

    def holding(self, role: str) -> list[str]:
        """List the scans that may hold pixels of a role: those with this role and those with the role split.

        Parameters
        ----------
        role
            The role.

        Returns
        -------
        list of str
            Names, sorted.
        """
        return self.with_roles(role, "split")

    @cached_property
    def checked(self) -> dict[str, list[str]]:
        """For each stage, names of the scans whose pixels it uses, and whose roles are therefore checked before it."""
        calibrating = sorted({*self.trained_on, *self.holding("calibrate")})
        return {"train": self.trained_on, "calibrate": calibrating, "test": self.learned}

    def learned_role(self, scan: str) -> str | None:
        """Return the role of a scan that something is learned from or judged on.

        Parameters
        ----------
        scan
            Name of the scan.

        Returns
        -------
        str or None
            Its role; None for the role apply.
        """
        return self.roles[scan] if scan in self.learned else None

    def learned_sources(self, sources_file: Callable[[str], str]) -> dict[str, tuple[str, str, list[str]]]:
        """Describe the sources of all scans that something is learned from or judged on.

        Parameters
        ----------
        sources_file
            Returns the file of a scan's sources, ``scans/<scan>.json``, from its name.

        Returns
        -------
        dict
            By name of the scan: its role, the file of its sources, and the sources as the sheet spells them.
        """
        return {scan: (self.roles[scan], sources_file(scan), list(self.rows[scan].sources)) for scan in self.learned}

    def source_settings(self, scan: str) -> dict[str, Any]:
        """Return what the sheet says about the files of a scan, as plain values.

        Parameters
        ----------
        scan
            Name of the scan.

        Returns
        -------
        dict
            The fields of :class:`noisebound.scans.settings.SourceSettings`.
        """
        row = self.rows[scan]
        return {
            "noisy": list(row.noisy),
            "reference": list(row.reference) if isinstance(row.reference, tuple) else row.reference,
            "group": row.group,
            "axes": row.axes,
            "reference_axes": row.reference_axes,
            "file_channels": list(row.channels) if row.channels else None,
            "pixel_size": list(row.pixel_size) if row.pixel_size else None,
            "pixel_unit": row.pixel_unit,
            "truth": row.truth,
        }

    def montage(self, scan: str) -> dict[str, int] | None:
        """Return the layout of the images in a simulated scan.

        Parameters
        ----------
        scan
            Name of the scan.

        Returns
        -------
        dict or None
            The fields of :class:`noisebound.geometry.montage.Montage`; None for a measured scan.
        """
        if scan not in self.simulated:
            return None
        size = self.settings["simulation"]["size"]
        return {
            "count": self.simulated[scan]["images"],
            "size": size,
            "margin": simulation_margin(self.settings),
        }

    def megabytes(self, scans: Iterable[str]) -> float:
        """Compute the size of the source files of some scans.

        Parameters
        ----------
        scans
            Names of the scans.

        Returns
        -------
        float
            Megabytes (10^6 bytes) on the disk; for simulated scans, what they will have.
        """
        total = 0
        for scan in scans:
            montage = self.montage(scan)
            if montage is None:
                total += sum(map(os.path.getsize, self.rows[scan].files))
            else:  # noisy values, reference and truth, 4 bytes each
                total += 12 * montage["count"] * (montage["size"] + 2 * montage["margin"]) ** 2
        return total / 1e6

    def shown_settings(self) -> Settings:
        """Return the configuration as the pages print it, without keys that shape no result.

        A change of those keys does not make pages be built again.

        Returns
        -------
        dict
            A part of the configuration.
        """
        shown = {key: value for key, value in self.settings.items() if key not in SHAPELESS}
        return shown | {"training": training_settings(self.settings)}

    def page_settings(self) -> Settings:
        """Return the settings that the pages need to word their content.

        Returns
        -------
        dict
            ``title``, ``run``, ``intensity_unit``, ``kind``, ``exceed`` and ``combine``.
        """
        settings = self.settings
        return {
            "title": settings["report"]["title"] or settings["run"],
            "run": settings["run"],
            "intensity_unit": settings["data"]["intensity_unit"],
            "kind": settings["data"]["kind"],
            "exceed": settings["decisions"]["exceed"],
            "combine": settings["ensemble"]["combine"],
        }


def run_folder(settings: Settings) -> Path:
    """Return the folder of the results of a run.

    Parameters
    ----------
    settings
        The whole configuration.

    Returns
    -------
    Path
        ``<results>/<run>``.
    """
    return Path(settings["results"], settings["run"])
