"""A run of a few small files, with the records of its jobs: what a crate is made from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from noisebound.core.storage import sha256_file
from noisebound.jobs.records import describe_file
from noisebound.provenance.crate import CrateFiles
from tests.unit.run_records import record


@dataclass
class SmallRun:
    """Files of a run in a folder ``results/demo``; ``source`` is the file of its only scan."""

    folder: Path
    source: Path
    scan: Path
    members: list[Path]
    table: Path

    @property
    def crate(self) -> CrateFiles:
        home = self.folder / "provenance"
        return CrateFiles(
            metadata=home / "ro-crate-metadata.json",
            workflow=home / "Snakefile",
            configuration=home / "config.yaml",
            sheet=home / "scans.tsv",
        )

    def records(self) -> list[dict[str, Any]]:
        """An ingest, two networks (the second in its second attempt), and a table, in this order."""

        def took(inputs: list[Path], outputs: list[Path]) -> dict[str, Any]:
            return {"inputs": [str(path) for path in inputs], "outputs": [describe_file(path) for path in outputs]}

        cpu = {"device": {"kind": "cpu", "name": "Example CPU", "visible": None, "peak_memory_bytes": None}}
        ingest = {"wildcards": {"scan": "map"}, **cpu, **took([self.source], [self.scan])}
        lost = {"wildcards": {"member": "1"}, "state": "cut off", "end": None, "wall_s": None}
        again = {"wildcards": {"member": "1"}, "attempt": 2}
        return [
            record("ingest_scan", 0, **ingest),
            record(number=1, wildcards={"member": "0"}, **took([self.scan], self.members[:1])),
            record(number=2, **lost, inputs=[str(self.scan)]),
            record(number=3, **again, **took([self.scan], self.members[1:])),
            record("evaluate", 4, wildcards={}, slurm=None, image="evaluate.sif", **took(self.members, [self.table])),
        ]


def write_small_run(folder: Path) -> SmallRun:
    """Write the files; those of the crate but for its metadata are there too."""
    source, home = folder / "data" / "map.h5", folder / "results" / "demo"
    run = SmallRun(
        folder=home,
        source=source,
        scan=home / "scans" / "map.h5",
        members=[home / "members" / f"member-{number}.pt" for number in range(2)],
        table=home / "evaluation" / "coverage.csv",
    )
    for path in (source, *run.members, run.table):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {path.name}\n", encoding="utf-8")
    run.scan.parent.mkdir()
    sources = [{"path": f"{source}:/entry/data", "sha256": sha256_file(source), "part": "noisy"}]
    with h5py.File(run.scan, "w") as file:
        file.attrs["sources"] = json.dumps(sources)
    for path in (run.crate.workflow, run.crate.configuration, run.crate.sheet):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(f"content of {Path(path).name}\n", encoding="utf-8")
    return run
