"""Which container image a step runs in, if the configuration names a folder of images or a registry."""

from __future__ import annotations

import os

from ..core.errors import InputError
from .defaults import Settings


def container_image(step: str, settings: Settings, file: str, *, needed: bool) -> str | None:
    """Return where the container image of one step is.

    Parameters
    ----------
    step
        Name of the rule.
    settings
        The whole configuration. ``software.containers`` is the folder of the images, or the registry.
    file
        The configuration files, for messages.
    needed
        Whether the user asked for containers. Only then must the image exist.

    Returns
    -------
    str or None
        The path of a file, or an address in a registry; None if ``software.containers`` is null.

    Raises
    ------
    InputError
        If containers are needed, and there is no folder or no image.
    """
    prefix = settings["software"]["containers"]
    if prefix is None:
        if needed:
            raise InputError(
                "steps were asked to run in containers, and no place of images is named",
                file=file,
                key="software.containers",
                value="null",
                remedy="build the images with `make containers` and name their folder, containers/images, or a "
                "registry",
            )
        return None
    if "://" in prefix:
        return f"{prefix.rstrip('/')}/{step}"
    path = os.path.join(prefix, f"{step}.sif")
    if needed and not os.path.exists(path):
        raise InputError(
            f"there is no image {path} for the step {step}",
            file=file,
            key="software.containers",
            value=prefix or "null",
            remedy=f"build {path} with `make containers`, or name the folder in which the images are",
        )
    return path
