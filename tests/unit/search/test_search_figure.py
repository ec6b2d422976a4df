"""The figure of a search: every ranked trial in every panel, the winner marked, axes that suit the values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from noisebound.figures.style import ACCENT
from noisebound.search.ranking import rank
from noisebound.search.search_figure import search_figure
from tests.unit.search.outcomes import FAILED, TRIALS, network


def table(*outcomes: dict[str, Any]) -> pd.DataFrame:
    return rank(TRIALS, outcomes)


def points(figure: Figure, panel: int) -> dict[str, list[tuple[float, float]]]:
    """The points of a panel: the winner's, and the others'."""
    found: dict[str, list[tuple[float, float]]] = {"winner": [], "others": []}
    for container in figure.axes[panel].containers:
        (line, *_) = container
        kind = "winner" if line.get_color() == ACCENT else "others"
        found[kind] += list(zip(line.get_xdata(), line.get_ydata(), strict=True))
    return found


def test_every_ranked_trial_is_a_point_and_the_winner_is_marked() -> None:
    figure = search_figure(table(network(0.3, 2), network(0.2, 4), FAILED), "Best of 3 trials")
    assert [axes.get_xlabel() for axes in figure.axes] == ["depth", "trained parameters", "time of training / s"]
    assert points(figure, 0) == {"winner": [(4, 0.2)], "others": [(2, 0.3)]}
    assert points(figure, 1) == {"winner": [(400, 0.2)], "others": [(200, 0.3)]}
    assert figure.get_suptitle() == "Best of 3 trials"
    assert not search_figure(table(network(0.3), network(0.2), FAILED)).get_suptitle()


@pytest.mark.parametrize(("losses", "scale"), [((0.1, 0.2, 0.3), "linear"), ((0.1, 0.2, 0.9), "log")])
def test_axes_are_logarithmic_where_values_differ_by_more_than_a_factor_of_five(
    losses: tuple[float, ...], scale: str
) -> None:
    figure = search_figure(table(*(network(loss, depth) for loss, depth in zip(losses, (1, 2, 8), strict=True))))
    assert [axes.get_yscale() for axes in figure.axes] == [scale] * 3
    # 100 to 800 parameters; depths are few whole numbers, and all trainings took as long.
    assert [axes.get_xscale() for axes in figure.axes] == ["linear", "log", "linear"]


def test_error_bars_are_those_of_the_table_and_without_repeats_there_are_none() -> None:
    pairs = [(0.29, 0.31), (0.39, 0.43), (0.4, 0.8)]
    found = table(*(network(loss) for pair in pairs for loss in pair))
    figure = search_figure(found)
    lengths = []
    for container in figure.axes[2].containers:
        (segments,) = (part.get_segments() for part in container.lines[2])
        lengths += [float(np.ptp(segment[:, 1])) / 2 for segment in segments]
    assert sorted(lengths) == pytest.approx(sorted(found["error"]))
    single = search_figure(table(network(0.3), network(0.2), network(0.4)))
    assert not any(container.lines[2] for container in single.axes[2].containers)
