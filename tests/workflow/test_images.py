"""Where the containers of the steps come from, and what is said where there are none. A stand-in for Apptainer, which
only writes down how it was called, and fails: nothing is computed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests.software import steps
from tests.workflow.project import ROOT, Project

TARGET = "results/tiny/architectures/member-0.json"
STAND_IN = """#!/usr/bin/env python3
import json, os, pathlib, sys
if "--version" in sys.argv:
    sys.exit(print("apptainer version 1.4.5"))
with open(pathlib.Path(__file__).parent / "calls.jsonl", "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
sys.exit(3)
"""


@pytest.fixture
def programs(fresh: Project) -> Path:
    """A folder with the stand-in."""
    program = fresh.path / "programs" / "apptainer"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    return program.parent


def put_images(folder: Path, but: str = "") -> None:
    folder.mkdir()
    for step in steps():
        if step != but:
            (folder / f"{step}.sif").touch()


def calls(programs: Path) -> list[list[str]]:
    file = programs / "calls.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize("prefix", ["images", "images/"])
def test_a_folder_of_images(fresh: Project, programs: Path, prefix: str) -> None:
    put_images(fresh.path / "images")
    fresh.configure(software={"containers": prefix})
    done = fresh.snakemake("--sdm", "apptainer", "--", TARGET, check=False, programs=programs)
    assert done.returncode != 0
    assert "images/draw_architecture.sif" in calls(programs)[0]


@pytest.mark.parametrize("prefix", ["oras://registry.example/noisebound", "oras://registry.example/noisebound/"])
def test_a_registry_of_images(fresh: Project, programs: Path, prefix: str) -> None:
    fresh.configure(software={"containers": prefix})
    fresh.snakemake("--sdm", "apptainer", "--", TARGET, check=False, programs=programs)
    assert calls(programs)[0][0] == "pull"
    assert calls(programs)[0][-1] == "oras://registry.example/noisebound/draw_architecture"


def test_a_missing_image_is_named_before_anything_runs(fresh: Project, programs: Path) -> None:
    put_images(fresh.path / "images", but="report_index")
    fresh.configure(software={"containers": "images"})
    done = fresh.snakemake("--sdm", "apptainer", check=False, programs=programs)
    assert done.returncode != 0
    for word in ("config.yaml", "software.containers", "'images'", "images/report_index.sif", "Remedy: ", "make cont"):
        assert word in done.stdout
    assert not calls(programs) and not list(fresh.path.glob("results/*"))


def test_containers_without_a_place_are_refused(fresh: Project, programs: Path) -> None:
    """Steps that were asked to run in containers never run outside of them."""
    done = fresh.snakemake("--sdm", "apptainer", check=False, programs=programs)
    assert done.returncode != 0
    for word in ("config.yaml", "software.containers", "null", "Remedy: ", "containers/images"):
        assert word in done.stdout
    assert not list(fresh.path.glob("results/*"))


def test_images_do_not_matter_to_a_run_without_containers(fresh: Project) -> None:
    fresh.configure(software={"containers": "nowhere"})
    fresh.snakemake("--", TARGET)
    assert (fresh.path / TARGET).exists()


def test_the_profile_reaches_the_command_line_of_apptainer(fresh: Project, programs: Path) -> None:
    shutil.copytree(ROOT / "containers", fresh.path / "containers", ignore=shutil.ignore_patterns("images"))
    put_images(fresh.path / "images")
    fresh.configure(software={"containers": "images"})
    fresh.snakemake("--profile", "containers", "--", TARGET, check=False, programs=programs)
    (call,) = calls(programs)
    profile = yaml.safe_load((ROOT / "containers" / "config.yaml").read_text(encoding="utf-8"))
    arguments = profile["apptainer-args"].split()
    assert arguments == [word for word in call if word in arguments]
    assert os.path.exists(fresh.path / arguments[-1])
