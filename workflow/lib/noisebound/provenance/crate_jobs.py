"""The steps and jobs of a Workflow Run RO-Crate: which program ran where, with which software, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rocrate.model import Entity

from ..jobs.records import FAILED, FINISHED
from .crate_entities import WORKFLOW_RUN, RunCrate, present

Record = Mapping[str, Any]

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


def add_jobs(crate: RunCrate, main: Entity, records: Sequence[Record]) -> tuple[list[Entity], list[Entity]]:
    """Add all steps, their programs, and the jobs that ran them.

    Parameters
    ----------
    crate
        The crate under construction.
    main
        Entity of the workflow, which gets the steps and the programs.
    records
        Records of all jobs, every attempt.

    Returns
    -------
    jobs : list of Entity
        One action per attempt, grouped by job in the order in which the jobs began.
    controls : list of Entity
        One action of the workflow engine per job, which refers to the attempts.
    """
    steps: dict[str, Entity] = {}
    attempts: dict[tuple[str, ...], list[Record]] = {}
    for record in sorted(records, key=lambda one: one["start"]):
        rule = record["rule"]
        if rule not in steps:
            tool = _tool(crate, record)
            steps[rule] = crate.context(f"#step-{rule}", "HowToStep", name=rule, workExample=tool)
        attempts.setdefault((rule, *record["wildcards"].values()), []).append(record)
    machines = _number_machines([record for of_one in attempts.values() for record in of_one])
    jobs = {words: [_job(crate, record, machines) for record in of_one] for words, of_one in attempts.items()}
    controls = [
        crate.context(
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
    return [job for of_one in jobs.values() for job in of_one], controls


def _tool(crate: RunCrate, record: Record) -> Entity:
    """The program of a job's step, with the versions of the packages that the job had."""
    rule, versions = record["rule"], dict(record["versions"])
    return crate.context(
        f"#tool-{rule}",
        "SoftwareApplication",
        name=rule,
        description=f"workflow/scripts/{rule}.py of noisebound",
        softwareVersion=versions.pop("noisebound", None),
        softwareRequirements=[
            crate.context(f"#software-{name}-{version}", "SoftwareApplication", name=name, softwareVersion=version)
            for name, version in versions.items()
            if name not in ("platform", "snakemake")
        ],
    )


def _job(crate: RunCrate, record: Record, machines: Mapping[str, int]) -> Entity:
    """One attempt of a job as an action of its step's program."""
    identifier = f"#job-{record['process']['token']}"
    finished = record["state"] == FINISHED
    usage = _usage(crate, identifier, record)
    return crate.crate.add_action(
        _tool(crate, record),
        identifier,
        properties=present(
            {
                "object": crate.entities(record["inputs"]),
                "result": crate.entities(output["path"] for output in record["outputs"]) if finished else None,
                "name": f"{' '.join([record['rule'], *record['wildcards'].values()])}, attempt {record['attempt']}",
                "description": _where(record, f"machine {machines[_machine(record)]}"),
                "startTime": record["start"],
                "endTime": record["end"],
                "actionStatus": _status(record),
                "error": None if finished else f"{record['state']}; report/jobs.html says why",
                "containerImage": _image(crate, record),
                "resourceUsage": usage,
            }
        ),
    )


def _usage(crate: RunCrate, identifier: str, record: Record) -> list[Entity]:
    """The times and the memory that a job took, as far as they are known."""
    return [
        crate.context(
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


def _image(crate: RunCrate, record: Record) -> Entity | None:
    """The container image in which a job ran."""
    name = record.get("image")
    if not name:
        return None
    kind = {"@id": f"{WORKFLOW_RUN}#SIFImage"}
    return crate.context(f"#image-{name}", "ContainerImage", name=name, additionalType=kind)


def _status(record: Record) -> str:
    return f"http://schema.org/{'Completed' if record['state'] == FINISHED else 'Failed'}ActionStatus"


def _machine(record: Record) -> str:
    return str((record.get("slurm") or {}).get("node") or record["process"]["host"])


def _number_machines(records: Sequence[Record]) -> dict[str, int]:
    """Numbers of the machines by name, in the order of the jobs: a crate is shared, and names no machine."""
    return {name: number for number, name in enumerate(dict.fromkeys(map(_machine, records)), 1)}


def _where(record: Record, machine: str) -> str:
    """Machine, batch job and device in one line; and the job's state, unless that is finished or failed."""
    slurm, device = record.get("slurm") or {}, record.get("device") or {}
    words = [f"on {machine}"]
    if slurm.get("job"):
        words.append(f"Slurm job {slurm['job']}")
    if device:
        words.append(str(device["name"]))
    if record["state"] not in (FINISHED, FAILED):
        words.append(record["state"])
    return ", ".join(words)
