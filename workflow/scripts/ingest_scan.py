"""Bring one scan of the sheet into the standard file."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.scans.ingest_scan import ingest_scan
from noisebound.scans.settings import DataSettings, SourceSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    ingest_scan(
        SourceSettings(**snakemake.params.source),
        DataSettings(**snakemake.params.data),
        snakemake.output[0],
        scan=snakemake.wildcards.scan,
        sources_file=snakemake.output.sources,
        planned=snakemake.params.stamps,
        **snakemake.params.unwatched,
    )
