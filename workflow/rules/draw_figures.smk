rule draw_figures:
    input:
        coverage=rules.evaluate.output.coverage,
        by_intensity=rules.evaluate.output.by_intensity,
        by_token=rules.evaluate.output.by_token,
        by_border=rules.evaluate.output.by_border,
        by_block=rules.evaluate.output.by_block,
        ensemble_size=rules.evaluate.output.ensemble_size,
        histories=HISTORIES,
        architectures=ARCHITECTURES,
    output:
        reliability=report(
            result("figures/reliability.svg"),
            caption="../report/reliability.rst",
            category="Calibration",
            labels={"figure": "reliability"},
        ),
        conditional_coverage=report(
            result("figures/conditional_coverage.svg"),
            caption="../report/conditional_coverage.rst",
            category="Calibration",
            labels={"figure": "conditional coverage"},
        ),
        training=report(
            result("figures/training.svg"),
            caption="../report/training.rst",
            category="Ensemble",
            labels={"figure": "training curves"},
        ),
        architectures=report(
            result("figures/architectures.svg"),
            caption="../report/architectures.rst",
            category="Ensemble",
            labels={"figure": "architectures"},
        ),
        ensemble_size=report(
            result("figures/ensemble_size.svg"),
            caption="../report/ensemble_size.rst",
            category="Ensemble",
            labels={"figure": "ensemble size"},
        ),
    log:
        result("logs/draw_figures.log"),
    benchmark:
        result("benchmarks/draw_figures.tsv")
    conda:
        "../../envs/draw_figures.yaml"
    container:
        image("draw_figures")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(700),
        runtime=minutes(5),
    params:
        primary=config["calibration"]["primary"],
        code=library_digest("figures.draw_figures", script=SCRIPTS / "draw_figures.py"),
    script:
        "../scripts/draw_figures.py"
