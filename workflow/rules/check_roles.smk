# One check per stage, of the scans whose pixels the stage sees: a new scan repeats the check of no earlier stage.
rule check_roles:
    input:
        scans=lambda wildcards: expand(result("scans/{scan}.h5"), scan=PLAN.checked[wildcards.stage]),
        regions=lambda wildcards: expand(result("regions/{scan}.json"), scan=PLAN.checked[wildcards.stage]),
        sources=lambda wildcards: expand(result("scans/{scan}.json"), scan=PLAN.checked[wildcards.stage]),
    output:
        result("roles/{stage}.json"),
    log:
        result("logs/check_roles/{stage}.log"),
    benchmark:
        result("benchmarks/check_roles/{stage}.tsv")
    # What is wrong with scans of any role is known before training where that can be.
    priority: lambda wildcards: 0 if wildcards.stage == "train" else 100
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
        code=library_digest("regions.check_roles", script=SCRIPTS / "check_roles.py"),
    script:
        "../scripts/check_roles.py"
