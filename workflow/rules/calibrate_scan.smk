rule calibrate_scan:
    input:
        **tokens_for_calibration(),
        scan=result("scans/{scan}.h5"),
        ensemble=result("ensemble/{scan}.h5"),
        calibration=result("calibration/calibration.json"),
    output:
        images=result("denoised/{scan}.h5"),
        tiff=result("denoised/{scan}.ome.tif"),
    log:
        result("logs/calibrate_scan/{scan}.log"),
    benchmark:
        result("benchmarks/calibrate_scan/{scan}.tsv")
    conda:
        "../../envs/calibrate_scan.yaml"
    container:
        image("calibrate_scan")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(600, per_mb=30),
        runtime=minutes(2, per_mb=0.1),
    params:
        code=library_digest("calibration.calibrate_scan", script=SCRIPTS / "calibrate_scan.py"),
    script:
        "../scripts/calibrate_scan.py"
