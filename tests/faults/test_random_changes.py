"""Random changes of configuration and scans on a finished run: every missing job is planned, and no superfluous one."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml
from hypothesis import HealthCheck, given, seed, settings

from noisebound.settings.canonical import canonical_settings
from tests.faults.changes import SCANS, SETTINGS, WRITINGS, Change, combinations
from tests.faults.model import World, expected_jobs
from tests.faults.planner import plan
from tests.workflow.project import ROOT, TINY_SCANS, Project, write_scan

EXAMPLES = int(os.environ.get("NOISEBOUND_FAULTS_CHANGES", "300"))
SEED = int(os.environ.get("NOISEBOUND_FAULTS_SEED") or secrets.randbelow(2**31))
PARTS = 6


@pytest.fixture(scope="module")
def project(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished run with the files of scans that are not part of it yet."""
    copied = finished.copy(tmp_path_factory.mktemp("changed") / "project")
    write_scan(copied.path, "more", seed=21)
    write_scan(copied.path, "other", seed=22)
    return copied


@pytest.fixture(scope="module")
def world(project: Project) -> World:
    """The finished run as the model sees it."""
    provenance = project.path / "results" / "tiny" / "provenance" / "config.yaml"
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    filled = _with_defaults(yaml.safe_load((project.path / "config.yaml").read_text(encoding="utf-8")), schema)
    assert yaml.safe_load(provenance.read_text(encoding="utf-8"))["training"]["steps"] == filled["training"]["steps"]
    return World(canonical_settings(filled, schema), dict(TINY_SCANS))


def _with_defaults(content: dict, schema: dict) -> dict:
    """The defaults of the schema filled in by a walk of our own; Snakemake's is part of what is tested."""
    for key, described in schema.get("properties", {}).items():
        if "default" in described:
            content.setdefault(key, described["default"])
        if isinstance(content.get(key), dict):
            content[key] = _with_defaults(dict(content[key]), described)
        elif isinstance(content.get(key), list) and described.get("items", {}).get("properties"):
            content[key] = [_with_defaults(dict(entry), described["items"]) for entry in content[key]]
    return content


@contextmanager
def changed(project: Project, after: World, changes: list[Change]) -> Iterator[None]:
    """The project with its configuration, its sheet and its files changed, and put back afterwards."""
    kept = project.path.with_name("kept")
    kept.mkdir()
    files = [*project.path.glob("data/*.tif"), project.path / "config.yaml", project.path / "scans.tsv"]
    for file in files:
        shutil.copy2(file, kept / file.name)
    try:
        configuration = yaml.safe_load((project.path / "config.yaml").read_text(encoding="utf-8"))
        for change in changes:
            change.configuration(configuration)
            change.files(project.path)
        (project.path / "config.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
        rows = ["scan\trole\tnoisy\treference\tgroup"]
        for scan, role in after.roles.items():
            rows.append(f"{scan}\t{role}\tdata/{scan}.tif\t{'' if role == 'apply' else 'leave-one-out'}\t")
        (project.path / "scans.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        yield
    finally:
        for file in files:
            shutil.copy2(kept / file.name, file)
        shutil.rmtree(kept)


def compare(project: Project, world: World, changes: list[Change]) -> None:
    after = world.copy()
    for change in changes:
        change.world(after)
    with changed(project, after, changes):
        planned, expected = plan(project.path), expected_jobs(world, after)
    assert planned == expected, f"{changes}: missing {expected - planned}, superfluous {planned - expected}"


@pytest.mark.parametrize("change", [*SCANS, *SETTINGS, *WRITINGS], ids=repr)
def test_one_change(project: Project, world: World, change: Change) -> None:
    """Each change that the random combinations are made of, alone: what is wrong here is wrong without company."""
    compare(project, world, [change])


@pytest.mark.parametrize("part", range(PARTS))
def test_changes_in_company(project: Project, world: World, part: int) -> None:
    """In parts, so that several processes can share the work."""
    number = SEED + part
    print(f"\nNOISEBOUND_FAULTS_SEED={SEED}: part {part}, {EXAMPLES // PARTS} combinations of changes")

    @seed(number)
    @settings(max_examples=EXAMPLES // PARTS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(changes=combinations)
    def plan_as_expected(changes: list[Change]) -> None:
        compare(project, world, changes)

    plan_as_expected()
