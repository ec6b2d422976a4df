rule assign_regions:
    input:
        result("scans/{scan}.h5"),
    output:
        result("regions/{scan}.json"),
    log:
        result("logs/assign_regions/{scan}.log"),
    benchmark:
        result("benchmarks/assign_regions/{scan}.tsv")
    priority: 100
    conda:
        "../../envs/assign_regions.yaml"
    container:
        image("assign_regions")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(500, per_mb=12),
        runtime=minutes(1, per_mb=0.01),
    params:
        **named(
            settings={"guard": config["regions"]["guard"], "max_radius": config["architecture"]["max_radius"]},
        ),
        role=lambda wildcards: ROLES[wildcards.scan],
        layout=lambda wildcards: config["regions"]["layout"] if ROLES[wildcards.scan] == "split" else None,
        montage=lambda wildcards: PLAN.montage(wildcards.scan),
        code=library_digest("regions.assign_regions", script=SCRIPTS / "assign_regions.py"),
    script:
        "../scripts/assign_regions.py"
