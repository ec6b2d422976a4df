"""Write the page of one scan."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.provenance.origin import collect_provenance
from noisebound.report.report_scan import ScanFiles, ScanReport, report_scan
from noisebound.report.settings import PageSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    report_scan(
        ScanFiles(
            scan=snakemake.input.scan,
            denoised=snakemake.input.denoised,
            regions=snakemake.input.regions,
            tokens_tif=snakemake.input.token_map,
            tokens_csv=snakemake.input.token_table,
            decisions_csv=snakemake.input.decision_table,
            decisions_tif=snakemake.input.decision_maps,
            drift=snakemake.input.drift,
        ),
        calibration=snakemake.input.calibration,
        summary=snakemake.input.get("summary"),
        provenance=collect_provenance(
            run=snakemake.params.run,
            seed=snakemake.params.seed,
            config=snakemake.params.config,
            files={
                "scan": snakemake.input.scan,
                "regions": snakemake.input.regions,
                "denoised images": snakemake.input.denoised,
                "token map": snakemake.input.token_map,
                "token statistics": snakemake.input.token_table,
                "ranked regions": snakemake.input.decision_table,
                "decision maps": snakemake.input.decision_maps,
                "drift": snakemake.input.drift,
                "evaluation": snakemake.input.get("summary", []),
                "architecture": snakemake.input.architectures,
                "member": snakemake.input.members,
                "member settings": snakemake.input.trained_with,
                "latent basis": snakemake.input.basis,
                "calibration": snakemake.input.calibration,
                "token model": snakemake.input.token_model,
            },
        ),
        settings=PageSettings(**snakemake.params.settings),
        output=ScanReport(
            page=snakemake.output.page,
            thumbnail=snakemake.output.thumbnail,
            overview=snakemake.output.overview,
        ),
    )
