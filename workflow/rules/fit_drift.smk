rule fit_drift:
    input:
        ensembles=expand(result("ensemble/{scan}.h5"), scan=HOLDS_CALIBRATE),
        scans=expand(result("scans/{scan}.h5"), scan=HOLDS_CALIBRATE),
        regions=expand(result("regions/{scan}.json"), scan=HOLDS_CALIBRATE),
        basis=result("latent/basis.npz"),
        check=result("roles/calibrate.json"),
    output:
        result("drift/calibrated.npz"),
    log:
        result("logs/fit_drift.log"),
    benchmark:
        result("benchmarks/fit_drift.tsv")
    conda:
        "../../envs/fit_drift.yaml"
    container:
        image("fit_drift")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(800, per_mb=2, scans=HOLDS_CALIBRATE),
        runtime=minutes(2, per_mb=0.05, scans=HOLDS_CALIBRATE),
    params:
        block=config["drift"]["block"],
        code=library_digest("drift.fit_drift", script=SCRIPTS / "fit_drift.py"),
    script:
        "../scripts/fit_drift.py"
