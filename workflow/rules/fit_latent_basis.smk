rule fit_latent_basis:
    input:
        members=MEMBERS,
        architectures=ARCHITECTURES,
        scans=expand(result("scans/{scan}.h5"), scan=TRAINED_ON),
        regions=expand(result("regions/{scan}.json"), scan=TRAINED_ON),
    output:
        basis=result("latent/basis.npz"),
        sample=result("latent/sample.npz"),
        frames=result("latent/frames.npz"),
    log:
        result("logs/fit_latent_basis.log"),
    benchmark:
        result("benchmarks/fit_latent_basis.tsv")
    conda:
        "../../envs/fit_latent_basis.yaml"
    container:
        image("fit_latent_basis")
    threads: 1
    resources:
        **GPU_JOBS,
        gpu=1,
        mem_mb=memory(4000, per_mb=2, scans=TRAINED_ON),
        runtime=minutes(30, per_mb=0.05, scans=TRAINED_ON),
    params:
        **named(
            components=config["structure"]["components"],
            sample_size=config["structure"]["sample"],
            frame=config["ensemble"]["frame"],
            seed=config["seed"],
        ),
        code=library_digest("ensemble.fit_latent_basis", script=SCRIPTS / "fit_latent_basis.py"),
    script:
        "../scripts/fit_latent_basis.py"
