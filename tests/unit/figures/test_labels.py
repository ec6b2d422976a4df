"""Label images as PNG."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb

from noisebound.figures.labels import label_colours, label_image, label_uri
from noisebound.figures.style import token_colours
from tests.unit.figures.tables import opened


def test_labels_keep_their_colours() -> None:
    labels = np.arange(12).reshape(3, 4)
    colours = token_colours(12)
    shown = np.asarray(opened(label_uri(labels, colours)).convert("RGB"))
    for label in range(12):
        assert tuple(shown.reshape(-1, 3)[label]) == tuple(round(255 * v) for v in to_rgb(colours[label]))


def test_there_is_a_colour_for_the_largest_label() -> None:
    labels = np.array([[0, 2], [7, 1]], np.uint16)
    assert label_colours(labels) == token_colours(8)
    assert len(label_colours(np.zeros((2, 2), np.uint8))) == 1


def test_labels_beyond_the_last_colour_take_it() -> None:
    image = label_image(np.array([[0, 1, 300]]), ["#000000", "#0000ff"])
    assert np.asarray(image).tolist() == [[0, 1, 1]]
    assert np.asarray(image.convert("RGB"))[0, 2].tolist() == [0, 0, 255]
