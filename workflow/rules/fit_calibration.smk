rule fit_calibration:
    input:
        **tokens_for_calibration(scan=HOLDS_CALIBRATE),
        ensembles=expand(result("ensemble/{scan}.h5"), scan=HOLDS_CALIBRATE),
        scans=expand(result("scans/{scan}.h5"), scan=HOLDS_CALIBRATE),
        regions=expand(result("regions/{scan}.json"), scan=HOLDS_CALIBRATE),
        check=result("roles/calibrate.json"),
        sample=result("latent/sample.npz"),
    output:
        result("calibration/calibration.json"),
    log:
        result("logs/fit_calibration.log"),
    benchmark:
        result("benchmarks/fit_calibration.tsv")
    conda:
        "../../envs/fit_calibration.yaml"
    container:
        image("fit_calibration")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(600, per_mb=6, scans=HOLDS_CALIBRATE),
        runtime=minutes(10, per_mb=0.05, scans=HOLDS_CALIBRATE),
    params:
        **named(
            settings=section("calibration", CalibrationSettings),
            confidences=sorted(
                {entry["confidence"] for entry in config["decisions"]["exceed"]}
                | set(config["calibration"]["nominal"])
            ),
            counts=COUNTS,
        ),
        code=library_digest("calibration.fit_calibration", script=SCRIPTS / "fit_calibration.py"),
    script:
        "../scripts/fit_calibration.py"
