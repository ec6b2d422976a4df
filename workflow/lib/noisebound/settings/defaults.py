"""Settings that follow from others: the default patch, alignment, and what a family of networks takes."""

from __future__ import annotations

from typing import Any

from ..architecture.settings import UNET
from ..architecture.unet import unet_alignment

Settings = dict[str, Any]
# Pixels per axis that a patch has unless the configuration says otherwise.
PATCH = {2: 128, 3: 40}


def complete(settings: Settings) -> Settings:
    """Fill in the defaults that depend on other keys: the patch depends on the data and the networks.

    Parameters
    ----------
    settings
        A configuration that has passed the schema; changed in place.

    Returns
    -------
    dict
        ``settings``.
    """
    if settings["training"]["patch"] is None:
        settings["training"]["patch"] = default_patch(
            settings["data"]["dimensions"], settings["architecture"]["max_radius"], alignment(settings["architecture"])
        )
    return settings


def default_patch(dimensions: int, radius: int, multiple: int = 1) -> list[int]:
    """Choose a patch that leaves room for pixels that count, however far a network sees.

    Parameters
    ----------
    dimensions
        2 or 3.
    radius
        The largest receptive radius of a network, in pixels.
    multiple
        What each length must be a multiple of.

    Returns
    -------
    list of int
        Lengths in pixels, one per axis.
    """
    least = max(PATCH[dimensions], 2 * radius + 8)
    return [least + -least % multiple] * dimensions


def alignment(architecture: Settings) -> int:
    """The number of pixels whose multiples the lengths of a patch must be, given the section ``architecture``."""
    unet = architecture["family"] == UNET
    return unet_alignment(architecture["unet"]["levels"]) if unet else int(architecture["cell"])


def family_settings(architecture: Settings) -> Settings:
    """Pick the keys of the section architecture that shape a member; those of the other family trigger nothing.

    Parameters
    ----------
    architecture
        The section.

    Returns
    -------
    dict
        A part of it.
    """
    if architecture["family"] == UNET:
        return {key: architecture[key] for key in ("family", "unet", "latent", "hidden", "max_radius")}
    return {key: value for key, value in architecture.items() if key not in ("members", "family", "unet")}
