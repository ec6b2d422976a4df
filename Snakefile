"""noisebound: from fast noisy scans to calibrated images, tokens, decisions and pages.

One run is one configuration file: snakemake --cores all --configfile config/demo-edx.yaml
"""

from snakemake.utils import min_version

min_version("9.27")

if not workflow.configfiles:  # a preset replaces the default configuration, it is not laid over it

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/remembered.smk"
include: "workflow/rules/ingest_scan.smk"
include: "workflow/rules/draw_architecture.smk"
include: "workflow/rules/assign_regions.smk"
include: "workflow/rules/check_roles.smk"
include: "workflow/rules/train_member.smk"
include: "workflow/rules/train_trial.smk"
include: "workflow/rules/rank_trials.smk"
include: "workflow/rules/fit_latent_basis.smk"
include: "workflow/rules/ensemble_scan.smk"
include: "workflow/rules/fit_calibration.smk"
include: "workflow/rules/calibrate_scan.smk"
include: "workflow/rules/fit_drift.smk"
include: "workflow/rules/check_drift.smk"
include: "workflow/rules/fit_tokens.smk"
include: "workflow/rules/segment_scan.smk"
include: "workflow/rules/recommend_regions.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/draw_figures.smk"
include: "workflow/rules/report_scan.smk"
include: "workflow/rules/report_index.smk"
include: "workflow/rules/describe_run.smk"


if SIMULATED:  # scans whose truth is known: random networks, U-Nets and filters are compared on them

    include: "workflow/rules/simulate_scan.smk"
    include: "workflow/rules/compare_ensembles.smk"
    include: "workflow/rules/report_comparison.smk"


rule all:
    default_target: True
    input:
        wanted(
            rules.report_index.output,
            rules.evaluate.output,
            rules.draw_figures.output,
            denoised_images(),
            rules.describe_run.output,
            comparison_pages(),
        ),


rule denoise:
    input:
        wanted(denoised_images()),


rule report:
    input:
        wanted(rules.report_index.output, rules.describe_run.output, comparison_pages()),


rule search:
    input:
        wanted(search_results),


onsuccess:
    plan_the_rest()
