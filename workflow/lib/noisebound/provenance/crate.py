"""A run as a Workflow Run RO-Crate, for machines: what went in, what came out, and which job made what.

Follows Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5) on RO-Crate 1.1. The crate's root is the
folder ``provenance`` of the results. It holds the workflow, the configuration and the scan sheet. Results are named by
paths relative to it ("../denoised/a.h5"), so that the folder of a run can be moved as a whole and nothing is copied.
Scans, which may lie anywhere, are named by their content (RFC 6920: "ni:///sha-256;..."). A crate is made to be shared:
it names no folder outside the results, no machine and no user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rocrate.model import ComputationalWorkflow, Entity

from .. import __version__
from ..core.storage import write_json
from .crate_entities import RO_CRATE, RunCrate, present
from .crate_jobs import add_jobs

Record = Mapping[str, Any]

# Name and version of the profiles that a crate follows; the most specific one comes last.
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
WORKFLOW_RO_CRATE = next(reversed(PROFILES))


@dataclass(frozen=True)
class CrateFiles:
    """Files in the root of a crate.

    Attributes
    ----------
    metadata
        ``ro-crate-metadata.json``; its folder is the root of the crate.
    workflow
        Main file of the workflow.
    configuration
        The configuration, as YAML.
    sheet
        The scan sheet.
    """

    metadata: str | Path
    workflow: str | Path
    configuration: str | Path
    sheet: str | Path


def write_crate(
    files: CrateFiles,
    *,
    run: str,
    settings: Mapping[str, Any],
    scans: Sequence[str],
    results: Sequence[str],
    records: Sequence[Record],
) -> None:
    """Write the metadata of a crate.

    Parameters
    ----------
    files
        ``metadata`` is written; the other files must lie there already.
    run
        Name of the run.
    settings
        The configuration; every key becomes a parameter of the run.
    scans
        Ingested scans; the files that they were read from are the inputs of the run.
    results
        Outputs of the run.
    records
        Records of the jobs (:func:`noisebound.jobs.records.read_records`). Digests of files are taken from them; a file
        without one, or changed since, is read.
    """
    crate = RunCrate(Path(files.metadata).parent, records)
    for scan in scans:
        crate.add_sources(scan)
    _describe_root(crate, run, records)
    main = _add_workflow(crate, str(files.workflow))
    engine = _add_engine(crate, main, records)
    _state_profiles(crate)
    given = [crate.file(str(files.configuration)), crate.file(str(files.sheet)), *_add_parameters(crate, settings)]
    jobs, controls = add_jobs(crate, main, records)
    action = _add_run(crate, main, run, given, results, records)
    mentioned = [action, *jobs]
    if controls:
        mentioned.append(
            crate.context(
                "#engine-run",
                "OrganizeAction",
                name=f"Run of Snakemake for {run}",
                instrument=engine,
                object=controls,
                result=action,
            )
        )
    crate.crate.root_dataset["mentions"] = mentioned
    write_json(files.metadata, crate.crate.metadata.generate())


def _describe_root(crate: RunCrate, run: str, records: Sequence[Record]) -> None:
    root = crate.crate.root_dataset
    root["name"] = f"Run {run} of noisebound"
    root["description"] = (
        "How the results of this run came about. Files are named relative to this folder, scans by their SHA-256."
    )
    root["license"] = crate.context(
        "#licence",
        "CreativeWork",
        name="Not stated",
        description="Who measured the scans decides on the licence of the results.",
    )
    ended = _times(records, "end")
    if ended:
        root["datePublished"] = max(ended)


def _add_workflow(crate: RunCrate, path: str) -> Entity:
    """Add the main file of the workflow as the main entity of the crate."""
    bsd = crate.context("https://spdx.org/licenses/BSD-3-Clause", "CreativeWork", name="BSD-3-Clause")
    main = crate.crate.add(
        ComputationalWorkflow(
            crate.crate,
            dest_path=Path(path).name,
            properties=crate.properties_of(path)
            | {
                "@type": [*ComputationalWorkflow.TYPES, "HowTo"],
                "name": "noisebound",
                "version": __version__,
                "license": bsd,
            },
        )
    )
    crate.crate.mainEntity = main
    return main


def _add_engine(crate: RunCrate, main: Entity, records: Sequence[Record]) -> Entity:
    """Add Snakemake, as the engine that ran the workflow and as the language that it is written in."""
    versions = (record["versions"] for record in records)
    engine = crate.context(
        "#snakemake",
        "SoftwareApplication",
        name="Snakemake",
        url="https://snakemake.github.io",
        softwareVersion=next((of_job["snakemake"] for of_job in versions if "snakemake" in of_job), None),
    )
    main["programmingLanguage"] = crate.context(
        f"{WORKFLOW_RO_CRATE.rpartition('/')[0]}#snakemake",
        "ComputerLanguage",
        name="Snakemake",
        identifier={"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        url={"@id": "https://snakemake.readthedocs.io"},
    )
    return engine


def _state_profiles(crate: RunCrate) -> None:
    """State what the crate conforms to."""
    followed = [f"https://w3id.org/ro/crate/{RO_CRATE}", WORKFLOW_RO_CRATE]
    crate.crate.metadata["conformsTo"] = [{"@id": identifier} for identifier in followed]
    crate.crate.root_dataset["conformsTo"] = [
        crate.context(identifier, "CreativeWork", name=name, version=version)
        for identifier, (name, version) in PROFILES.items()
    ]


def _add_parameters(crate: RunCrate, settings: Mapping[str, Any]) -> list[Entity]:
    """Add every key of the configuration with its value, as text."""
    return [
        crate.context(f"#parameter-{name}", "PropertyValue", name=name, value=value)
        for name, value in flat_settings(settings)
    ]


def _add_run(
    crate: RunCrate,
    main: Entity,
    run: str,
    given: Sequence[Entity],
    results: Sequence[str],
    records: Sequence[Record],
) -> Entity:
    """Add the run as one action: it takes the files of the scans and what was ``given``, and makes the ``results``."""
    return crate.crate.add_action(
        main,
        "#run",
        properties=present(
            {
                "object": [*dict.fromkeys(crate.scans.values()), *given],
                "result": crate.entities(results),
                "name": f"Run {run}",
                "description": f"All steps of the workflow on {len(crate.scans)} files of scans",
                "startTime": min(_times(records, "start"), default=None),
                "endTime": max(_times(records, "end"), default=None),
                "actionStatus": "http://schema.org/CompletedActionStatus",
            }
        ),
    )


def _times(records: Sequence[Record], key: str) -> list[str]:
    return [record[key] for record in records if record[key]]


def flat_settings(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """List the settings by dotted keys, in their order.

    Parameters
    ----------
    settings
        A configuration; sections are mappings in it.
    prefix
        Text before each key.

    Returns
    -------
    list of tuple of str
        Pairs of key and value, such as ("training.steps", "1000"). Text stands as it is, every other value as JSON.
    """
    found = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            found += flat_settings(value, f"{name}.")
        else:
            found.append((name, value if isinstance(value, str) else json.dumps(value)))
    return found
