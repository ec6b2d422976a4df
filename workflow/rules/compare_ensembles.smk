UNET_ARCHITECTURES = expand(result("comparison/architectures/member-{member}.json"), member=MEMBER_NUMBERS)
UNETS = expand(result("comparison/members/member-{member}.pt"), member=MEMBER_NUMBERS)
UNET_HISTORIES = expand(result("comparison/members/member-{member}.history.csv"), member=MEMBER_NUMBERS)


rule compare_ensembles:
    input:
        members=MEMBERS,
        architectures=ARCHITECTURES,
        histories=HISTORIES,
        unets=UNETS,
        unet_architectures=UNET_ARCHITECTURES,
        unet_histories=UNET_HISTORIES,
        calibrate=expand(result("scans/{scan}.h5"), scan=PLAN.simulated_with("calibrate")),
        test=expand(result("scans/{scan}.h5"), scan=PLAN.simulated_with("test")),
    output:
        curves=result("comparison/curves.csv"),
        filters=result("comparison/filters.csv"),
        examples=result("comparison/examples.h5"),
        summary=result("comparison/summary.json"),
    log:
        result("logs/compare_ensembles.log"),
    benchmark:
        result("benchmarks/compare_ensembles.tsv")
    conda:
        "../../envs/compare_ensembles.yaml"
    container:
        image("compare_ensembles")
    threads: 1
    resources:
        **GPU_JOBS,
        gpu=1,
        mem_mb=memory(2000, per_mb=3 * config["architecture"]["members"], scans=PLAN.simulated_with("test")),
        runtime=minutes(60),
    params:
        **named(
            montages={
                role: [PLAN.montage(scan) for scan in PLAN.simulated_with(role)] for role in ("calibrate", "test")
            },
            settings={
                "nominal": config["calibration"]["primary"],
                "subsets": config["simulation"]["subsets"],
                "orientations": config["ensemble"]["orientations"],
            },
            seed=config["seed"],
        ),
        code=library_digest("simulation.compare_ensembles", script=SCRIPTS / "compare_ensembles.py"),
    script:
        "../scripts/compare_ensembles.py"


# U-Nets go through the steps of the random networks, with the same data, seeds and settings.
use rule draw_architecture as draw_unet with:
    output:
        result("comparison/architectures/member-{member}.json"),
    log:
        result("logs/draw_unet/{member}.log"),
    benchmark:
        result("benchmarks/draw_unet/{member}.tsv")
    params:
        **named(
            settings=family_settings(config["architecture"] | {"family": "unet"}),
            seed=config["seed"],
            dimensions=config["data"]["dimensions"],
            channels=len(config["data"]["channels"]),
        ),


use rule train_member as train_unet with:
    input:
        architecture=result("comparison/architectures/member-{member}.json"),
        scans=expand(result("scans/{scan}.h5"), scan=TRAINED_ON),
        regions=expand(result("regions/{scan}.json"), scan=TRAINED_ON),
        check=result("roles/train.json"),
    output:
        weights=result("comparison/members/member-{member}.pt"),
        history=result("comparison/members/member-{member}.history.csv"),
        about=result("comparison/members/member-{member}.json"),
    log:
        result("logs/train_unet/{member}.log"),
    benchmark:
        result("benchmarks/train_unet/{member}.tsv")
