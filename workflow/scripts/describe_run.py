"""Show how the run went: a page of its jobs, and a crate of where every result comes from."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.provenance.describe_run import describe_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    describe_run(
        run=snakemake.params.run,
        title=snakemake.params.title,
        config=snakemake.params.config,
        snakefile=snakemake.params.snakefile,
        scans=snakemake.params.scans,
        members=snakemake.params.members,
        records=snakemake.params.records,
        scan_files=snakemake.input.scans,
        results=[path for path in snakemake.input if path not in snakemake.input.scans],
        page=snakemake.output.page,
        crate=snakemake.output.crate,
        workflow=snakemake.output.workflow,
        configuration=snakemake.output.configuration,
        sheet=snakemake.output.sheet,
    )
