"""What a configuration must satisfy beyond its schema, checked before any job starts.

The schema (``workflow/schemas/config.schema.yaml``) gives types, bounds and defaults. Relations between keys are
checked here. Only the standard library is used: reading the workflow must stay fast.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import fields
from pathlib import Path

from ..architecture.base import reach_of_cells
from ..architecture.settings import UNET, unet_settings
from ..architecture.unet import check_reach
from ..calibration.modes import Mode
from ..calibration.settings import check_primary
from ..core.errors import InputError
from ..regions.layout import check_layout
from .defaults import Settings, alignment
from .texts import check_texts


def check_settings(settings: Settings, file: str | Path) -> None:
    """Check that no keys contradict each other.

    Parameters
    ----------
    settings
        A configuration that has passed the schema, with all defaults (:func:`noisebound.settings.defaults.complete`).
    file
        Its files, for messages.

    Raises
    ------
    InputError
        For the first contradiction, with file, key, value and remedy.
    """
    checks = (check_training, _check_regions, check_architecture, _check_calibration, _check_drift, _check_decisions)
    for check in (check_texts, *checks):
        check(settings, file)


def check_training(settings: Settings, file: str | Path) -> None:
    """Check the quantile levels, and that patch and tile fit the data and the networks.

    Parameters
    ----------
    settings
        The whole configuration, completed.
    file
        Its files, for messages.

    Raises
    ------
    InputError
        If a key does not fit, with key, value and remedy.
    """
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


def check_architecture(settings: Settings, file: str | Path) -> None:
    """Check that a network can be drawn within the bounds of the section architecture.

    Parameters
    ----------
    settings
        The whole configuration.
    file
        Its files, for messages.

    Raises
    ------
    InputError
        If no network fits the bounds, with key, value and remedy.
    """
    if settings["architecture"]["family"] == UNET:
        check_reach(unet_settings(settings["architecture"]), file)
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
    calibration = settings["calibration"]
    check_primary(calibration["nominal"], calibration["primary"], file)
    Mode(*(calibration[field.name] for field in fields(Mode))).check(file)


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
    repeated = repeated_names(entry["name"] for entry in entries)
    if repeated:
        raise InputError(
            "two decisions have the same name",
            file=file,
            key="decisions.exceed",
            value=repeated,
            remedy="give every decision a name of its own",
        )


def repeated_names(names: Iterable[str]) -> Collection[str]:
    """List the names that occur more than once.

    Parameters
    ----------
    names
        The names.

    Returns
    -------
    list of str
        Each repeated name once, sorted.
    """
    return sorted(name for name, count in Counter(names).items() if count > 1)
