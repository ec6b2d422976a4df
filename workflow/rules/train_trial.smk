# One network of a search: drawn and trained by the code of draw_architecture and train_member.
rule train_trial:
    input:
        scans=expand(result("scans/{scan}.h5"), scan=TRAINED_ON),
        regions=expand(result("regions/{scan}.json"), scan=TRAINED_ON),
        check=result("roles/train.json"),
    output:
        outcome=result("search/networks/{trial}-{member}.json"),
        history=result("search/networks/{trial}-{member}.history.csv"),
    log:
        result("logs/train_trial/{trial}-{member}.log"),
    benchmark:
        result("benchmarks/train_trial/{trial}-{member}.tsv")
    conda:
        "../../envs/train_trial.yaml"
    container:
        image("train_trial")
    threads: 1
    resources:
        **GPU_JOBS,
        gpu=1,
        mem_mb=memory(4000, per_mb=24, scans=TRAINED_ON),
        runtime=minutes(30 + max(training_minutes(settings) for settings in [config, *map(settings_of, TRIALS)])),
    params:
        **named(
            seed=search_seed(config["seed"]),
            dimensions=config["data"]["dimensions"],
            channels=len(config["data"]["channels"]),
            transforms=[config["data"]["input_transform"], config["data"]["target_transform"]],
            counts=COUNTS,
        ),
        architecture=lambda wildcards: family_settings(settings_of(wildcards.trial)["architecture"]),
        settings=lambda wildcards: training_settings(settings_of(wildcards.trial)),
        code=library_digest("search.train_trial", script=SCRIPTS / "train_trial.py"),
    script:
        "../scripts/train_trial.py"
