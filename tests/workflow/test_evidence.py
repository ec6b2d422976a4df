"""After a run: a page of its jobs, and a crate that says by digest what went in and what came out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisebound.scans.sheet import read_sheet
from tests.shared_files import leaks, shared_files
from tests.software import SEARCH_STEPS, SIMULATION_STEPS
from tests.workflow.crate_rules import Crate, listed, problems, references
from tests.workflow.project import TINY, TINY_SCANS, Project, write_scan

RESULTS = Path("results/tiny")


@pytest.fixture(scope="session")
def crate(finished: Project) -> Crate:
    return Crate(finished.path / RESULTS / "provenance")


def test_the_crate_follows_its_profiles(crate: Crate) -> None:
    assert problems(crate.folder) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"HowTo"', '"HowTwo"', "no HowTo"),
        ("#tool-evaluate", "#tool-elsewhere", "which is not there"),
        ('"@id": "https://w3id.org/ro/wfrun/provenance/0.5"', '"@id": "https://w3id.org/ro/wfrun/other"', "conform"),
        ('"sha256": "', '"sha256": "0', "another sha256"),
    ],
)
def test_the_check_of_the_crate_finds_what_is_wrong(run: Project, old: str, new: str, words: str) -> None:
    file = run.path / RESULTS / "provenance" / "ro-crate-metadata.json"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1 if "tool" in old else -1), encoding="utf-8")
    assert any(words in problem for problem in problems(file.parent))


def test_inputs_are_named_by_their_content(finished: Project, crate: Crate) -> None:
    (action,) = (entity for entity in crate.of_type("CreateAction") if entity["@id"] == "#run")
    objects = crate.the(action, "object")
    named = {entity["alternateName"]: entity for entity in objects if entity["@id"].startswith("ni:")}
    assert set(named) == {f"data/{scan}.tif" for scan in TINY_SCANS}
    for path, entity in named.items():
        digest = hashlib.sha256((finished.path / path).read_bytes())
        assert entity["sha256"] == digest.hexdigest()
        value = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        assert entity["@id"] == f"ni:///sha-256;{value}"
    parameters = {entity["name"]: entity["value"] for entity in objects if entity["@type"] == "PropertyValue"}
    assert parameters["seed"] == "7" and json.loads(parameters["data.channels"]) == TINY["data"]["channels"]
    assert parameters["training.steps"] == str(TINY["training"]["steps"])
    assert {"config.yaml", "scans.tsv"} <= {entity["@id"] for entity in objects}
    rows = {row.scan: row for row in read_sheet(crate.folder / "scans.tsv")}
    assert rows == {row.scan: row for row in read_sheet(finished.path / "scans.tsv")}
    stored = yaml.safe_load((crate.folder / "config.yaml").read_text(encoding="utf-8"))
    assert stored["seed"] == 7 and stored["calibration"]["nominal"] == TINY["calibration"]["nominal"]


def test_every_result_leads_back_to_a_scan(crate: Crate) -> None:
    """Through the jobs that made it and what they read."""
    made = {
        result: action
        for action in crate.of_type("CreateAction")
        if action["@id"] != "#run"
        for result in references(action["result"])
    }
    found: set[str] = set()
    waiting = ["../denoised/fresh.ome.tif"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(made[name].get("object")) if name in made else []
    assert {crate.entities[name]["alternateName"] for name in found if name.startswith("ni:")} == {
        "data/fresh.tif",
        "data/field.tif",
    }, "trained and calibrated on the one, applied to the other"
    assert {"../members/member-0.pt", "../members/member-1.pt", "../calibration/calibration.json"} <= found


def test_each_step_names_its_software(crate: Crate) -> None:
    from importlib.metadata import version

    (tool,) = (entity for entity in crate.of_type("SoftwareApplication") if entity["name"] == "train_member")
    versions = {entity["name"]: entity["softwareVersion"] for entity in crate.the(tool, "softwareRequirements")}
    assert versions["torch"] == version("torch") and "python" in versions
    times = [entity for entity in crate.of_type("CreateAction") if "train_member" in entity["name"]]
    assert len(times) == 2 and all(entity["startTime"] <= entity["endTime"] for entity in times)


def test_the_page_shows_every_job_and_the_index_leads_there(finished: Project, crate: Crate) -> None:
    page = (finished.path / RESULTS / "report" / "jobs.html").read_text(encoding="utf-8")
    steps = {entity["name"] for entity in crate.of_type("HowToStep")}
    rules = {path.stem for path in (finished.path / "workflow/rules").glob("*.smk")}
    assert steps == rules - {"common", "describe_run", *SIMULATION_STEPS, *SEARCH_STEPS}
    for name in steps:
        assert re.search(rf'<td class="name">{name}</td>', page), name
    assert "What had to be repeated" not in page
    index = (finished.path / RESULTS / "report" / "index.html").read_text(encoding="utf-8")
    assert 'href="jobs.html"' in index


def test_no_person_is_named(crate: Crate) -> None:
    assert not crate.of_type("Person") and not any("agent" in entity for entity in crate.graph)


def test_what_people_share_names_no_folder_no_machine_and_no_user(run: Project, tmp_path: Path) -> None:
    """A scan in somebody's home is added and computed for real; its name alone goes into what is shared."""
    home = tmp_path / "hostile-home" / "alice-q7"
    data = home / "secret-project"
    data.mkdir(parents=True)
    noisy = run.path / write_scan(run.path, "private", seed=11)
    noisy.rename(data / "private.tif")
    with open(run.path / "scans.tsv", "a", encoding="utf-8") as sheet:
        sheet.write("\t".join(["private", "apply", str(data / "private.tif"), "", ""]) + "\n")
    # The real name of the machine may be so short that it stands in any file by chance.
    renamed = "import platform, socket\nsocket.gethostname = platform.node = lambda: 'node-hostile-q7'\n"
    (tmp_path / "sitecustomize.py").write_text(renamed, encoding="utf-8")
    variables = {"HOME": str(home), "USER": "alice-q7", "LOGNAME": "alice-q7", "PYTHONPATH": str(tmp_path)}
    run.snakemake(variables=variables)
    folder = run.path / RESULTS
    for file in (folder / "provenance" / "jobs").rglob("*.json"):
        record = json.loads(file.read_text(encoding="utf-8"))
        record["process"]["host"] = "node-hostile-q7"
        file.write_text(json.dumps(record), encoding="utf-8")
    run.snakemake("--forcerun", "describe_run", variables=variables)
    files = shared_files(folder)
    assert {".h5", ".tif", ".csv", ".json", ".html", ".svg", ".png", ".pt", ".npz", ".yaml", ".tsv"} <= {
        file.suffix for file in files
    }
    words = [str(tmp_path), str(run.path), "alice-q7", "secret-project", "node-hostile-q7"]
    assert leaks(files, [*words, f"{Path.home()}/"]) == []
    assert "private.tif" in (folder / "report" / "scans" / "private.html").read_text(encoding="utf-8")
    jobs = (folder / "report" / "jobs.html").read_text(encoding="utf-8")
    assert "node-hostile-q7" in jobs, "where it may"
    assert problems(folder / "provenance") == []


def test_a_job_that_failed_shows_in_both(run: Project) -> None:
    folder = run.path / RESULTS / "provenance" / "jobs" / "evaluate"
    (file,) = folder.iterdir()
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    record |= {"state": "failed", "error": "no <space> left", "start": "2020-01-01T00:00:00+00:00"}
    record["process"]["token"] = "f" * 32
    (folder / f"run.{'f' * 12}.json").write_text(json.dumps(record), encoding="utf-8")
    run.snakemake("--forcerun", "describe_run")
    crate = Crate(run.path / RESULTS / "provenance")
    assert problems(crate.folder) == []
    failed = crate.entities[f"#job-{'f' * 32}"]
    assert (
        failed["actionStatus"] == "http://schema.org/FailedActionStatus"
        and failed["error"] == "failed; report/jobs.html says why"
    )
    assert len(listed(crate.entities["#control-evaluate"]["object"])) == 2
    page = (run.path / RESULTS / "report" / "jobs.html").read_text(encoding="utf-8")
    assert "no &lt;space&gt; left" in page and "What had to be repeated" in page


def test_results_without_records_are_named_by_what_they_hold(run: Project) -> None:
    """As after an update from a version that kept none, and where a file was changed since."""
    for file in (run.path / RESULTS / "provenance" / "jobs" / "calibrate_scan").iterdir():
        file.unlink()
    changed = run.path / RESULTS / "evaluation" / "coverage.csv"
    changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    run.snakemake("--forcerun", "describe_run", "--rerun-triggers", "params")
    assert problems(run.path / RESULTS / "provenance") == []
