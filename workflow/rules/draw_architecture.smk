rule draw_architecture:
    output:
        result("architectures/member-{member}.json"),
    log:
        result("logs/draw_architecture/{member}.log"),
    benchmark:
        result("benchmarks/draw_architecture/{member}.tsv")
    conda:
        "../../envs/draw_architecture.yaml"
    container:
        image("draw_architecture")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(500),
        runtime=minutes(1),
    params:
        **named(
            settings=family_settings(config["architecture"]),
            seed=config["seed"],
            dimensions=config["data"]["dimensions"],
            channels=len(config["data"]["channels"]),
        ),
        code=library_digest("architecture.draw_architecture", script=SCRIPTS / "draw_architecture.py"),
    script:
        "../scripts/draw_architecture.py"
