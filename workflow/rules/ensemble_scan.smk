rule ensemble_scan:
    input:
        members=MEMBERS,
        architectures=ARCHITECTURES,
        basis=result("latent/basis.npz"),
        scan=result("scans/{scan}.h5"),
    output:
        result("ensemble/{scan}.h5"),
    log:
        result("logs/ensemble_scan/{scan}.log"),
    benchmark:
        result("benchmarks/ensemble_scan/{scan}.tsv")
    conda:
        "../../envs/ensemble_scan.yaml"
    container:
        image("ensemble_scan")
    threads: 1
    resources:
        **GPU_JOBS,
        gpu=1,
        mem_mb=memory(4000, per_mb=4),
        runtime=minutes(20, per_mb=prediction_minutes_per_mb()),
    params:
        **named(
            settings=config["ensemble"] | {"levels": config["training"]["levels"]},
            counts=COUNTS,
        ),
        code=library_digest("ensemble.ensemble_scan", script=SCRIPTS / "ensemble_scan.py"),
    script:
        "../scripts/ensemble_scan.py"
