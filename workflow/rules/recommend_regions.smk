rule recommend_regions:
    input:
        **tokens_for_calibration(),
        scan=result("scans/{scan}.h5"),
        regions=result("regions/{scan}.json"),
        denoised=result("denoised/{scan}.h5"),
        ensemble=result("ensemble/{scan}.h5"),
        calibration=result("calibration/calibration.json"),
    output:
        table=result("decisions/{scan}.csv"),
        maps=result("decisions/{scan}.tif"),
    log:
        result("logs/recommend_regions/{scan}.log"),
    benchmark:
        result("benchmarks/recommend_regions/{scan}.tsv")
    conda:
        "../../envs/recommend_regions.yaml"
    container:
        image("recommend_regions")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(600, per_mb=10),
        runtime=minutes(2, per_mb=0.05),
    params:
        **named(
            settings=section("decisions", DecisionSettings),
        ),
        code=library_digest("decisions.recommend_regions", script=SCRIPTS / "recommend_regions.py"),
    script:
        "../scripts/recommend_regions.py"
