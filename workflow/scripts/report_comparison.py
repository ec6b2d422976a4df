"""Write the page that compares random networks, U-Nets and filters."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.report.report_comparison import ComparisonSettings, report_comparison

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    report_comparison(
        curves_csv=snakemake.input.curves,
        examples=snakemake.input.examples,
        summary=snakemake.input.summary,
        title=snakemake.params.title,
        settings=ComparisonSettings(**snakemake.params.settings),
        output_html=snakemake.output.page,
        output_svg=snakemake.output.curves,
    )
