rule report_scan:
    input:
        unpack(evaluation_of),
        scan=result("scans/{scan}.h5"),
        denoised=result("denoised/{scan}.h5"),
        regions=result("regions/{scan}.json"),
        token_map=result("tokens/{scan}.tif"),
        token_table=result("tokens/{scan}.csv"),
        decision_table=result("decisions/{scan}.csv"),
        decision_maps=result("decisions/{scan}.tif"),
        drift=result("drift/{scan}.json"),
        calibration=result("calibration/calibration.json"),
        basis=result("latent/basis.npz"),
        token_model=result("tokens/model.npz"),
        members=MEMBERS,
        trained_with=TRAINED_WITH,
        architectures=ARCHITECTURES,
    output:
        page=result("report/scans/{scan}.html"),
        thumbnail=result("report/thumbnails/{scan}.png"),
        # Without a caption: captions cost time that grows with the square of their number.
        overview=report(
            result("figures/overview/{scan}.png"),
            category="Scans",
            labels={"scan": "{scan}", "figure": "overview"},
        ),
    log:
        result("logs/report_scan/{scan}.log"),
    benchmark:
        result("benchmarks/report_scan/{scan}.tsv")
    conda:
        "../../envs/report_scan.yaml"
    container:
        image("report_scan")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(700, per_mb=16),
        runtime=minutes(2, per_mb=0.05),
    params:
        **named(
            run=config["run"],
            seed=config["seed"],
            config=PLAN.shown_settings(),
            settings=PLAN.page_settings(),
        ),
        code=library_digest("report.report_scan", "provenance.origin", extra=PAGES, script=SCRIPTS / "report_scan.py"),
    script:
        "../scripts/report_scan.py"
