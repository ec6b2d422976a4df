"""The figures of a run as files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from noisebound.figures import coverage_figures, training_figures
from noisebound.figures.architecture_figures import architectures
from noisebound.figures.draw_figures import RunFigures, RunTables, draw_figures
from noisebound.figures.style import to_svg
from tests.unit.example_run import random_graph, write_run_files


def test_draw_figures_writes_all_files(tmp_path: Path) -> None:
    files = write_run_files(tmp_path / "run", ["Mg", "Fe"], "map", 3, 2)
    names = [field.name for field in fields(RunFigures)]
    draw_figures(
        RunTables(**{field.name: files[field.name] for field in fields(RunTables)}),
        RunFigures(**{name: tmp_path / "figures" / f"{name}.svg" for name in names}),
        primary=0.9,
    )
    assert len(names) == 5
    for name in names:
        words = "".join(ElementTree.parse(tmp_path / "figures" / f"{name}.svg").getroot().itertext())
        assert {"training": "member 2", "architectures": "Member 2"}.get(name, "Fe") in words


def test_tables_without_rows_give_figures_all_the_same(tmp_path: Path) -> None:
    columns = ["channel", "nominal", "coverage", "low", "high"]
    empty = pd.DataFrame(columns=columns)
    sizes = pd.DataFrame(columns=["channel", "members", "correlation", "rmse"])
    for figure in (
        coverage_figures.reliability(empty),
        coverage_figures.reliability_gap(empty),
        coverage_figures.conditional_coverage({"token": empty}, 0.9),
        training_figures.ensemble_size(sizes),
        architectures([random_graph(0, 3, 3, np.random.default_rng(1))]),
    ):
        assert to_svg(figure).startswith(b"<?xml")
