rule simulate_scan:
    output:
        result("simulated/{scan}.h5"),
    log:
        result("logs/simulate_scan/{scan}.log"),
    benchmark:
        result("benchmarks/simulate_scan/{scan}.tsv")
    wildcard_constraints:
        scan="|".join(re.escape(scan) for scan in SIMULATED),
    priority: 100
    conda:
        "../../envs/simulate_scan.yaml"
    container:
        image("simulate_scan")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(500, per_mb=8),
        runtime=minutes(2, per_mb=0.02),
    params:
        **named(
            reference_noise=config["simulation"]["reference_noise"],
        ),
        montage=lambda wildcards: PLAN.montage(wildcards.scan),
        seed=lambda wildcards: SIMULATED[wildcards.scan]["seed"],
        code=library_digest("simulation.simulate_scan", script=SCRIPTS / "simulate_scan.py"),
    script:
        "../scripts/simulate_scan.py"
