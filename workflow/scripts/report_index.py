"""Write the index of a run."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.provenance.origin import collect_provenance
from noisebound.report.report_index import report_index

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    report_index(
        pages=dict(zip(snakemake.params.scans, snakemake.input.pages, strict=True)),
        thumbnails=dict(zip(snakemake.params.scans, snakemake.input.thumbnails, strict=True)),
        roles=snakemake.params.roles,
        drift=dict(zip(snakemake.params.scans, snakemake.input.drift, strict=True)),
        calibration=snakemake.input.calibration,
        summary=snakemake.input.summary,
        coverage_csv=snakemake.input.coverage,
        conditional_csv={kind: snakemake.input[f"by_{kind}"] for kind in ("intensity", "token", "border", "block")},
        modes_csv=snakemake.input.modes,
        ensemble_size_csv=snakemake.input.ensemble_size,
        stability_csv=snakemake.input.stability,
        histories=snakemake.input.histories,
        architectures=snakemake.input.architectures,
        provenance=collect_provenance(
            run=snakemake.params.run,
            seed=snakemake.params.seed,
            config=snakemake.params.config,
            files={
                "page": snakemake.input.pages,
                "drift": snakemake.input.drift,
                "thumbnail": snakemake.input.thumbnails,
                "evaluation": [snakemake.input.summary, snakemake.input.coverage, snakemake.input.modes],
                "coverage by group": [
                    snakemake.input[f"by_{kind}"] for kind in ("intensity", "token", "border", "block")
                ],
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
        settings=snakemake.params.settings,
        output_html=snakemake.output[0],
        comparison=next(iter(snakemake.params.comparison), None),
    )
