"""Settings that follow from others: the default patch, alignment, and the keys that a family of networks uses."""

from __future__ import annotations

from typing import Any

from ..architecture.settings import UNET
from ..architecture.unet import unet_alignment

Settings = dict[str, Any]
# Pixels per axis that a patch has unless the configuration says otherwise.
PATCH = {2: 128, 3: 40}


def complete(settings: Settings) -> Settings:
    """Fill in the default of ``training.patch``, which depends on the data and the networks.

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
    """Choose a patch with room for pixels that count between its rims, for any network of the run.

    Parameters
    ----------
    dimensions
        2 or 3.
    radius
        The largest receptive radius of a network, in px.
    multiple
        The number whose multiple each length must be, in px.

    Returns
    -------
    list of int
        Lengths in px, one per axis.
    """
    least = max(PATCH[dimensions], 2 * radius + 8)
    return [least + -least % multiple] * dimensions


def alignment(architecture: Settings) -> int:
    """Return the number of pixels whose multiples the lengths of a patch must be.

    Parameters
    ----------
    architecture
        The section ``architecture``.

    Returns
    -------
    int
        For U-Nets a power of 2 that depends on their levels; otherwise ``architecture.cell``.
    """
    unet = architecture["family"] == UNET
    return unet_alignment(architecture["unet"]["levels"]) if unet else int(architecture["cell"])


def family_settings(architecture: Settings) -> Settings:
    """Select the keys of the section ``architecture`` that shape a member of the chosen family.

    A change of any other key does not make members be trained again.

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
