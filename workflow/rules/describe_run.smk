rule describe_run:
    input:
        index=rules.report_index.output,
        pages=expand(result("report/scans/{scan}.html"), scan=SCANS),
        scans=expand(result("scans/{scan}.h5"), scan=SCANS),
        denoised=denoised_images(),
        tokens=expand(result("tokens/{scan}.{suffix}"), scan=SCANS, suffix=["tif", "csv"]),
        decisions=expand(result("decisions/{scan}.{suffix}"), scan=SCANS, suffix=["csv", "tif"]),
        calibration=rules.fit_calibration.output,
        stability=rules.fit_tokens.output.stability,
        members=MEMBERS,
        evaluation=rules.evaluate.output,
        figures=rules.draw_figures.output,
    output:
        page=report(result("report/jobs.html"), category="Run", labels={"page": "jobs"}),
        crate=result("provenance/ro-crate-metadata.json"),
        workflow=result("provenance/Snakefile"),
        configuration=result("provenance/config.yaml"),
        sheet=result("provenance/scans.tsv"),
    log:
        result("logs/describe_run.log"),
    benchmark:
        result("benchmarks/describe_run.tsv")
    conda:
        "../../envs/describe_run.yaml"
    container:
        image("describe_run")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(1000),
        runtime=minutes(10, per_mb=0.05, scans=list(SCANS)),
    params:
        **named(
            settings={
                "run": config["run"],
                "title": config["report"]["title"] or config["run"],
                "config": PLAN.shown_settings(),
                # As text: containers see no files of the project but those of the library.
                "snakefile": (PROJECT / "Snakefile").read_text(encoding="utf-8"),
                "scans": [asdict(SCANS[scan]) for scan in sorted(SCANS)],
                "members": config["architecture"]["members"],
            },
            records=RECORDS,
        ),
        code=library_digest("provenance.describe_run", extra=PAGES, script=SCRIPTS / "describe_run.py"),
    script:
        "../scripts/describe_run.py"
