"""Properties that every step must have: log, benchmark, resources, a thin script."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from noisebound.jobs.digests import library_modules
from tests.imports import rooms_of
from tests.workflow.project import ROOT, Project

RULES = {path.stem: path for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")) if path.stem != "common"}


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_everything_a_cluster_needs(rule: str) -> None:
    text = RULES[rule].read_text(encoding="utf-8")
    assert re.findall(r"^rule (\w+):", text, flags=re.MULTILINE) == [rule]
    for directive in ("output", "log", "benchmark", "conda", "container", "threads", "resources", "params", "script"):
        assert re.search(rf"^    {directive}:", text, flags=re.MULTILINE), f"{rule} has no {directive}"
    assert re.search(r"mem_mb=memory\(\d+", text)
    assert re.search(r"runtime=minutes\(\d+", text)
    assert f'"../../envs/{rule}.yaml"' in text
    assert f'image("{rule}")' in text
    assert f'"../scripts/{rule}.py"' in text
    networks = {"train_member", "train_trial", "fit_latent_basis", "ensemble_scan", "compare_ensembles"}
    assert ("gpu=1" in text) == (rule in networks)


@pytest.mark.parametrize("rule", RULES)
def test_digest_covers_every_module_the_script_imports(rule: str) -> None:
    declared = re.search(r"library_digest\(([^)]*)\)", RULES[rule].read_text(encoding="utf-8"))
    assert declared is not None
    named = set(library_modules(*re.findall(r'"([\w.]+)"', declared[1].partition("script=")[0])))
    # What every step has around its call has no part in what it computes.
    rooms = [room for room in rooms_of(ROOT / "workflow" / "scripts" / f"{rule}.py") if not room.startswith("jobs.")]
    assert set(library_modules(*rooms)) <= named


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_hides_what_stands_behind_it(rule: str) -> None:
    """Snakemake forgets changes of jobs that it reaches through ancient files of other jobs alone."""
    assert "ancient(" not in RULES[rule].read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES)
def test_digest_covers_the_script(rule: str) -> None:
    """Its time of change is not looked at."""
    text = RULES[rule].read_text(encoding="utf-8")
    assert f'script=SCRIPTS / "{rule}.py")' in text and f'"../scripts/{rule}.py"' in text


@pytest.mark.parametrize("rule", RULES)
def test_script_is_one_call(rule: str) -> None:
    tree = ast.parse((ROOT / "workflow" / "scripts" / f"{rule}.py").read_text(encoding="utf-8"))
    (body,) = (node for node in tree.body if isinstance(node, ast.With))
    assert isinstance(body.items[0].context_expr, ast.Call)
    (statement,) = body.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert getattr(statement.value.func, "id", "") == rule


def demands(project: Project, rule: str, *arguments: str) -> dict[str, tuple[int, int]]:
    """Memory (MB) and time (minutes) that every job of a rule would ask for, by the value of its wildcard."""
    found = {}
    text = project.snakemake("--dry-run", *arguments).stdout
    for block in re.split(r"^(?=rule \w+:$)", text, flags=re.MULTILINE):
        if block.startswith(f"rule {rule}:"):
            wildcard, memory, time = (
                re.search(pattern, block) for pattern in (r"wildcards: \w+=(\S+)", r"mem_mb=(\d+)", r"runtime=(\d+)")
            )
            assert memory is not None and time is not None
            found[wildcard[1] if wildcard else ""] = (int(memory[1]), int(time[1]))
    return found


def test_demands_grow_with_the_data(fresh: Project) -> None:
    before = demands(fresh, "calibrate_scan")
    file = fresh.path / "data" / "judge.tif"
    with open(file, "ab") as stream:
        stream.truncate(100 * 10**6)
    after = demands(fresh, "calibrate_scan")
    assert after["fresh"] == before["fresh"]
    assert after["judge"][0] == pytest.approx(before["judge"][0] + 30 * 100, abs=10)
    assert after["judge"][1] == pytest.approx(before["judge"][1] + 0.1 * 100, abs=2)


def test_demands_follow_the_site_and_the_work(fresh: Project) -> None:
    before = demands(fresh, "train_member")
    fresh.configure(cluster={"memory": 0.5, "time": 3.0}, training={"steps": 3000 * 10**3})
    after = demands(fresh, "train_member")
    assert after["0"][0] == pytest.approx(before["0"][0] / 2, abs=1)
    assert after["0"][1] > 3 * before["0"][1] + 100


def test_no_job_asks_for_less_than_python_needs(fresh: Project) -> None:
    fresh.configure(cluster={"memory": 0.1, "time": 0.1})
    assert set(demands(fresh, "draw_architecture").values()) == {(500, 2)}


def test_library_never_imports_snakemake() -> None:
    modules = list((ROOT / "workflow" / "lib" / "noisebound").rglob("*.py"))
    assert modules
    for path in modules:
        assert not re.search(r"^\s*(import|from) snakemake", path.read_text(encoding="utf-8"), flags=re.MULTILINE), path


def imported_by_a_dry_run(folder: Path, *arguments: str) -> set[str]:
    """Modules, with their dots, that Python imports for a dry run of the workflow in a folder."""
    command = [sys.executable, "-X", "importtime", "-m", "snakemake", "--cores", "1", "-n", "--quiet", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "import time:" in line}


def test_parsing_loads_what_snakemake_loads_and_the_library_alone(fresh: Project, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(
        'from snakemake.utils import min_version\nmin_version("9.27")\nrule all:\n    output: "x"\n    script: "x.py"\n'
    )
    (tmp_path / "x.py").touch()
    loaded = imported_by_a_dry_run(fresh.path, "--configfile", "config.yaml")
    assert "noisebound.jobs.digests" in loaded
    packages, plain = ({name.split(".")[0] for name in names} for names in (loaded, imported_by_a_dry_run(tmp_path)))
    assert packages - plain - set(sys.stdlib_module_names) == {"noisebound"}
    assert not loaded & {"torch", "h5py", "sklearn", "skimage", "matplotlib", "tifffile", "scipy"}
