"""Which software every step is given, by its environment and by its image, and which it imports."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

from noisebound.jobs.digests import library_modules
from tests.imports import imported_packages, rooms_of

ROOT = Path(__file__).resolve().parents[1]

# Names of Python packages where the module, or the package on conda-forge, is called otherwise.
PACKAGE_OF_MODULE = {"PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "pyyaml"}
CONDA_NAME = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
# What conda-forge calls as the Python package index does. Look a package up there before adding it.
SAME_NAME = {
    *("h5py", "jinja2", "markupsafe", "numba", "numpy", "pandas", "pillow", "psutil", "pyyaml", "rocrate"),
    *("scikit-image", "scikit-learn", "scipy", "threadpoolctl", "tifffile"),
}


def steps() -> list[str]:
    """Names of all rules that run a script, as the workflow has them, sorted."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    rules = re.split(r"^(?=rule \w+:$)", text, flags=re.MULTILINE)
    return sorted(rule.split(":")[0].removeprefix("rule ") for rule in rules if re.search(r"^    script:", rule, re.M))


# Steps that a run has only where scans are simulated.
SIMULATION_STEPS = ("compare_ensembles", "report_comparison", "simulate_scan")
# Steps of the target `search` alone.
SEARCH_STEPS = ("rank_trials", "train_trial")


def script_of(step: str) -> Path:
    return ROOT / "workflow" / "scripts" / f"{step}.py"


def third_party(path: Path) -> set[str]:
    """Python packages that a file imports, apart from the standard library, Snakemake and the library itself."""
    found = imported_packages(path) - set(sys.stdlib_module_names) - {"noisebound", "snakemake"}
    return {PACKAGE_OF_MODULE.get(name, name) for name in found}


def imports_of(step: str) -> set[str]:
    """Python packages that a step imports, at the top of a file or later, itself or through the library."""
    script = script_of(step)
    return set().union(*(third_party(path) for path in [script, *library_modules(*rooms_of(script))]))


def environment(step: str) -> dict[str, str]:
    """What the conda environment of a step asks for: package on conda-forge to version."""
    content = yaml.safe_load((ROOT / "envs" / f"{step}.yaml").read_text(encoding="utf-8"))
    entries = [re.fullmatch(r"([a-z0-9-]+) =(\d[\d.]*\d)", str(entry)) for entry in content["dependencies"]]
    assert all(entries), f"{step}: every entry is <package> =<version>, and none is for pip: {content['dependencies']}"
    return {entry[1]: entry[2] for entry in entries if entry}


def image(step: str) -> dict[str, str]:
    """What the image of a step installs on top of the base: Python package to version."""
    text = (ROOT / "containers" / f"{step}.def").read_text(encoding="utf-8")
    return dict(re.findall(r"^ +([\w-]+)==([\w.]+)(?: \\)?$", text, flags=re.MULTILINE))


def pins(*files: str) -> dict[str, str]:
    """Exact versions in files of ``requirements/``: Python package, in small letters, to version."""
    found: dict[str, str] = {}
    for file in files:
        text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
        found |= re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)$", text, flags=re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in found.items()}
