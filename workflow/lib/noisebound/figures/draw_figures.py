"""The step draw_figures: every figure of a run, drawn from its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..architecture.families import read_architecture
from ..core.data_frames import read_table
from .architecture_figures import architectures as draw_architectures
from .coverage_figures import conditional_coverage, reliability
from .style import save_svg
from .training_figures import ensemble_size, read_histories, training


def draw_figures(
    *,
    coverage_csv: str | Path,
    conditional_csv: Mapping[str, str | Path],
    ensemble_size_csv: str | Path,
    histories: Sequence[str | Path],
    architectures: Sequence[str | Path],
    reliability_svg: str | Path,
    conditional_coverage_svg: str | Path,
    training_svg: str | Path,
    architectures_svg: str | Path,
    ensemble_size_svg: str | Path,
    primary: float,
) -> None:
    """Draw the aggregated figures of a run as SVG files, for Snakemake's own report.

    ``conditional_csv`` maps a kind of group (intensity, token, border, block) to its table; ``histories`` and
    ``architectures`` are files in the order of the members; ``primary`` is the nominal coverage of the intervals that
    are delivered by default.
    """
    save_svg(reliability(read_table(coverage_csv)), reliability_svg)
    tables = {kind: read_table(path) for kind, path in conditional_csv.items()}
    save_svg(conditional_coverage(tables, primary), conditional_coverage_svg)
    save_svg(training(read_histories(histories)), training_svg)
    save_svg(draw_architectures([read_architecture(path).to_json() for path in architectures]), architectures_svg)
    save_svg(ensemble_size(read_table(ensemble_size_csv)), ensemble_size_svg)
