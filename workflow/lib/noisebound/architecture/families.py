"""Reading an architecture of any family from its file."""

from __future__ import annotations

from pathlib import Path

from ..core.storage import read_json
from .base import Blueprint
from .limits import MOST_BYTES
from .random_graph import Architecture
from .settings import UNET
from .unet import UNetArchitecture


def read_architecture(path: str | Path) -> Blueprint:
    """Read ``architectures/member-<m>.json`` of any family.

    Parameters
    ----------
    path
        The file; one that names no family holds a random graph.

    Returns
    -------
    Blueprint
        An ``Architecture`` or a ``UNetArchitecture``.

    Raises
    ------
    InputError
        Where the file cannot be read, is not an architecture, or was changed by hand.
    """
    content = read_json(path, MOST_BYTES)
    unet = isinstance(content, dict) and content.get("family") == UNET
    return UNetArchitecture.restore(content, path) if unet else Architecture.restore(content, path)
