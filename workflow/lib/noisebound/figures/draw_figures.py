"""The step draw_figures: every figure of a run, drawn from its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..architecture.families import read_architecture
from ..core.data_frames import read_table
from .architecture_figures import architectures as draw_architectures
from .coverage_figures import conditional_coverage, reliability
from .style import save_svg
from .training_figures import ensemble_size, read_histories, training


@dataclass(frozen=True)
class RunTables:
    """Files of a run that its figures are drawn from.

    Parameters
    ----------
    coverage_csv
        Coverage by channel and nominal value.
    conditional_csv
        Tables of coverage by kind of group: intensity, token, border and block.
    ensemble_size_csv
        Correlation and error by number of members.
    histories, architectures
        Training history and architecture of each member, in the order of the members.
    """

    coverage_csv: str | Path
    conditional_csv: Mapping[str, str | Path]
    ensemble_size_csv: str | Path
    histories: Sequence[str | Path]
    architectures: Sequence[str | Path]


@dataclass(frozen=True)
class RunFigures:
    """The figures of a run, as SVG files to write.

    Parameters
    ----------
    reliability
        Observed over nominal coverage.
    conditional_coverage
        Coverage by group.
    training
        Training curves.
    architectures
        Architectures of all members.
    ensemble_size
        Correlation and error over the number of members.
    """

    reliability: str | Path
    conditional_coverage: str | Path
    training: str | Path
    architectures: str | Path
    ensemble_size: str | Path


def draw_figures(tables: RunTables, figures: RunFigures, *, primary: float) -> None:
    """Draw the figures that concern the whole run, for Snakemake's own report.

    Parameters
    ----------
    tables
        Files to draw from.
    figures
        Files to write.
    primary
        Nominal coverage of the intervals that are delivered as lower and upper.
    """
    save_svg(reliability(read_table(tables.coverage_csv)), figures.reliability)
    by_group = {kind: read_table(path) for kind, path in tables.conditional_csv.items()}
    save_svg(conditional_coverage(by_group, primary), figures.conditional_coverage)
    save_svg(training(read_histories(tables.histories)), figures.training)
    contents = [read_architecture(path).to_json() for path in tables.architectures]
    save_svg(draw_architectures(contents), figures.architectures)
    save_svg(ensemble_size(read_table(tables.ensemble_size_csv)), figures.ensemble_size)
