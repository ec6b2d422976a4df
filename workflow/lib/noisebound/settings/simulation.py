"""The section simulation: its checks, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..architecture.settings import UNET
from ..architecture.unet import unet_alignment
from ..core.errors import InputError
from .checks import check_architecture, check_training, repeated_names
from .defaults import Settings


def simulation_margin(settings: Settings) -> int:
    """Compute the width of the margin around each simulated image.

    Parameters
    ----------
    settings
        The whole configuration.

    Returns
    -------
    int
        Pixels: the largest receptive radius, rounded up to a multiple of :func:`simulation_block`.
    """
    radius, block = settings["architecture"]["max_radius"], simulation_block(settings)
    return int(radius + -radius % block)


def simulation_block(settings: Settings) -> int:
    """Return the number of pixels whose multiples suit both kinds of networks that are compared.

    Parameters
    ----------
    settings
        The whole configuration.

    Returns
    -------
    int
        Least common multiple of what the random networks and the U-Nets need, in px.
    """
    return math.lcm(settings["architecture"]["cell"], unet_alignment(settings["architecture"]["unet"]["levels"]))


def check_simulation(scans: Mapping[str, tuple[str, Sequence[str]]], settings: Settings, file: str | Path) -> None:
    """Check that simulated scans have the right rows in the sheet, and that the settings allow simulating them.

    Parameters
    ----------
    scans
        Role and files of every scan of the sheet.
    settings
        The whole configuration.
    file
        Its files, for messages.

    Raises
    ------
    InputError
        With file, key, value and remedy.
    """
    entries = settings["simulation"]["scans"]
    if not entries:
        return
    repeated = repeated_names(entry["scan"] for entry in entries)
    if repeated:
        remedy = "give every scan one entry"
        raise InputError("a scan is simulated twice", file=file, key="simulation.scans", value=repeated, remedy=remedy)
    _check_rows(entries, scans, settings)
    data = settings["data"]
    if data["dimensions"] != 2 or len(data["channels"]) != 1 or data["kind"] != "intensity":
        raise InputError(
            "simulated scans are images of one channel",
            file=file,
            key="data",
            value={key: data[key] for key in ("dimensions", "channels", "kind")},
            remedy="use dimensions 2, one channel, and kind intensity",
        )
    block = simulation_block(settings)
    size = settings["simulation"]["size"]
    if size % block:
        raise InputError(
            f"the networks of the comparison need images whose lengths are multiples of {block} px",
            file=file,
            key="simulation.size",
            value=size,
            remedy=f"for example {size + -size % block}",
        )
    # U-Nets are trained beside the random networks, on the same patches.
    rival = {**settings, "architecture": {**settings["architecture"], "family": UNET}}
    check_architecture(rival, file)
    check_training(rival, file)


def _check_rows(
    entries: Sequence[Settings], scans: Mapping[str, tuple[str, Sequence[str]]], settings: Settings
) -> None:
    """Check the rows of the simulated scans: their files, and that some train, some calibrate and some are tests."""
    sheet = settings["scans"]
    for entry in entries:
        name = entry["scan"]
        place = Path(settings["results"], settings["run"], "simulated", f"{name}.h5").as_posix()
        wanted = f"give it a row with {place}:/noisy, {place}:/reference and, as truth, {place}:/truth"
        if name not in scans:
            raise InputError("a simulated scan is not in the scan sheet", file=sheet, value=name, remedy=wanted)
        role, files = scans[name]
        if list(files) != [place]:
            raise InputError(
                f"the simulated scan {name!r} lies elsewhere", file=sheet, key="noisy", value=list(files), remedy=wanted
            )
        if role not in ("train", "select", "calibrate", "test"):
            remedy = "use train, select, calibrate or test"
            raise InputError("a simulated scan has another role", file=sheet, key="role", value=role, remedy=remedy)
    roles = {scans[entry["scan"]][0] for entry in entries}
    for needed in ("train", "calibrate", "test"):
        if needed not in roles:
            raise InputError(
                f"no simulated scan has the role {needed!r}, so nothing could be compared",
                file=sheet,
                key="role",
                remedy="simulate at least one scan to train, one to calibrate and one to test",
            )
