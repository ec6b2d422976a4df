rule report_comparison:
    input:
        curves=rules.compare_ensembles.output.curves,
        examples=rules.compare_ensembles.output.examples,
        summary=rules.compare_ensembles.output.summary,
    output:
        page=report(
            result("report/comparison.html"),
            caption="../report/comparison.rst",
            category="Run",
            labels={"page": "comparison"},
        ),
        curves=report(
            result("figures/comparison.svg"),
            caption="../report/comparison.rst",
            category="Ensemble",
            labels={"figure": "random networks and U-Nets"},
        ),
    log:
        result("logs/report_comparison.log"),
    benchmark:
        result("benchmarks/report_comparison.tsv")
    conda:
        "../../envs/report_comparison.yaml"
    container:
        image("report_comparison")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(700),
        runtime=minutes(5),
    params:
        **named(
            title=config["report"]["title"] or config["run"],
            settings={key: config["training"][key] for key in ("steps", "batch")}
            | {"combine": config["ensemble"]["combine"]}
            | {"train_images": sum(SIMULATED[scan]["images"] for scan in PLAN.simulated_with("train"))},
        ),
        code=library_digest("report.report_comparison", extra=PAGES, script=SCRIPTS / "report_comparison.py"),
    script:
        "../scripts/report_comparison.py"
