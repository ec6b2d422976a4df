"""The entities of a Workflow Run RO-Crate: files, jobs, software, and how they are linked."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
from rocrate.model import ContextEntity, Entity
from rocrate.rocrate import ROCrate

from ..core.sharing import shared_path
from ..core.sources import split_source
from ..jobs.records import FAILED, FINISHED, describe_file

RO_CRATE = "1.1"
WORKFLOW_RUN = "https://w3id.org/ro/terms/workflow-run"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
# What a job took: name, key of its record, definition of the quantity, unit.
USAGE = (
    ("wall time", "wall_s", "https://slurm.schedmd.com/sacct.html#OPT_Elapsed", "https://qudt.org/vocab/unit/SEC"),
    ("CPU time", "cpu_s", "https://slurm.schedmd.com/sacct.html#OPT_TotalCPU", "https://qudt.org/vocab/unit/SEC"),
    (
        "peak memory",
        "peak_memory_bytes",
        "https://slurm.schedmd.com/sacct.html#OPT_MaxRSS",
        "https://qudt.org/vocab/unit/BYTE",
    ),
)
MEDIA_TYPES = {
    "": "text/plain",
    ".csv": "text/csv",
    ".h5": "application/x-hdf5",
    ".html": "text/html",
    ".json": "application/json",
    ".npz": "application/zip",
    ".png": "image/png",
    ".pt": "application/zip",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
}
TOUCHED = 600e9  # nanoseconds after the end of a job in which Snakemake may still set the time of its outputs


class RunCrate:
    """The crate under construction: entities are made once and found again by the path or name they stand for."""

    def __init__(self, home: str | Path, records: Sequence[Mapping[str, Any]]) -> None:
        self.home = Path(home)
        self.crate = ROCrate(version=RO_CRATE)
        self.crate.metadata.extra_contexts.append(f"{WORKFLOW_RUN}/context")
        self.known = {output["path"]: output for record in records for output in record["outputs"]}
        self.scans: dict[str, Entity] = {}
        self.files: dict[str, Entity] = {}
        self.machines: dict[str, int] = {}

    def context(self, name_of: str, kind: str, /, **properties: Any) -> Entity:
        """The contextual entity of that ``@id``, made with ``properties`` where there is none yet."""
        found = self.crate.get(name_of)
        return found or self.crate.add(
            ContextEntity(self.crate, name_of, properties={"@type": kind, **_present(properties)})
        )

    def file(self, path: str, **properties: Any) -> Entity:
        """A file of the results with its size and SHA-256."""
        if path not in self.files:
            place = Path(os.path.relpath(path, self.home)).as_posix()
            self.files[path] = self.crate.add_file(dest_path=place, properties=self.about(path) | properties)
        return self.files[path]

    def about(self, path: str) -> dict[str, Any]:
        """Name, media type, size and SHA-256 of a file; from its job's record unless it seems to have changed since."""
        recorded = self.known.get(path, {})
        status = os.stat(path)
        same = (
            recorded.get("bytes") == status.st_size
            and 0 <= status.st_mtime_ns - recorded.get("mtime_ns", status.st_mtime_ns + 1) <= TOUCHED
        )
        content = recorded if same else describe_file(path)
        return _present(
            {
                "name": Path(path).name,
                "encodingFormat": MEDIA_TYPES.get(Path(path).suffix),
                "contentSize": str(content["bytes"]),
                "sha256": content["sha256"],
            }
        )

    def scan_files(self, path: str | Path) -> None:
        """The files that a scan was read from, with the SHA-256 that they had then."""
        with h5py.File(path) as stored:
            sources = json.loads(stored.attrs["sources"])
        for source in sources:
            place = split_source(source["path"])[0]
            digest = base64.urlsafe_b64encode(bytes.fromhex(source["sha256"])).decode("ascii").rstrip("=")
            identifier = f"ni:///sha-256;{digest}"
            self.scans[place] = self.crate.get(identifier) or self.crate.add_file(
                identifier,
                properties=_present(
                    {
                        "name": Path(place).name,
                        "alternateName": shared_path(place),
                        "encodingFormat": MEDIA_TYPES.get(Path(place).suffix),
                        "sha256": source["sha256"],
                    }
                ),
            )

    def entities(self, paths: Iterable[str]) -> list[Entity]:
        """Entities of files of the results or scans; those that are elsewhere, or no longer there, are left out."""
        return [
            self.scans[path] if path in self.scans else self.file(path)
            for path in dict.fromkeys(paths)
            if path in self.scans or (os.path.isfile(path) and self.is_result(path))
        ]

    def is_result(self, path: str) -> bool:
        """Whether a file lies in the folder of the run, where its relative path names nothing of the machine."""
        return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(self.home.parent))

    def machine(self, record: Mapping[str, Any]) -> str:
        """The machine of a job, by a number: a crate is shared, and names no machine."""
        name = str((record.get("slurm") or {}).get("node") or record["process"]["host"])
        return f"machine {self.machines.setdefault(name, len(self.machines) + 1)}"

    def tool(self, rule: str, record: Mapping[str, Any]) -> Entity:
        """A step's program with the versions of the packages that it had."""
        versions = dict(record["versions"])
        return self.context(
            f"#tool-{rule}",
            "SoftwareApplication",
            name=rule,
            description=f"workflow/scripts/{rule}.py of noisebound",
            softwareVersion=versions.pop("noisebound", None),
            softwareRequirements=[
                self.context(f"#software-{name}-{version}", "SoftwareApplication", name=name, softwareVersion=version)
                for name, version in versions.items()
                if name not in ("platform", "snakemake")
            ],
        )

    def job(self, record: Mapping[str, Any]) -> Entity:
        """The execution of a step by one job."""
        identifier = f"#job-{record['process']['token']}"
        words = " ".join([record["rule"], *record["wildcards"].values()])
        finished = record["state"] == FINISHED
        image = record.get("image")
        usage = [
            self.context(
                f"{identifier}-{key}",
                "PropertyValue",
                name=name,
                propertyID=meaning,
                unitCode=unit,
                value=str(record[key]),
            )
            for name, key, meaning, unit in USAGE
            if record.get(key) is not None
        ]
        return self.crate.add_action(
            self.tool(record["rule"], record),
            identifier,
            properties=_present(
                {
                    "object": self.entities(record["inputs"]),
                    "result": self.entities(output["path"] for output in record["outputs"]) if finished else None,
                    "name": f"{words}, attempt {record['attempt']}",
                    "description": _where(record, self.machine(record)),
                    "startTime": record["start"],
                    "endTime": record["end"],
                    "actionStatus": _status(record),
                    # What a job said may name folders and machines.
                    "error": f"{record['state']}; report/jobs.html says why" if not finished else None,
                    "containerImage": image
                    and self.context(
                        f"#image-{image}",
                        "ContainerImage",
                        name=image,
                        additionalType={"@id": f"{WORKFLOW_RUN}#SIFImage"},
                    ),
                    "resourceUsage": usage,
                }
            ),
        )


def _status(record: Mapping[str, Any]) -> str:
    return f"http://schema.org/{'Completed' if record['state'] == FINISHED else 'Failed'}ActionStatus"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Dotted keys with their values as text; lists as JSON."""
    found = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            found += _flat(value, f"{name}.")
        else:
            found.append((name, value if isinstance(value, str) else json.dumps(value)))
    return found


def _present(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known, and single values as such."""
    known = {key: value for key, value in properties.items() if value is not None and value != []}
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in known.items()}


def _where(record: Mapping[str, Any], machine: str) -> str:
    """Machine, batch job and device in one line."""
    slurm, device = record.get("slurm") or {}, record.get("device") or {}
    words = [f"on {machine}"]
    if slurm.get("job"):
        words.append(f"Slurm job {slurm['job']}")
    if device:
        words.append(str(device["name"]))
    if record["state"] not in (FINISHED, FAILED):
        words.append(record["state"])
    return ", ".join(words)
