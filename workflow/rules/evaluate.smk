rule evaluate:
    input:
        ensembles=expand(result("ensemble/{scan}.h5"), scan=HOLDS_TEST),
        scans=expand(result("scans/{scan}.h5"), scan=HOLDS_TEST),
        regions=expand(result("regions/{scan}.json"), scan=HOLDS_TEST),
        tokens=expand(result("tokens/{scan}.tif"), scan=HOLDS_TEST),
        calibration=result("calibration/calibration.json"),
        check=result("roles/test.json"),
    output:
        coverage=result("evaluation/coverage.csv"),
        signal=result("evaluation/signal.csv"),
        by_intensity=result("evaluation/by_intensity.csv"),
        by_token=result("evaluation/by_token.csv"),
        by_border=result("evaluation/by_border.csv"),
        by_block=result("evaluation/by_block.csv"),
        modes=result("evaluation/modes.csv"),
        ensemble_size=result("evaluation/ensemble_size.csv"),
        errors=result("evaluation/errors.csv"),
        decisions=result("evaluation/decisions.csv"),
        summary=result("evaluation/summary.json"),
    log:
        result("logs/evaluate.log"),
    benchmark:
        result("benchmarks/evaluate.tsv")
    conda:
        "../../envs/evaluate.yaml"
    container:
        image("evaluate")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(1000, per_mb=20, scans=HOLDS_TEST),
        runtime=minutes(15, per_mb=0.1, scans=HOLDS_TEST),
    params:
        **named(
            settings={
                "run": config["run"],
                "block": config["calibration"]["block"],
                "exceed": config["decisions"]["exceed"],
            },
            montages=[scan for scan in HOLDS_TEST if scan in SIMULATED],
            seed=config["seed"],
        ),
        code=library_digest("evaluation.evaluate", script=SCRIPTS / "evaluate.py"),
    script:
        "../scripts/evaluate.py"
