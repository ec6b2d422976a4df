"""A copy of the project with small synthetic scans, and what Snakemake would run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "envs")
SHEET_COLUMNS = ("scan", "role", "noisy", "reference", "group")

TINY: dict[str, Any] = {
    "run": "tiny",
    "seed": 7,
    "scans": "scans.tsv",
    "data": {"dimensions": 2, "channels": ["Mg", "Fe"], "kind": "counts", "target_transform": "sqrt"},
    "regions": {"layout": ["TTT", "TTT", "SCE"]},
    "architecture": {
        "members": 2,
        "depth": 2,
        "dilations": [1],
        "channels": [3],
        "latent": 4,
        "hidden": 4,
        "max_radius": 4,
        "parameters": [1, 10000],
    },
    "training": {"steps": 30, "batch": 2, "patch": [24, 24], "select_every": 10, "checkpoint_every": 10},
    "calibration": {"nominal": [0.5, 0.9], "primary": 0.9, "block": 8, "bootstrap": 20},
    "structure": {"components": 3, "tokens": 3, "sample": 500, "repeats": 2},
    "decisions": {
        "exceed": [{"name": "iron-rich", "channel": "Fe", "above": 3.0, "confidence": 0.9}],
        "remeasure": {"size": 8, "count": 2},
    },
}

# One scan for several roles, one judged as a whole, one only applied.
TINY_SCANS = {"field": "split", "judge": "test", "fresh": "apply"}

Jobs = set[tuple[str, str]]


@dataclass(frozen=True)
class Project:
    """A folder in which Snakemake can be started as a user would."""

    path: Path

    def snakemake(
        self,
        *arguments: str,
        check: bool = True,
        programs: Path | None = None,
        variables: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake with the tiny configuration; the output holds stdout and stderr.

        ``programs`` is a folder whose programs are found before the system's; ``variables`` are set for the run.
        """
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "config.yaml", *arguments]
        # Only what the copy itself offers may be importable.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        environment |= variables or {}
        if programs is not None:
            environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"snakemake {' '.join(arguments)} failed:\n{done.stdout[-6000:]}\n{self.logs()}")
        return done

    def planned(self) -> Jobs:
        """What a dry run would run: pairs of rule and the value of its wildcard ("" where it has none)."""
        return jobs_of(self.snakemake("--dry-run").stdout)

    def configure(self, **sections: Any) -> None:
        """Change keys of the configuration; a mapping changes the keys in it, anything else replaces."""
        file = self.path / "config.yaml"
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        for section, value in sections.items():
            config[section] = {**config.get(section, {}), **value} if isinstance(value, dict) else value
        file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def register(self, scan: str, role: str, seed: int) -> None:
        """Write the files of a new synthetic scan and append it to the sheet."""
        noisy = write_scan(self.path, scan, seed)
        with open(self.path / "scans.tsv", "a", encoding="utf-8") as sheet:
            sheet.write("\t".join([scan, role, noisy, "" if role == "apply" else "leave-one-out", ""]) + "\n")

    def logs(self) -> str:
        """The ends of all logs, for the message of a failed test."""
        files = sorted((self.path / "results").glob("*/logs/**/*.log"))
        return "\n".join(f"== {file.name}\n{file.read_text(encoding='utf-8')[-1500:]}" for file in files[-3:])

    def copy(self, path: Path) -> Project:
        """A copy with all results, logs and Snakemake's memory, times of change included."""
        shutil.copytree(self.path, path, symlinks=True)
        return Project(path)


def jobs_of(text: str) -> Jobs:
    """The jobs that the output of a dry run lists."""
    jobs: Jobs = set()
    for block in re.split(r"^(?=(?:local)?rule \w+:$)", text, flags=re.MULTILINE)[1:]:
        rule = re.match(r"(?:local)?rule (\w+):", block)
        wildcards = re.search(r"^    wildcards: \w+=(.*)$", block, flags=re.MULTILINE)
        assert rule is not None
        jobs.add((rule[1], wildcards[1] if wildcards else ""))
    assert jobs or "Nothing to be done" in text, text
    # The target itself computes nothing.
    return {job for job in jobs if job[0] != "all"}


def write_scan(folder: Path, scan: str, seed: int) -> str:
    """Write four Poisson frames of a field with one bright block per channel; returns the file's relative path."""
    random = np.random.default_rng(seed)
    rate = np.full((2, 48, 48), 1.0)
    rate[0, 8:40, 8 : 20 + 4 * (seed % 4)] = 5.0
    rate[1, 20:44, 10:44] = 4.0
    frames = random.poisson(rate, size=(4, *rate.shape)).astype(np.uint16)
    file = folder / "data" / f"{scan}.tif"
    file.parent.mkdir(exist_ok=True)
    tifffile.imwrite(file, frames, metadata={"axes": "RCYX"})
    return f"data/{scan}.tif"


def create(path: Path, scans: dict[str, str] | None = None) -> Project:
    """Copy the project to ``path`` and give it synthetic scans (name to role)."""
    path.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, path / part)
    (path / "config.yaml").write_text(yaml.safe_dump(TINY, sort_keys=False), encoding="utf-8")
    (path / "scans.tsv").write_text("\t".join(SHEET_COLUMNS) + "\n", encoding="utf-8")
    project = Project(path)
    for seed, (scan, role) in enumerate((TINY_SCANS if scans is None else scans).items()):
        project.register(scan, role, seed)
    return project


def each(rules: Iterable[str], values: Iterable[str]) -> Jobs:
    """Every rule with every value of its wildcard."""
    values = list(values)
    return {(rule, value) for rule in rules for value in values}
