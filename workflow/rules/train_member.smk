rule train_member:
    input:
        architecture=result("architectures/member-{member}.json"),
        scans=expand(result("scans/{scan}.h5"), scan=TRAINED_ON),
        regions=expand(result("regions/{scan}.json"), scan=TRAINED_ON),
        check=result("roles/train.json"),
    output:
        weights=result("members/member-{member}.pt"),
        history=result("members/member-{member}.history.csv"),
        about=result("members/member-{member}.json"),
    log:
        result("logs/train_member/{member}.log"),
    benchmark:
        result("benchmarks/train_member/{member}.tsv")
    conda:
        "../../envs/train_member.yaml"
    container:
        image("train_member")
    # Members are trained side by side; a second thread inside one gains little on networks this small.
    threads: 1
    resources:
        **GPU_JOBS,
        gpu=1,
        mem_mb=memory(4000, per_mb=24, scans=TRAINED_ON),
        runtime=minutes(30 + training_minutes()),
    params:
        **named(
            seed=config["seed"],
            settings=training_settings(config),
            transforms=[config["data"]["input_transform"], config["data"]["target_transform"]],
            counts=COUNTS,
        ),
        code=library_digest("training.train_member", script=SCRIPTS / "train_member.py"),
    script:
        "../scripts/train_member.py"
