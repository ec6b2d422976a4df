rule fit_tokens:
    input:
        ensembles=expand(result("ensemble/{scan}.h5"), scan=HOLDS_TRAIN),
        regions=expand(result("regions/{scan}.json"), scan=HOLDS_TRAIN),
        scans=expand(result("scans/{scan}.h5"), scan=HOLDS_TRAIN),
        basis=result("latent/basis.npz"),
        sample=result("latent/sample.npz"),
        frames=result("latent/frames.npz"),
    output:
        model=result("tokens/model.npz"),
        stability=result("tokens/stability.csv"),
    log:
        result("logs/fit_tokens.log"),
    benchmark:
        result("benchmarks/fit_tokens.tsv")
    conda:
        "../../envs/fit_tokens.yaml"
    container:
        image("fit_tokens")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(1000, per_mb=4, scans=HOLDS_TRAIN),
        runtime=minutes(15, per_mb=0.05, scans=HOLDS_TRAIN),
    params:
        **named(
            settings=section("structure", StructureSettings),
            seed=config["seed"],
        ),
        code=library_digest("structure.fit_tokens", script=SCRIPTS / "fit_tokens.py"),
    script:
        "../scripts/fit_tokens.py"
