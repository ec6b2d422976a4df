rule ingest_scan:
    input:
        lambda wildcards: files_of(wildcards.scan),
    output:
        result("scans/{scan}.h5"),
        sources=result("scans/{scan}.json"),
    log:
        result("logs/ingest_scan/{scan}.log"),
    benchmark:
        result("benchmarks/ingest_scan/{scan}.tsv")
    # Unusable files are found before any training is paid for.
    priority: 100
    conda:
        "../../envs/ingest_scan.yaml"
    container:
        image("ingest_scan")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(500, per_mb=12),
        runtime=minutes(2, per_mb=0.05),
    params:
        **named(
            data={
                "dimensions": config["data"]["dimensions"],
                "channels": config["data"]["channels"],
                "counts": COUNTS,
            },
        ),
        source=lambda wildcards: PLAN.source_settings(wildcards.scan),
        # Not through ``input``: Snakemake compares no parameter that is derived from it.
        stamps=lambda wildcards: STAMPS[wildcards.scan],
        # Its function takes the input, so that Snakemake does not compare it: another role reads no file again.
        unwatched=lambda wildcards, input: {
            "role": PLAN.learned_role(wildcards.scan),
            "others": PLAN.learned_sources(lambda scan: result(f"scans/{scan}.json")),
        },
        code=library_digest("scans.ingest_scan", script=SCRIPTS / "ingest_scan.py"),
    script:
        "../scripts/ingest_scan.py"
