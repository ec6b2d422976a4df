"""Simulated scans go the way of measured ones, and the comparison on them is part of the run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.workflow.project import ROOT, Project, create

ROLES = ("train", "calibrate", "test")


@pytest.fixture
def simulated(tmp_path: Path) -> Project:
    """A tiny run whose scans are simulated, before anything ran."""
    run = create(tmp_path / "project", {})
    rows = ["scan\trole\tnoisy\treference\tgroup\ttruth"]
    for role in ROLES:
        file = f"results/tiny/simulated/{role}.h5"
        rows.append(f"{role}\t{role}\t{file}:/noisy\t{file}:/reference\t\t{file}:/truth")
    (run.path / "scans.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    run.configure(
        data={"channels": ["intensity"], "kind": "intensity", "target_transform": "none"},
        regions={"layout": None},
        simulation={
            "scans": [{"scan": role, "images": 4, "seed": seed} for seed, role in enumerate(ROLES)],
            "size": 32,
            "reference_noise": 0.1,
            "subsets": 5,
        },
        architecture={"max_radius": 5, "unet": {"levels": 1, "width": 3, "convolutions": 1}},
        training={"steps": 10},
        decisions={"exceed": []},
    )
    return run


def test_the_comparison_of_simulated_scans(simulated: Project) -> None:
    planned = simulated.planned()
    for rule in ("simulate_scan", "ingest_scan", "report_scan"):
        assert {(rule, role) for role in ROLES} <= planned, "simulated scans take every step of measured ones"
    simulated.snakemake("--", "report")
    results = simulated.path / "results" / "tiny"
    summary = json.loads((results / "comparison/summary.json").read_text(encoding="utf-8"))
    assert summary["images"] == {"calibrate": 4, "test": 4} and not summary["reference_is_truth"]
    regions = json.loads((results / "regions/train.json").read_text(encoding="utf-8"))
    # A margin of 5 px would not be whole blocks of the U-Net, which halves its images once.
    assert [box["lower"] for box in regions["boxes"]] == [[6, 6], [6, 50], [50, 6], [50, 50]]
    table = pd.read_csv(results / "comparison/curves.csv")
    assert sorted(set(zip(table["family"], table["members"], strict=True))) == [
        ("random", 1),
        ("random", 2),
        ("unet", 1),
        ("unet", 2),
    ]
    page = (results / "report/comparison.html").read_text(encoding="utf-8")
    assert "0.9754 → 0.9810" in page
    assert 'href="comparison.html"' in (results / "report/index.html").read_text(encoding="utf-8")
    # Other noise on the reference makes other scans, and so other networks.
    simulated.configure(simulation={"reference_noise": 0.0})
    assert {("simulate_scan", "test"), ("ingest_scan", "test"), ("train_unet", "1")} <= simulated.planned()


@pytest.mark.parametrize("small", [False, True])
def test_the_shipped_presets_plan_the_published_experiment(tmp_path: Path, small: bool) -> None:
    project = create(tmp_path / "project", {})
    shutil.copytree(ROOT / "config", project.path / "config")
    presets = ["config/synthetic.yaml", *(["config/synthetic-small.yaml"] if small else [])]
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--configfile", *presets]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, timeout=120, check=True)
    counts = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2 and line[:1].islower())
    members = "3" if small else "25"
    assert counts["train_member"] == counts["train_unet"] == members
    assert counts["simulate_scan"] == "3" and counts["compare_ensembles"] == counts["report_comparison"] == "1"
