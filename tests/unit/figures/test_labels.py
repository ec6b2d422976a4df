"""Label images as PNG."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb

from noisebound.figures.labels import label_uri
from noisebound.figures.style import token_colours
from tests.unit.figures.tables import opened


def test_labels_keep_their_colours() -> None:
    labels = np.arange(12).reshape(3, 4)
    colours = token_colours(12)
    shown = np.asarray(opened(label_uri(labels, colours)).convert("RGB"))
    for label in range(12):
        assert tuple(shown.reshape(-1, 3)[label]) == tuple(round(255 * v) for v in to_rgb(colours[label]))
