"""Label images as PNG, one colour per label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .images import image_uri
from .style import token_colours


def label_image(labels: NDArray[Any], colours: Sequence[str]) -> Image.Image:
    """Draw labels as a palette image; label i has the colour ``colours[i]``.

    Parameters
    ----------
    labels
        Integers (y, x), 0 or larger. Labels beyond the last colour get this one.
    colours
        Colours as #rrggbb, of which at most 256 are used.

    Returns
    -------
    Image
        8-bit palette image.
    """
    top = min(len(colours), 256) - 1
    image = Image.fromarray(np.clip(labels, 0, top).astype(np.uint8), mode=None)
    image.putpalette([int(colour[k : k + 2], 16) for colour in colours[: top + 1] for k in (1, 3, 5)])
    return image


def label_uri(labels: NDArray[Any], colours: Sequence[str]) -> str:
    """Draw labels and write them as a data URI.

    Parameters
    ----------
    labels, colours
        As for :func:`label_image`.

    Returns
    -------
    str
        Data URI of a PNG.
    """
    return image_uri(label_image(labels, colours))


def label_colours(labels: NDArray[Any]) -> list[str]:
    """Choose colours for labels.

    Parameters
    ----------
    labels
        Integers, 0 or larger, of any shape.

    Returns
    -------
    list of str
        Colours as #rrggbb of the labels from 0 to the largest.
    """
    return token_colours(int(labels.max(initial=0)) + 1)
