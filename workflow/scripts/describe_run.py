"""Show how the run went: a page of its jobs, and a crate of where every result comes from."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.provenance.crate import CrateFiles
from noisebound.provenance.describe_run import RunSettings, describe_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    describe_run(
        RunSettings(**snakemake.params.settings),
        records=snakemake.params.records,
        scans=snakemake.input.scans,
        results=[path for path in snakemake.input if path not in snakemake.input.scans],
        page=snakemake.output.page,
        crate=CrateFiles(
            metadata=snakemake.output.crate,
            workflow=snakemake.output.workflow,
            configuration=snakemake.output.configuration,
            sheet=snakemake.output.sheet,
        ),
    )
