"""What runs again after a change, and above all what does not: job lists of the real workflow against the expected."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.workflow.project import TINY_SCANS, Project, each

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


def edit(project: Project, file: str) -> None:
    """Change the content of a source file of the copy without changing what it does."""
    path = project.path / file
    ending = {".py": "\n# edited\n", ".html": "\n", ".css": "\n"}[path.suffix]
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
    assert run.planned() == own | {("check_roles", "")} | DRIFT | CALIBRATION | EVALUATION | PAGES


def test_one_more_member_trains_only_itself(run: Project) -> None:
    run.configure(architecture={"members": 3})
    new = {("draw_architecture", "2"), ("train_member", "2"), ("fit_latent_basis", "")}
    assert run.planned() == new | AFTER_TRAINING


def test_new_test_scan_is_only_judged(run: Project) -> None:
    run.register("more", "test", seed=13)
    judged = each(["report_scan"], [scan for scan, role in TINY_SCANS.items() if role in ("test", "split")])
    own = each([*PER_SCAN, "report_scan"], ["more"])
    assert run.planned() == own | judged | {("check_roles", "")} | INDEX | EVALUATION


def test_another_role_reads_no_file_again(run: Project) -> None:
    sheet = run.path / "scans.tsv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("judge\ttest", "judge\tcalibrate"), encoding="utf-8")
    planned = run.planned()
    assert ("check_roles", "") in planned and "ingest_scan" not in {rule for rule, _ in planned}


def test_new_train_scan_trains_again(run: Project) -> None:
    run.register("more", "train", seed=14)
    own = each([*PER_SCAN, "report_scan"], ["more"])
    assert run.planned() == own | {("check_roles", "")} | TRAINING | AFTER_TRAINING


def test_number_of_tokens_runs_no_network(run: Project) -> None:
    run.configure(structure={"tokens": 4})
    assert run.planned() == TOKENS | EVALUATION | PAGES


def test_nominal_coverages_run_no_network(run: Project) -> None:
    run.configure(calibration={"nominal": [0.5, 0.8, 0.9]})
    assert run.planned() == CALIBRATION | EVALUATION | PAGES


@pytest.mark.parametrize(
    "change",
    [{"score": "asymmetric"}, {"scale": "width"}, {"groups": "intensity"}, {"ties": "random"}, {"unit": "pixel"}],
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


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("workflow/lib/noisebound/pages_index.py", PAGES),
        ("workflow/lib/noisebound/templates/page.css", PAGES),
        ("workflow/lib/noisebound/crate.py", {("describe_run", "")}),
        ("workflow/lib/noisebound/decisions.py", each(["recommend_regions"], TINY_SCANS) | EVALUATION | PAGES),
        ("workflow/lib/noisebound/clustering.py", TOKENS | EVALUATION | PAGES),
        ("workflow/lib/noisebound/similarity.py", DRIFT | PAGES),
        ("workflow/lib/noisebound/conformal.py", CALIBRATION | EVALUATION | PAGES),
        ("workflow/lib/noisebound/ensemble.py", {("fit_latent_basis", "")} | AFTER_TRAINING),
        ("workflow/lib/noisebound/network.py", TRAINING | AFTER_TRAINING),
        ("workflow/lib/noisebound/architecture.py", each(["draw_architecture"], MEMBERS) | TRAINING | AFTER_TRAINING),
        ("workflow/lib/noisebound/cli.py", set()),
        ("workflow/scripts/segment_scan.py", each(["segment_scan"], TINY_SCANS) | EVALUATION | PAGES),
    ],
    ids=lambda value: Path(value).name if isinstance(value, str) else "",
)
def test_edited_source_reruns_what_uses_it(run: Project, file: str, expected: set[tuple[str, str]]) -> None:
    edit(run, file)
    assert run.planned() == expected
