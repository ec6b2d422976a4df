"""Label images as PNG, a colour per label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .images import image_uri
from .style import token_colours


def label_image(labels: NDArray[Any], colours: Sequence[str]) -> Image.Image:
    """Integer labels (y, x) as a palette image, label i in ``colours[i]``; at most 256 labels, others are clipped."""
    top = min(len(colours), 256) - 1
    image = Image.fromarray(np.clip(labels, 0, top).astype(np.uint8), mode=None)
    image.putpalette([int(colour[k : k + 2], 16) for colour in colours[: top + 1] for k in (1, 3, 5)])
    return image


def label_uri(labels: NDArray[Any], colours: Sequence[str]) -> str:
    """Integer labels (y, x) as the data URI of a PNG, label i in ``colours[i]``."""
    return image_uri(label_image(labels, colours))


def label_colours(labels: NDArray[Any]) -> list[str]:
    """Colours of labels 0 to the largest of ``labels``, as #rrggbb."""
    return token_colours(int(labels.max(initial=0)) + 1)
