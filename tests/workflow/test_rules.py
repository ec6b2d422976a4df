"""Properties that every step must have: log, benchmark, resources, an environment that suffices, a thin script."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from noisebound.digests import library_modules
from tests.imports import imported_packages
from tests.workflow.project import ROOT, Project

RULES = {path.stem: path for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")) if path.stem != "common"}
# Names of packages where the module, the Python package or the conda package is called otherwise.
PYTHON_PACKAGE = {"PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "pyyaml"}
CONDA_PACKAGE = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def third_party(path: Path) -> set[str]:
    """Python packages that a file imports, apart from the standard library, Snakemake and the library itself."""
    found = imported_packages(path) - set(sys.stdlib_module_names) - {"noisebound", "snakemake"}
    return {PYTHON_PACKAGE.get(name, name) for name in found}


def rooms_of(script: Path) -> list[str]:
    """Modules of the library that a script imports."""
    imports = [
        node for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    return [node.module.split(".")[1] for node in imports if node.module and node.module.startswith("noisebound.")]


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8").splitlines()
    found = [
        re.fullmatch(r"([\w-]+)(?:\[\w+\])?==([\w.]+)", line) for line in lines if line and not line.startswith("#")
    ]
    return {match[1]: match[2] for match in found if match}


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
    # The log of a step has no part in what it computes.
    rooms = [room for room in rooms_of(ROOT / "workflow" / "scripts" / f"{rule}.py") if room != "logs"]
    assert set(library_modules(*rooms)) <= named


@pytest.mark.parametrize("rule", RULES)
def test_environment_covers_the_imports_with_the_pinned_versions(rule: str) -> None:
    script = ROOT / "workflow" / "scripts" / f"{rule}.py"
    needed = set().union(third_party(script), *(third_party(module) for module in library_modules(*rooms_of(script))))
    environment = yaml.safe_load((ROOT / "envs" / f"{rule}.yaml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    expected = {f"{CONDA_PACKAGE.get(name, name)} ={pins()[name]}" for name in needed}
    assert {package for package in environment["dependencies"] if not package.startswith("python ")} == expected
    assert any(package.startswith("python =") for package in environment["dependencies"])


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


@pytest.mark.parametrize("prefix", ["images", "images/", None])
def test_containers_come_from_the_configuration(fresh: Project, prefix: str | None) -> None:
    """With a stand-in for Apptainer, which fails, so that only the first steps are tried."""
    program = fresh.path / "programs" / "apptainer"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncase "$*" in *--version*) echo apptainer version 1.4.5;; *) exit 3;; esac\n')
    program.chmod(0o755)
    fresh.configure(software={"containers": prefix})
    target = "results/tiny/architectures/member-0.json"
    done = fresh.snakemake(
        "--software-deployment-method", "apptainer", "--", target, check=False, programs=program.parent
    )
    if prefix is None:
        assert done.returncode == 0
        assert (fresh.path / target).exists()
    else:
        assert done.returncode != 0
        assert "Activating singularity image images/draw_architecture.sif" in done.stdout
