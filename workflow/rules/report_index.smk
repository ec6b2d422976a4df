rule report_index:
    input:
        pages=expand(result("report/scans/{scan}.html"), scan=SCANS),
        thumbnails=expand(result("report/thumbnails/{scan}.png"), scan=SCANS),
        drift=expand(result("drift/{scan}.json"), scan=SCANS),
        calibration=result("calibration/calibration.json"),
        summary=rules.evaluate.output.summary,
        coverage=rules.evaluate.output.coverage,
        by_intensity=rules.evaluate.output.by_intensity,
        by_token=rules.evaluate.output.by_token,
        by_border=rules.evaluate.output.by_border,
        by_block=rules.evaluate.output.by_block,
        modes=rules.evaluate.output.modes,
        ensemble_size=rules.evaluate.output.ensemble_size,
        stability=rules.fit_tokens.output.stability,
        basis=result("latent/basis.npz"),
        token_model=rules.fit_tokens.output.model,
        histories=HISTORIES,
        members=MEMBERS,
        trained_with=TRAINED_WITH,
        architectures=ARCHITECTURES,
    output:
        report(
            result("report/index.html"),
            caption="../report/index.rst",
            category="Run",
            labels={"page": "index"},
        ),
    log:
        result("logs/report_index.log"),
    benchmark:
        result("benchmarks/report_index.tsv")
    conda:
        "../../envs/report_index.yaml"
    container:
        image("report_index")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        **named(
            scans=list(SCANS),
            roles=ROLES,
            run=config["run"],
            seed=config["seed"],
            config=PLAN.shown_settings(),
            settings=PLAN.page_settings(),
            comparison=comparison_pages(),
        ),
        code=library_digest("report.report_index", "provenance.origin", extra=PAGES, script=SCRIPTS / "report_index.py"),
    script:
        "../scripts/report_index.py"
