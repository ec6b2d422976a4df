rule rank_trials:
    input:
        expand(result("search/networks/{trial}-{member}.json"), trial=TRIALS, member=range(config["search"]["repeats"])),
    output:
        table=result("search/trials.csv"),
        best=result("search/best.yaml"),
        figure=report(
            result("search/trials.svg"),
            caption="../report/search.rst",
            category="Search",
            labels={"figure": "trials"},
        ),
    log:
        result("logs/rank_trials.log"),
    benchmark:
        result("benchmarks/rank_trials.tsv")
    conda:
        "../../envs/rank_trials.yaml"
    container:
        image("rank_trials")
    threads: 1
    resources:
        **CPU_JOBS,
        mem_mb=memory(700),
        runtime=minutes(5),
    params:
        **named(
            trials={name: trial.changes for name, trial in TRIALS.items()},
            run=config["run"],
        ),
        code=library_digest("search.rank_trials", script=SCRIPTS / "rank_trials.py"),
    script:
        "../scripts/rank_trials.py"
