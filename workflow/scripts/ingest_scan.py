"""Bring one scan of the sheet into the standard file."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.scans.ingest_scan import ingest_scan

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    ingest_scan(
        output=snakemake.output[0],
        scan=snakemake.wildcards.scan,
        dimensions=snakemake.params.dimensions,
        channels=snakemake.params.channels,
        counts=snakemake.params.counts,
        sources_file=snakemake.output.sources,
        planned=snakemake.params.stamps,
        **snakemake.params.unwatched,
        **snakemake.params.source,
    )
