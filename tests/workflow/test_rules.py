"""Properties that every step must have: log, benchmark, resources, a thin script."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from noisebound.digests import library_modules
from tests.imports import rooms_of
from tests.workflow.project import ROOT, Project

RULES = {path.stem: path for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")) if path.stem != "common"}


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_everything_a_cluster_needs(rule: str) -> None:
    text = RULES[rule].read_text(encoding="utf-8")
    assert re.findall(r"^rule (\w+):", text, flags=re.MULTILINE) == [rule]
    for directive in ("output", "log", "benchmark", "conda", "container", "threads", "resources", "params", "script"):
        assert re.search(rf"^    {directive}:", text, flags=re.MULTILINE), f"{rule} has no {directive}"
    assert re.search(r"mem_mb=growing\(\d+\)", text)
    assert re.search(r"runtime=growing\(\d+\)", text)
    assert f'"../../envs/{rule}.yaml"' in text
    assert f'image("{rule}")' in text
    assert f'"../scripts/{rule}.py"' in text
    assert ("gpu=1" in text) == (rule in {"train_member", "fit_latent_basis", "ensemble_scan"})


@pytest.mark.parametrize("rule", RULES)
def test_digest_covers_every_module_the_script_imports(rule: str) -> None:
    declared = re.search(r"library_digest\(([^)]*)\)", RULES[rule].read_text(encoding="utf-8"))
    assert declared is not None
    named = set(library_modules(*re.findall(r'"(\w+)"', declared[1])))
    # What every step has around its call has no part in what it computes.
    rooms = [room for room in rooms_of(ROOT / "workflow" / "scripts" / f"{rule}.py") if room != "steps"]
    assert set(library_modules(*rooms)) <= named


@pytest.mark.parametrize("rule", RULES)
def test_script_is_one_call(rule: str) -> None:
    tree = ast.parse((ROOT / "workflow" / "scripts" / f"{rule}.py").read_text(encoding="utf-8"))
    (body,) = (node for node in tree.body if isinstance(node, ast.With))
    assert isinstance(body.items[0].context_expr, ast.Call)
    (statement,) = body.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert getattr(statement.value.func, "id", "") == rule


def test_library_never_imports_snakemake() -> None:
    for path in (ROOT / "workflow" / "lib" / "noisebound").glob("*.py"):
        assert not re.search(r"^\s*(import|from) snakemake", path.read_text(encoding="utf-8"), flags=re.MULTILINE), path


def test_parsing_loads_no_heavy_package(fresh: Project) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "snakemake", "-n", "--quiet", "--configfile", "config.yaml"]
    done = subprocess.run(command, cwd=fresh.path, capture_output=True, text=True, timeout=120, check=True)
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "noisebound.digests" in loaded
    assert not loaded & {"torch", "h5py", "sklearn", "skimage", "matplotlib", "tifffile", "scipy"}
