rule check_drift:
    input:
        ensemble=result("ensemble/{scan}.h5"),
        denoised=result("denoised/{scan}.h5"),
        scan=result("scans/{scan}.h5"),
        regions=result("regions/{scan}.json"),
        basis=result("latent/basis.npz"),
        calibrated=result("drift/calibrated.npz"),
    output:
        result("drift/{scan}.json"),
    log:
        result("logs/check_drift/{scan}.log"),
    benchmark:
        result("benchmarks/check_drift/{scan}.tsv")
    conda:
        "../../envs/check_drift.yaml"
    container:
        image("check_drift")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(800, per_mb=2),
        runtime=minutes(2, per_mb=0.05),
    params:
        **named(
            settings=section("drift", DriftSettings),
            seed=config["seed"],
        ),
        code=library_digest("drift.check_drift", script=SCRIPTS / "check_drift.py"),
    script:
        "../scripts/check_drift.py"
