"""Draw the figures that concern the whole run."""

from typing import TYPE_CHECKING

from noisebound.figures.draw_figures import draw_figures
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    draw_figures(
        coverage_csv=snakemake.input.coverage,
        conditional_csv={kind: snakemake.input[f"by_{kind}"] for kind in ("intensity", "token", "border", "block")},
        ensemble_size_csv=snakemake.input.ensemble_size,
        histories=snakemake.input.histories,
        architectures=snakemake.input.architectures,
        reliability_svg=snakemake.output.reliability,
        conditional_coverage_svg=snakemake.output.conditional_coverage,
        training_svg=snakemake.output.training,
        architectures_svg=snakemake.output.architectures,
        ensemble_size_svg=snakemake.output.ensemble_size,
        primary=snakemake.params.primary,
    )
