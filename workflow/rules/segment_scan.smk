rule segment_scan:
    input:
        scan=result("scans/{scan}.h5"),
        ensemble=result("ensemble/{scan}.h5"),
        model=result("tokens/model.npz"),
    output:
        labels=result("tokens/{scan}.tif"),
        statistics=result("tokens/{scan}.csv"),
    log:
        result("logs/segment_scan/{scan}.log"),
    benchmark:
        result("benchmarks/segment_scan/{scan}.tsv")
    conda:
        "../../envs/segment_scan.yaml"
    container:
        image("segment_scan")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(800, per_mb=2),
        runtime=minutes(2, per_mb=0.05),
    params:
        code=library_digest("structure.segment_scan", script=SCRIPTS / "segment_scan.py"),
    script:
        "../scripts/segment_scan.py"
