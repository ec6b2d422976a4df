"""A run as a Workflow Run RO-Crate: what went in, what came out, and which job made what, for machines.

Follows Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5) on RO-Crate 1.1. The crate's root is the
folder ``provenance`` of the results. It holds the workflow, the configuration and the scan sheet; results are named by
paths relative to it ("../denoised/a.h5"), so that the folder of a run can be moved as a whole and nothing is copied.
Scans, which may lie anywhere, are named by their content (RFC 6920: "ni:///sha-256;..."). A crate is made to be shared:
no folder outside the results, no machine and no user is named in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rocrate.model import ComputationalWorkflow, Entity

from .. import __version__
from ..core.storage import write_json
from .crate_entities import PROFILES, RO_CRATE, RunCrate, _flat, _present, _status


def write_crate(
    output: str | Path,
    *,
    run: str,
    settings: Mapping[str, Any],
    workflow: str,
    configuration: str,
    sheet: str,
    scans: Sequence[str],
    results: Sequence[str],
    records: Sequence[Mapping[str, Any]],
) -> None:
    """Write ``ro-crate-metadata.json`` to ``output``, which fixes the crate's root.

    ``workflow``, ``configuration`` and ``sheet`` are files that lie in the root already; ``settings`` are the keys of
    the configuration. ``scans`` are the ingested scans, whose sources are the inputs of the run, ``results`` its
    outputs. ``records`` come from ``jobrecords.read_records``. Digests are those that the jobs took; a file without
    one, or changed since, is read.
    """
    home = RunCrate(Path(output).parent, records)
    crate = home.crate
    for scan in scans:
        home.scan_files(scan)
    ended = [record["end"] for record in records if record["end"]]
    begun = [record["start"] for record in records]
    root = crate.root_dataset
    root["name"] = f"Run {run} of noisebound"
    root["description"] = (
        "How the results of this run came about. Files are named relative to this folder, scans by their SHA-256."
    )
    root["license"] = home.context(
        "#licence",
        "CreativeWork",
        name="Not stated",
        description="Who measured the scans decides on the licence of the results.",
    )
    if ended:
        root["datePublished"] = max(ended)
    main = crate.add(
        ComputationalWorkflow(
            crate,
            dest_path=Path(workflow).name,
            properties=home.about(workflow)
            | {
                "@type": [*ComputationalWorkflow.TYPES, "HowTo"],
                "name": "noisebound",
                "version": __version__,
                "license": home.context("https://spdx.org/licenses/BSD-3-Clause", "CreativeWork", name="BSD-3-Clause"),
            },
        )
    )
    crate.mainEntity = main
    engine = home.context(
        "#snakemake",
        "SoftwareApplication",
        name="Snakemake",
        url="https://snakemake.github.io",
        softwareVersion=next((r["versions"]["snakemake"] for r in records if "snakemake" in r["versions"]), None),
    )
    main["programmingLanguage"] = home.context(
        f"{next(reversed(PROFILES)).rpartition('/')[0]}#snakemake",
        "ComputerLanguage",
        name="Snakemake",
        identifier={"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        url={"@id": "https://snakemake.readthedocs.io"},
    )
    crate.metadata["conformsTo"] = [{"@id": f"https://w3id.org/ro/crate/{RO_CRATE}"}, {"@id": next(reversed(PROFILES))}]
    root["conformsTo"] = [
        home.context(identifier, "CreativeWork", name=name, version=version)
        for identifier, (name, version) in PROFILES.items()
    ]
    given = [home.file(configuration), home.file(sheet)]
    given += [
        home.context(f"#parameter-{name}", "PropertyValue", name=name, value=value) for name, value in _flat(settings)
    ]
    steps: dict[str, Entity] = {}
    attempts: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for record in sorted(records, key=lambda one: one["start"]):
        rule = record["rule"]
        if rule not in steps:
            steps[rule] = home.context(f"#step-{rule}", "HowToStep", name=rule, workExample=home.tool(rule, record))
        attempts.setdefault((rule, *record["wildcards"].values()), []).append(record)
    jobs = {words: [home.job(record) for record in of_one] for words, of_one in attempts.items()}
    controls = [
        home.context(
            f"#control-{'-'.join(words)}",
            "ControlAction",
            name=f"orchestrate {' '.join(words)}",
            instrument=steps[words[0]],
            object=jobs[words],
            actionStatus=_status(of_one[-1]),
        )
        for words, of_one in attempts.items()
    ]
    if steps:
        main["step"] = list(steps.values())
        main["hasPart"] = [step["workExample"] for step in steps.values()]
    action = crate.add_action(
        main,
        "#run",
        properties=_present(
            {
                "object": [*dict.fromkeys(home.scans.values()), *given],
                "result": home.entities(results),
                "name": f"Run {run}",
                "description": f"All steps of the workflow on {len(home.scans)} files of scans",
                "startTime": min(begun, default=None),
                "endTime": max(ended, default=None),
                "actionStatus": "http://schema.org/CompletedActionStatus",
            }
        ),
    )
    mentioned = [action, *(job for of_one in jobs.values() for job in of_one)]
    if controls:
        mentioned.append(
            home.context(
                "#engine-run",
                "OrganizeAction",
                name=f"Run of Snakemake for {run}",
                instrument=engine,
                object=controls,
                result=action,
            )
        )
    root["mentions"] = mentioned
    write_json(output, crate.metadata.generate())
