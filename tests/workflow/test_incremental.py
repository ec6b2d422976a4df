"""What runs again after a change, and above all what does not: job lists of the real workflow against the expected."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.workflow.project import ROOT, TINY_SCANS, Jobs, Project, create, each, jobs_of

MEMBERS = ("0", "1")
PER_SCAN = (
    *("ingest_scan", "assign_regions", "ensemble_scan", "calibrate_scan", "check_drift", "segment_scan"),
    "recommend_regions",
)
INDEX = {("report_index", ""), ("describe_run", "")}
PAGES = each(["report_scan"], TINY_SCANS) | INDEX
EVALUATION = {("evaluate", ""), ("draw_figures", "")}
CHECKS = each(["check_drift"], TINY_SCANS)
DRIFT = {("fit_drift", "")} | CHECKS
CALIBRATION = {("fit_calibration", "")} | each(["calibrate_scan", "recommend_regions"], TINY_SCANS) | CHECKS
TOKENS = {("fit_tokens", "")} | each(["segment_scan"], TINY_SCANS)
ENSEMBLE = each(["ensemble_scan"], TINY_SCANS)
TRAINING = each(["train_member"], MEMBERS) | {("fit_latent_basis", "")}
AFTER_TRAINING = ENSEMBLE | DRIFT | CALIBRATION | TOKENS | EVALUATION | PAGES


def checks(*stages: str) -> Jobs:
    return each(["check_roles"], stages)


def edit(project: Project, file: str) -> None:
    """Change a source file of the copy: code by one statement more, anything else by a line."""
    path = project.path / file
    ending = "\nEDITED = True\n" if path.suffix == ".py" else "\n"
    path.write_text(path.read_text(encoding="utf-8") + ending, encoding="utf-8")


def test_nothing_changed_runs_nothing(run: Project) -> None:
    assert run.planned() == set()
    assert "Nothing to be done" in run.snakemake().stdout


def test_new_apply_scan_runs_only_its_own_steps_and_the_index(run: Project) -> None:
    run.register("next-month", "apply", seed=11)
    expected = each([*PER_SCAN, "report_scan"], ["next-month"]) | INDEX
    assert run.planned() == expected
    members = {path: path.read_bytes() for path in run.path.glob("results/tiny/members/*")}
    pages = {path: path.stat().st_mtime_ns for path in run.path.glob("results/tiny/report/scans/*.html")}
    run.snakemake()
    assert run.planned() == set()
    assert {path: path.read_bytes() for path in members} == members
    assert {path: path.stat().st_mtime_ns for path in pages} == pages
    index = (run.path / "results/tiny/report/index.html").read_text(encoding="utf-8")
    assert "next-month" in index


def test_records_of_jobs_run_nothing(run: Project) -> None:
    for file in run.path.glob("results/tiny/provenance/jobs/*/*.json"):
        file.unlink()
    assert run.planned() == set()


def test_new_calibrate_scan_recalibrates_without_training(run: Project) -> None:
    run.register("more", "calibrate", seed=12)
    own = each([*PER_SCAN, "report_scan"], ["more"])
    assert run.planned() == own | checks("calibrate", "test") | DRIFT | CALIBRATION | EVALUATION | PAGES


def test_one_more_member_trains_only_itself(run: Project) -> None:
    run.configure(architecture={"members": 3})
    new = {("draw_architecture", "2"), ("train_member", "2"), ("fit_latent_basis", "")}
    assert run.planned() == new | AFTER_TRAINING


def test_new_test_scan_is_only_judged(run: Project) -> None:
    run.register("more", "test", seed=13)
    judged = each(["report_scan"], [scan for scan, role in TINY_SCANS.items() if role in ("test", "split")])
    own = each([*PER_SCAN, "report_scan"], ["more"])
    assert run.planned() == own | judged | checks("test") | INDEX | EVALUATION


def test_another_role_reads_no_file_again(run: Project) -> None:
    sheet = run.path / "scans.tsv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("judge\ttest", "judge\tcalibrate"), encoding="utf-8")
    planned = run.planned()
    assert checks("test") <= planned and "ingest_scan" not in {rule for rule, _ in planned}


def test_new_train_scan_trains_again(run: Project) -> None:
    run.register("more", "train", seed=14)
    own = each([*PER_SCAN, "report_scan"], ["more"])
    assert run.planned() == own | checks("train", "calibrate", "test") | TRAINING | AFTER_TRAINING


def test_number_of_tokens_runs_no_network(run: Project) -> None:
    run.configure(structure={"tokens": 4})
    assert run.planned() == TOKENS | EVALUATION | PAGES


def test_nominal_coverages_run_no_network(run: Project) -> None:
    run.configure(calibration={"nominal": [0.5, 0.8, 0.9]})
    assert run.planned() == CALIBRATION | EVALUATION | PAGES


@pytest.mark.parametrize(
    "change",
    [{"score": "asymmetric"}, {"scale": "none"}, {"groups": "intensity"}, {"ties": "random"}, {"unit": "pixel"}],
    ids=lambda change: next(iter(change)),
)
def test_how_intervals_are_calibrated_runs_no_network(run: Project, change: dict[str, str]) -> None:
    run.configure(calibration=change)
    assert run.planned() == CALIBRATION | EVALUATION | PAGES


def test_calibrating_by_token_runs_no_network(run: Project) -> None:
    run.configure(calibration={"groups": "token", "smallest_group": 50})
    assert run.planned() == CALIBRATION | EVALUATION | PAGES
    run.snakemake()
    assert run.planned() == set()
    content = json.loads((run.path / "results/tiny/calibration/calibration.json").read_text(encoding="utf-8"))
    assert content["groups"]["by"] == "token"
    assert content["n_frames"] == 1
    run.configure(structure={"tokens": 4})
    assert run.planned() == TOKENS | CALIBRATION | EVALUATION | PAGES


def test_what_a_check_warns_of_only_checks_again(run: Project) -> None:
    run.configure(drift={"level": 0.1, "difference": 0.9, "draws": 1999, "correlation": 0.2})
    assert run.planned() == CHECKS | PAGES


def test_blocks_of_the_check_run_no_network_and_calibrate_nothing(run: Project) -> None:
    run.configure(drift={"block": 8})
    assert run.planned() == DRIFT | PAGES


def test_wording_rebuilds_pages_only(run: Project) -> None:
    run.configure(report={"title": "Another title"}, data={"intensity_unit": "photons"})
    assert run.planned() == PAGES


def test_threshold_of_a_decision_recalibrates_nothing(run: Project) -> None:
    run.configure(decisions={"exceed": [{"name": "iron-rich", "channel": "Fe", "above": 2.0, "confidence": 0.9}]})
    assert run.planned() == each(["recommend_regions"], TINY_SCANS) | EVALUATION | PAGES


def test_order_of_the_sheet_only_reorders_the_index(run: Project) -> None:
    sheet = run.path / "scans.tsv"
    header, *rows = sheet.read_text(encoding="utf-8").splitlines()
    sheet.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    assert run.planned() == INDEX


def test_comments_in_the_configuration_run_nothing(run: Project) -> None:
    file = run.path / "config.yaml"
    file.write_text("# a thought\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert run.planned() == set()


def test_data_replaced_by_an_older_file_are_read_again(run: Project) -> None:
    """As ``rsync -a`` does; Snakemake itself looks for newer files only."""
    file = run.path / "data" / "fresh.tif"
    before = os.stat(file)
    file.write_bytes((run.path / "data" / "judge.tif").read_bytes())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns - 10**12))
    assert run.planned() == each([*PER_SCAN, "report_scan"], ["fresh"]) | INDEX
    run.snakemake()
    assert run.planned() == set(), "read again once, and not once more"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("workflow/lib/noisebound/report/scan_page.py", PAGES),
        ("workflow/lib/noisebound/report/index_page.py", INDEX),
        ("workflow/lib/noisebound/report/templates/page.css", PAGES),
        ("workflow/lib/noisebound/provenance/crate.py", {("describe_run", "")}),
        ("workflow/lib/noisebound/decisions/recommend_regions.py", each(["recommend_regions"], TINY_SCANS) | PAGES),
        (
            "workflow/lib/noisebound/decisions/exceedance.py",
            each(["recommend_regions"], TINY_SCANS) | EVALUATION | PAGES,
        ),
        ("workflow/lib/noisebound/structure/clustering.py", TOKENS | EVALUATION | PAGES),
        ("workflow/lib/noisebound/drift/similarity.py", CHECKS | PAGES),
        ("workflow/lib/noisebound/calibration/conformal.py", CALIBRATION | EVALUATION | PAGES),
        ("workflow/lib/noisebound/ensemble/members.py", {("fit_latent_basis", "")} | AFTER_TRAINING),
        ("workflow/lib/noisebound/networks/quantile_network.py", TRAINING | AFTER_TRAINING),
        (
            "workflow/lib/noisebound/architecture/draw_architecture.py",
            each(["draw_architecture"], MEMBERS) | TRAINING | AFTER_TRAINING,
        ),
        ("workflow/lib/noisebound/cli.py", set()),
        ("workflow/scripts/segment_scan.py", each(["segment_scan"], TINY_SCANS) | EVALUATION | PAGES),
    ],
    ids=lambda value: Path(value).name if isinstance(value, str) else "",
)
def test_edited_source_reruns_what_uses_it(run: Project, file: str, expected: set[tuple[str, str]]) -> None:
    edit(run, file)
    assert run.planned() == expected


def test_prose_in_the_sources_runs_nothing(run: Project) -> None:
    """As after a ``git pull`` that mends docstrings, comments and line breaks in everything that a step uses."""
    for file in [*run.path.glob("workflow/lib/noisebound/**/*.py"), *run.path.glob("workflow/scripts/*.py")]:
        text = file.read_text(encoding="utf-8")
        if text.startswith('"""'):
            text = '"""Other words.' + text[3:]
        file.write_text("# a comment\n\n" + text + "\n\n# the end\n", encoding="utf-8")
    assert run.planned() == set()


@pytest.mark.parametrize("module", ["tiff", "hdf5", "readers", "metadata", "acquisition", "content"])
def test_a_mended_reader_plans_the_ingest_alone(run: Project, module: str) -> None:
    edit(run, f"workflow/lib/noisebound/scans/{module}.py")
    assert run.planned() == each(["ingest_scan"], TINY_SCANS)


# Files of the tiny run are so small that Snakemake compares them by checksums; larger ones go by their times alone.
BY_TIME = ("--max-checksum-file-size", "0")


def times_of_results(run: Project) -> dict[Path, int]:
    apart = ("logs", "benchmarks", "provenance")
    files = [path for path in run.path.glob("results/tiny/**/*") if path.is_file()]
    parts = {path: path.relative_to(run.path / "results/tiny").parts[0] for path in files}
    return {path: path.stat().st_mtime_ns for path in files if parts[path] not in apart}


def test_scans_that_are_read_again_alike_train_nothing(run: Project) -> None:
    edit(run, "workflow/lib/noisebound/scans/tiff.py")
    edit(run, "workflow/lib/noisebound/report/index_page.py")
    before = times_of_results(run)
    said = run.snakemake(*BY_TIME).stdout
    assert "every scan holds the same values as before" in said
    after = times_of_results(run)
    newer = {path for path, time in before.items() if after[path] > time}
    assert newer and all("report" in path.parts for path in newer), "and the page that was edited too is made again"
    assert "Nothing to be done" in run.snakemake("--dry-run", *BY_TIME).stdout


def test_a_first_part_that_fails_costs_no_training_later(run: Project) -> None:
    ingest = run.path / "workflow/lib/noisebound/scans/ingest_scan.py"
    text = ingest.read_text(encoding="utf-8")
    broken = text.replace("    check_scan_name(scan)\n", "    check_scan_name(scan)\n    assert scan != 'field'\n")
    assert broken != text
    ingest.write_text(broken, encoding="utf-8")
    failed = run.snakemake("--keep-going", *BY_TIME, check=False)
    assert failed.returncode != 0 and not (run.path / "results/tiny/scans/field.h5").exists()
    assert run.planned() == each(["ingest_scan"], ["field"])
    ingest.write_text(text + "\nMENDED = True\n", encoding="utf-8")
    before = times_of_results(run)
    run.snakemake(*BY_TIME)
    after = times_of_results(run)
    assert all(after[path] <= time for path, time in before.items()), "nothing was made of scans that hold the same"
    assert "Nothing to be done" in run.snakemake("--dry-run", *BY_TIME).stdout


@pytest.mark.parametrize("step", ["train_member", "fit_tokens"])
def test_a_step_that_failed_after_an_edit_is_planned_again(run: Project, step: str) -> None:
    """Snakemake itself remembers its new parameters, and misses no file of which everything is made already."""
    script = run.path / f"workflow/scripts/{step}.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("with step(snakemake", "assert False\nwith step(snakemake", 1), encoding="utf-8")
    expected = run.planned()
    assert step in {rule for rule, _ in expected}
    assert run.snakemake(check=False).returncode != 0
    assert run.planned() == expected


def test_without_the_hook_of_the_second_part_everything_is_planned_at_once(run: Project) -> None:
    edit(run, "workflow/lib/noisebound/scans/tiff.py")
    planned = jobs_of(run.snakemake("--dry-run", "--no-hooks").stdout)
    assert planned > each(["ingest_scan"], TINY_SCANS) and ("train_member", "0") in planned


def test_what_a_mended_reader_reads_differently_is_followed_in_the_same_command(run: Project) -> None:
    content = run.path / "workflow/lib/noisebound/scans/content.py"
    text = content.read_text(encoding="utf-8")
    assert "                yield frame\n" in text
    content.write_text(
        text.replace("                yield frame\n", "                yield frame + frame\n"), encoding="utf-8"
    )
    members = {path: path.read_bytes() for path in run.path.glob("results/tiny/members/*.pt")}
    assert run.planned() == each(["ingest_scan"], TINY_SCANS)
    said = run.snakemake(*BY_TIME).stdout
    assert "read differently: " in said and all(scan in said for scan in TINY_SCANS)
    assert all(path.read_bytes() != weights for path, weights in members.items())
    assert run.planned() == set()


def test_a_change_of_settings_is_not_lost_behind_a_mended_reader(run: Project) -> None:
    edit(run, "workflow/lib/noisebound/scans/tiff.py")
    run.configure(structure={"tokens": 4})
    assert run.planned() == each(["ingest_scan"], TINY_SCANS)
    run.snakemake()
    assert run.planned() == set()
    with np.load(run.path / "results/tiny/tokens/model.npz", allow_pickle=False) as model:
        assert len(model["centres"]) == 4


def test_data_touched_or_copied_are_not_read_again(run: Project) -> None:
    """Their content is what counts: ``touch``, ``cp`` and a checkout change times alone."""
    for file in run.path.glob("data/*.tif"):
        os.utime(file)
    assert run.planned() == set()


def test_a_checkpoint_interval_trains_nothing_and_keeps_checkpoints(run: Project) -> None:
    """An interrupted training goes on where it was, with another interval."""
    run.configure(training={"checkpoint_every": 5, "members_per_gpu": 2})
    assert run.planned() == set()
    member = run.path / "results/tiny/members/member-0.pt"
    weights = member.read_bytes()
    member.unlink()
    run.snakemake("--", "results/tiny/members/member-0.pt")
    assert "continuing from step 30" in (run.path / "results/tiny/logs/train_member/0.log").read_text(encoding="utf-8")
    assert member.read_bytes() == weights


def test_results_copied_into_a_fresh_clone_are_taken_as_they_are(run: Project, tmp_path: Path) -> None:
    """The clone has its own files, with times of their own, and no memory of Snakemake's."""
    clone = create(tmp_path / "clone")
    shutil.copytree(run.path / "results", clone.path / "results", copy_function=shutil.copy2)
    assert clone.planned() == set()
    clone.configure(structure={"tokens": 4})
    assert clone.planned() == TOKENS | EVALUATION | PAGES, "the memory of finished jobs did not come along"
    clone.configure(structure={"tokens": 3})
    assert clone.planned() == set()
    shutil.rmtree(clone.path / "results/tiny/provenance/jobs/train_member")
    shutil.rmtree(clone.path / ".snakemake/metadata")
    assert clone.planned() == (TRAINING | AFTER_TRAINING), "nobody knows what the members were trained with"


def test_results_copied_to_a_clone_with_a_mended_reader_are_read_first(run: Project, tmp_path: Path) -> None:
    clone = create(tmp_path / "clone")
    shutil.copytree(run.path / "results", clone.path / "results", copy_function=shutil.copy2)
    edit(clone, "workflow/lib/noisebound/scans/tiff.py")
    assert clone.planned() == each(["ingest_scan"], TINY_SCANS)


def test_results_laid_over_those_of_a_run_bring_their_memory(run: Project, tmp_path: Path) -> None:
    other = run.copy(tmp_path / "other")
    other.configure(structure={"tokens": 4})
    other.snakemake()
    shutil.copytree(other.path / "results", run.path / "results", copy_function=shutil.copy2, dirs_exist_ok=True)
    assert run.planned() == TOKENS | EVALUATION | PAGES, "what is there was made with 4 tokens, and 3 are asked for"
    run.configure(structure={"tokens": 4})
    assert run.planned() == set()


def test_jobs_run_the_library_of_their_own_project(run: Project) -> None:
    """Not one that is installed, or that PYTHONPATH names."""
    elsewhere = run.path / "elsewhere" / "noisebound"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text("raise ImportError('another noisebound')\n", encoding="utf-8")
    acquisition = run.path / "workflow/lib/noisebound/scans/acquisition.py"
    broken = acquisition.read_text(encoding="utf-8") + "\nraise ImportError('broken here')\n"
    acquisition.write_text(broken, encoding="utf-8")
    run.register("more", "apply", seed=3)
    done = run.snakemake(check=False, variables={"PYTHONPATH": str(elsewhere.parent)})
    assert done.returncode != 0
    assert "broken here" in done.stdout
    assert "another noisebound" not in done.stdout


def test_a_step_refuses_another_library_than_the_digest_is_of(run: Project) -> None:
    """For instance one that an image or an environment brings along, found before the project's."""
    other = run.path / "elsewhere" / "noisebound"
    shutil.copytree(ROOT / "workflow/lib/noisebound", other, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "scans" / "acquisition.py").write_text(
        (other / "scans" / "acquisition.py").read_text(encoding="utf-8") + "\nOTHER = True\n", encoding="utf-8"
    )
    script = run.path / "workflow/scripts/ingest_scan.py"
    first = f"import sys\nsys.path.insert(0, {str(other.parent)!r})\n"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("from typing", first + "from typing", 1), encoding="utf-8")
    run.register("more", "apply", seed=3)
    done = run.snakemake(check=False)
    assert done.returncode != 0
    for words in ("another noisebound", str(other), "Remedy: "):
        assert words in done.stdout
    assert not (run.path / "results/tiny/scans/more.h5").exists()


def stored_settings(results: Path) -> dict[str, set[Any]]:
    """Settings as the results themselves hold them, by key of the configuration; one value where all agree."""
    members = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("members/member-*.json")]
    calibration = json.loads((results / "calibration/calibration.json").read_text(encoding="utf-8"))
    with open(results / "evaluation/decisions.csv", encoding="utf-8", newline="") as stream:
        thresholds = {float(row["threshold"]) for row in csv.DictReader(stream)}
    with np.load(results / "tokens/model.npz") as model:
        tokens = len(model["centres"])
    return {
        "training.steps": {member["training"]["steps"] for member in members},
        "training.levels": {tuple(member["training"]["levels"]) for member in members},
        "seed": {member["seed"] for member in members},
        "structure.tokens": {tokens},
        "calibration.nominal": {tuple(calibration["nominal"])},
        "decisions.exceed.above": thresholds,
    }


def test_settings_changed_together_with_a_scan_reach_results_and_pages(run: Project) -> None:
    """Snakemake passes over a changed parameter of a job below one that must run for another reason."""
    run.register("more", "test", seed=13)
    run.configure(
        training={"steps": 20},
        structure={"tokens": 4},
        calibration={"nominal": [0.5, 0.8, 0.9]},
        decisions={"exceed": [{"name": "iron-rich", "channel": "Fe", "above": 2.0, "confidence": 0.9}]},
    )
    run.snakemake()
    results = run.path / "results" / "tiny"
    stated = yaml.safe_load((results / "provenance" / "config.yaml").read_text(encoding="utf-8"))
    assert stored_settings(results) == {
        "training.steps": {20},
        "training.levels": {tuple(stated["training"]["levels"])},
        "seed": {stated["seed"]},
        "structure.tokens": {4},
        "calibration.nominal": {(0.5, 0.8, 0.9)},
        "decisions.exceed.above": {2.0},
    }
    for page in [results / "report/index.html", *results.glob("report/scans/*.html")]:
        text = html.unescape(page.read_text(encoding="utf-8"))
        for words in ("steps: 20", "tokens: 4", "nominal: [0.5, 0.8, 0.9]", "above: 2.0"):
            assert words in text, page


def test_pages_and_summary_carry_the_digests_of_what_they_show(finished: Project) -> None:
    results = finished.path / "results" / "tiny"

    def digest(file: str) -> str:
        return hashlib.sha256((results / file).read_bytes()).hexdigest()

    for scan in TINY_SCANS:
        page = (results / f"report/scans/{scan}.html").read_text(encoding="utf-8")
        shown = [f"denoised/{scan}.h5", f"tokens/{scan}.tif", f"decisions/{scan}.csv", f"drift/{scan}.json"]
        for file in [*shown, "members/member-0.pt", "members/member-1.json", "calibration/calibration.json"]:
            assert digest(file) in page, (scan, file)
    index = (results / "report/index.html").read_text(encoding="utf-8")
    for file in ("evaluation/summary.json", "evaluation/coverage.csv", "report/scans/judge.html", "tokens/model.npz"):
        assert digest(file) in index, file
    summary = json.loads((results / "evaluation/summary.json").read_text(encoding="utf-8"))
    found = {entry["sha256"] for entry in summary["digests"]}
    assert {digest(f"ensemble/{scan}.h5") for scan in ("field", "judge")} <= found
    assert digest("calibration/calibration.json") in found
