rule check_roles:
    input:
        scans=expand(result("scans/{scan}.h5"), scan=LEARNED),
        regions=expand(result("regions/{scan}.json"), scan=LEARNED),
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
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=library_digest("regions"),
    script:
        "../scripts/check_roles.py"
