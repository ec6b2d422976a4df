"""Draw the figures that concern the whole run."""

from typing import TYPE_CHECKING

from noisebound.figures.coverage_figures import GROUP_WORDS
from noisebound.figures.draw_figures import RunFigures, RunTables, draw_figures
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    draw_figures(
        RunTables(
            coverage_csv=snakemake.input.coverage,
            conditional_csv={kind: snakemake.input[f"by_{kind}"] for kind in GROUP_WORDS},
            ensemble_size_csv=snakemake.input.ensemble_size,
            histories=snakemake.input.histories,
            architectures=snakemake.input.architectures,
        ),
        RunFigures(
            reliability=snakemake.output.reliability,
            conditional_coverage=snakemake.output.conditional_coverage,
            training=snakemake.output.training,
            architectures=snakemake.output.architectures,
            ensemble_size=snakemake.output.ensemble_size,
        ),
        primary=snakemake.params.primary,
    )
