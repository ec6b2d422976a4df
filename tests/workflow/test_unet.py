"""A run of U-Nets goes through the same steps as one of random graphs, and to the same pages."""

from __future__ import annotations

import json
from pathlib import Path

from tests.workflow.project import create


def test_a_run_of_unets(tmp_path: Path) -> None:
    run = create(tmp_path / "project", {"field": "split", "fresh": "apply"})
    unet = {"levels": 1, "width": 3, "convolutions": 1}
    run.configure(architecture={"family": "unet", "unet": unet, "max_radius": 5})
    run.snakemake()
    results = run.path / "results" / "tiny"
    members = [json.loads((results / f"architectures/member-{m}.json").read_text()) for m in range(2)]
    assert [(m["family"], m["radius"], m["member"]) for m in members] == [("unet", [5, 5], 0), ("unet", [5, 5], 1)]
    assert members[0]["digest"] == members[1]["digest"]
    weights = [(results / f"members/member-{m}.pt").read_bytes() for m in range(2)]
    assert weights[0] != weights[1]
    page = (results / "report/index.html").read_text(encoding="utf-8")
    assert "Every member is the same U-Net" in page and "random" not in page[page.index('id="networks"') :][:2000]
    assert (results / "denoised/fresh.ome.tif").exists()
    assert not run.planned()
    run.configure(architecture={"depth": 7, "dilations": [1, 2]})
    assert {rule for rule, _ in run.planned()} == {"report_scan", "report_index", "describe_run"}, "pages show all keys"
    run.configure(architecture={"unet": {**unet, "width": 4}})
    assert ("draw_architecture", "0") in run.planned()
