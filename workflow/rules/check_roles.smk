rule check_roles:
    input:
        scans=expand(result("scans/{scan}.h5"), scan=LEARNED),
        regions=expand(result("regions/{scan}.json"), scan=LEARNED),
        sources=expand(result("scans/{scan}.json"), scan=LEARNED),
    output:
        result("regions/check.json"),
    log:
        result("logs/check_roles.log"),
    benchmark:
        result("benchmarks/check_roles.tsv")
    priority: 100
    conda:
        "../../envs/check_roles.yaml"
    container:
        image("check_roles")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(500, per_mb=2, scans=LEARNED),
        runtime=minutes(2, per_mb=0.01, scans=LEARNED),
    params:
        code=library_digest("regions"),
    script:
        "../scripts/check_roles.py"
