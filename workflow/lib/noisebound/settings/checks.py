"""What a configuration must satisfy beyond its schema, said before any job starts.

The schema (``workflow/schemas/config.schema.yaml``) gives types, bounds and defaults; what relates one key to another,
or to the scan sheet, is checked here. Only the standard library is used: reading the workflow must stay fast.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..architecture.base import reach_of_cells
from ..architecture.unet import FAMILY as UNET
from ..architecture.unet import check_reach
from ..calibration.exchangeability import check_scans
from ..calibration.settings import check_primary
from ..core.errors import InputError
from ..regions.layout import LAYOUT_LETTERS, check_layout
from .defaults import Settings, alignment
from .texts import check_texts


def check_settings(settings: Settings, file: str | Path) -> None:
    """Raise ``InputError`` where keys contradict each other; ``settings`` has passed the schema."""
    checks = (_check_training, _check_regions, _check_architecture, _check_calibration, _check_drift, _check_decisions)
    for check in (check_texts, *checks):
        check(settings, file)


def check_roles_covered(roles: Mapping[str, str], settings: Settings, file: str | Path) -> None:
    """Raise ``InputError`` where there is no scan, or none can train or calibrate.

    ``roles`` maps each scan of the sheet ``file`` to its role; a scan with role split offers the roles in
    ``regions.layout``. Without test regions a run is possible, and its pages say that nothing was tested.
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
    """Raise ``InputError`` where ``calibration.unit`` asks for a statement that the scans cannot carry.

    ``fields`` names the fields of view (groups, or scans without group) whose scans serve calibration as a whole.
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
    """The roles that pixels can have, given the scans' roles and the layout that divides ``split`` scans."""
    present = set(roles)
    if "split" in present:
        present.remove("split")
        present |= {role for letter in "".join(layout or ()) if (role := LAYOUT_LETTERS[letter])}
    return present


def _check_training(settings: Settings, file: str | Path) -> None:
    low, high = settings["training"]["levels"]
    if not low < 0.5 < high:
        raise InputError(
            "the two levels must lie on either side of the median, lower one first",
            file=file,
            key="training.levels",
            value=[low, high],
            remedy="for example [0.05, 0.95]",
        )
    dimensions = settings["data"]["dimensions"]
    for key, lengths in (
        ("training.patch", settings["training"]["patch"]),
        ("ensemble.tile", settings["ensemble"]["tile"]),
    ):
        if isinstance(lengths, list) and len(lengths) != dimensions:
            raise InputError(
                f"{len(lengths)} lengths for data of {dimensions} dimensions",
                file=file,
                key=key,
                value=lengths,
                remedy=f"give {dimensions} lengths, in the order {'Z, Y, X' if dimensions == 3 else 'Y, X'}",
            )
    patch, rim, radius = (
        settings["training"]["patch"],
        settings["training"]["rim"],
        settings["architecture"]["max_radius"],
    )
    least = 2 * (radius if rim is None else min(rim, radius)) + 1
    if patch is not None and min(patch) < least:
        raise InputError(
            f"patches narrower than {least} px leave no pixel that counts between their rims",
            file=file,
            key="training.patch",
            value=patch,
            remedy="give larger patches, a smaller architecture.max_radius, or a training.rim of a few pixels",
        )
    multiple = alignment(settings["architecture"])
    if patch is not None and any(length % multiple for length in patch):
        raise InputError(
            f"{_why_multiples(settings['architecture'])}, so the lengths of a patch must be multiples of {multiple} px",
            file=file,
            key="training.patch",
            value=patch,
            remedy=f"for example {[length + -length % multiple for length in patch]}, or null",
        )


def _why_multiples(architecture: Settings) -> str:
    if architecture["family"] == UNET:
        return f"a U-Net of {architecture['unet']['levels']} levels halves a patch that often"
    return f"networks work on cells of {architecture['cell']} px (architecture.cell)"


def _check_regions(settings: Settings, file: str | Path) -> None:
    if settings["regions"]["layout"] is not None:
        check_layout(settings["regions"]["layout"], file)


def _check_architecture(settings: Settings, file: str | Path) -> None:
    if settings["architecture"]["family"] == UNET:
        check_reach(settings["architecture"], file)
        return
    bounds = settings["architecture"]["parameters"]
    if not isinstance(bounds, int) and bounds[0] > bounds[1]:
        raise InputError(
            "the least number of parameters exceeds the most",
            file=file,
            key="architecture.parameters",
            value=bounds,
            remedy="write [least, most]",
        )
    radius, dilations = settings["architecture"]["max_radius"], settings["architecture"]["dilations"]
    pointwise, cell = settings["architecture"]["pointwise_output"], settings["architecture"]["cell"]
    reach = reach_of_cells(min(dilations) * (1 if pointwise else 2), cell)
    if radius < reach:
        least = "one convolution" if pointwise else "two convolutions"
        raise InputError(
            f"every path has at least {least}, so even the smallest dilation {min(dilations)} reaches {reach} px",
            file=file,
            key="architecture.max_radius",
            value=radius,
            remedy="raise it or allow a smaller dilation" + (", or a smaller architecture.cell" if cell > 1 else ""),
        )


def _check_calibration(settings: Settings, file: str | Path) -> None:
    check_primary(settings["calibration"]["nominal"], settings["calibration"]["primary"], file)


def _check_drift(settings: Settings, file: str | Path) -> None:
    drift = settings["drift"]
    if (drift["draws"] + 1) * drift["level"] < 1:
        raise InputError(
            f"with so few draws no p-value is below {1 / (drift['draws'] + 1):.3g}, so no scan would ever reach "
            f"drift.level {drift['level']:g}",
            file=file,
            key="drift.draws",
            value=drift["draws"],
            remedy=f"give {math.ceil(1 / drift['level']) - 1} or more, better ten times as many",
        )


def _check_decisions(settings: Settings, file: str | Path) -> None:
    channels = settings["data"]["channels"]
    entries = settings["decisions"]["exceed"]
    for number, entry in enumerate(entries):
        if entry["channel"] not in channels:
            raise InputError(
                "no such channel",
                file=file,
                key=f"decisions.exceed.{number}.channel",
                value=entry["channel"],
                remedy=f"use one of {channels}, as in data.channels",
            )
    repeated = _repeated(entry["name"] for entry in entries)
    if repeated:
        raise InputError(
            "two decisions have the same name",
            file=file,
            key="decisions.exceed",
            value=repeated,
            remedy="give every decision a name of its own",
        )


def _repeated(names: Iterable[str]) -> Collection[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
