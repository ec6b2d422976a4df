"""Write the index of a run."""

from typing import TYPE_CHECKING

from noisebound.figures.coverage_figures import GROUP_WORDS
from noisebound.jobs.step import step
from noisebound.provenance.origin import collect_provenance
from noisebound.report.index_page import IndexedScan, RunFiles
from noisebound.report.report_index import report_index
from noisebound.report.settings import PageSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    report_index(
        {
            scan: IndexedScan(role=snakemake.params.roles[scan], page=page, thumbnail=thumbnail, drift=drift)
            for scan, page, thumbnail, drift in zip(
                snakemake.params.scans,
                snakemake.input.pages,
                snakemake.input.thumbnails,
                snakemake.input.drift,
                strict=True,
            )
        },
        RunFiles(
            calibration=snakemake.input.calibration,
            summary=snakemake.input.summary,
            coverage_csv=snakemake.input.coverage,
            conditional_csv={kind: snakemake.input[f"by_{kind}"] for kind in GROUP_WORDS},
            modes_csv=snakemake.input.modes,
            ensemble_size_csv=snakemake.input.ensemble_size,
            stability_csv=snakemake.input.stability,
            histories=snakemake.input.histories,
            architectures=snakemake.input.architectures,
        ),
        provenance=collect_provenance(
            run=snakemake.params.run,
            seed=snakemake.params.seed,
            config=snakemake.params.config,
            files={
                "page": snakemake.input.pages,
                "drift": snakemake.input.drift,
                "thumbnail": snakemake.input.thumbnails,
                "evaluation": [snakemake.input.summary, snakemake.input.coverage, snakemake.input.modes],
                "coverage by group": [snakemake.input[f"by_{kind}"] for kind in GROUP_WORDS],
                "ensemble size": snakemake.input.ensemble_size,
                "training": snakemake.input.histories,
                "stability of tokens": snakemake.input.stability,
                "architecture": snakemake.input.architectures,
                "member": snakemake.input.members,
                "member settings": snakemake.input.trained_with,
                "latent basis": snakemake.input.basis,
                "calibration": snakemake.input.calibration,
                "token model": snakemake.input.token_model,
            },
        ),
        settings=PageSettings(**snakemake.params.settings),
        output_html=snakemake.output[0],
        comparison=next(iter(snakemake.params.comparison), None),
    )
