"""Pictures of architectures: every node and every connection is there."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, PathPatch

from noisebound.figures.architecture_figures import architecture, describe, dilation_colours
from tests.unit.example_run import random_graph


def test_every_node_and_every_connection_is_drawn_in_the_colour_of_its_dilation() -> None:
    content = random_graph(0, 6, 2, np.random.default_rng(0))
    figure = architecture(content)
    patches = figure.axes[0].patches
    curves = [patch for patch in patches if isinstance(patch, PathPatch)]
    assert sum(isinstance(patch, Circle) for patch in patches) == len(content["nodes"]) == 8
    colours = dilation_colours([edge["dilation"] for edge in content["edges"]])
    assert [to_hex(curve.get_edgecolor()) for curve in curves] == [colours[e["dilation"]] for e in content["edges"]]
    for curve, edge in zip(curves, content["edges"], strict=True):
        assert curve.get_path().vertices[0].tolist() == [edge["source"], 0]
        assert curve.get_path().vertices[-1].tolist() == [edge["target"], 0]
    assert len(set(colours.values())) == len(colours)
    facts = describe({**content, "parameters": 11_234, "radius": [14, 14]})
    assert "11\u202f234\u00a0parameters" in facts and "radius\u00a014\u00a0px" in facts
