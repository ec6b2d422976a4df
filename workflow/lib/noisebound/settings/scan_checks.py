"""What the scans of the sheet must offer: the roles that a run needs, and enough scans to calibrate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..calibration.exchangeability import check_scans
from ..core.errors import InputError
from ..regions.layout import LAYOUT_LETTERS
from .defaults import Settings


def check_roles_covered(roles: Mapping[str, str], settings: Settings, file: str | Path) -> None:
    """Check that there are scans, and that some train and some calibrate.

    A run without test regions is possible; its pages say that nothing was tested.

    Parameters
    ----------
    roles
        The role of each scan of the sheet. A scan with the role split offers the roles in ``regions.layout``.
    settings
        The whole configuration.
    file
        The scan sheet, for messages.

    Raises
    ------
    InputError
        If there is no scan, a split scan has no layout, or no scan trains or calibrates.
    """
    if not roles:
        raise InputError(
            "the scan sheet lists no scan",
            file=file,
            remedy="add a row per scan, by hand or with `noisebound register`, as config/README.md explains",
        )
    present = offered_roles(roles.values(), settings["regions"]["layout"])
    if "split" in roles.values() and settings["regions"]["layout"] is None:
        scan = next(name for name, role in roles.items() if role == "split")
        raise InputError(
            f"scan {scan!r} has role 'split', but no layout says how to divide it",
            file=file,
            key="regions.layout",
            remedy="draw one in the configuration, for example ['TTC', 'STE'], or give the scan another role",
        )
    for needed in ("train", "calibrate"):
        if needed not in present:
            raise InputError(
                f"no scan serves role {needed!r}",
                file=file,
                key="role",
                value=sorted(set(roles.values())),
                remedy=f"give one scan role {needed!r}, or divide one scan with role 'split' and regions.layout",
            )


def check_calibrate_scans(fields: Collection[str], settings: Settings, file: str | Path) -> None:
    """Check that there are enough calibrate scans for ``calibration.unit``.

    Parameters
    ----------
    fields
        Names of the fields of view (groups, or scans without group) that are used for calibration as a whole.
    settings
        The whole configuration.
    file
        Its files, for messages.

    Raises
    ------
    InputError
        If there are too few.
    """
    calibration = settings["calibration"]
    check_scans(
        calibration["unit"],
        len(fields),
        {
            "calibration.nominal": calibration["nominal"],
            "decisions.exceed.confidence": sorted({entry["confidence"] for entry in settings["decisions"]["exceed"]}),
        },
        calibration["confidence"],
        2 if calibration["score"] == "asymmetric" else 1,
        file,
    )


def offered_roles(roles: Iterable[str], layout: Sequence[str] | None) -> set[str]:
    """List the roles that pixels can have.

    Parameters
    ----------
    roles
        The roles of the scans.
    layout
        ``regions.layout``, which divides scans with the role split.

    Returns
    -------
    set of str
        Roles other than split.
    """
    present = set(roles)
    if "split" in present:
        present.remove("split")
        present |= {role for letter in "".join(layout or ()) if (role := LAYOUT_LETTERS[letter])}
    return present
