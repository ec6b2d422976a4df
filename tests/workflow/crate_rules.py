"""What RO-Crate 1.1 and the profiles of Workflow Run Crate 0.5 demand of a crate, checked as their texts say it.

Sources: RO-Crate 1.1 (root data entity, data entities), Workflow RO-Crate 1.0, Process, Workflow and Provenance Run
Crate 0.5 (tables "Requirements": everything that MUST be).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

Entity = dict[str, Any]
WORKFLOW_RO_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
RUN_PROFILES = [f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow", "provenance")]


class Crate:
    """A crate read as plain JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
        self.graph: list[Entity] = self.content["@graph"]
        self.entities = {entity["@id"]: entity for entity in self.graph}

    def the(self, entity: Entity, key: str) -> list[Entity]:
        """The entities that one refers to by a property, as far as they are there."""
        found = (reference["@id"] for reference in listed(entity.get(key)))
        return [self.entities[name] for name in found if name in self.entities]

    def of_type(self, name: str) -> list[Entity]:
        return [entity for entity in self.graph if name in listed(entity["@type"])]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def references(value: Any) -> Iterator[str]:
    """All ids that a property refers to."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
    elif isinstance(value, list):
        for entry in value:
            yield from references(entry)


def problems(folder: Path) -> list[str]:
    """Everything that is not as it must be, in words."""
    crate = Crate(folder)
    found: list[str] = []

    def must(condition: object, words: str) -> None:
        if not condition:
            found.append(words)

    must(len(crate.entities) == len(crate.graph), "two entities have the same @id")
    must("https://w3id.org/ro/crate/1.1/context" in crate.content["@context"], "@context is not RO-Crate 1.1")
    must("https://w3id.org/ro/terms/workflow-run/context" in crate.content["@context"], "run terms have no @context")
    for entity in crate.graph:
        must(entity.get("@type"), f"{entity['@id']} has no @type")
        for key, value in entity.items():
            for target in references(value):
                outside = urlsplit(target).scheme in ("http", "https") and key in ("conformsTo", "identifier", "url")
                must(
                    target in crate.entities or outside or key == "additionalType",
                    f"{entity['@id']}: {key} refers to {target}, which is not there",
                )

    descriptor = crate.entities["ro-crate-metadata.json"]
    must(descriptor["@type"] == "CreativeWork", "the descriptor is no CreativeWork")
    must(descriptor["about"] == {"@id": "./"}, "the descriptor is not about the root")
    conforms = list(references(descriptor["conformsTo"]))
    must(conforms == ["https://w3id.org/ro/crate/1.1", WORKFLOW_RO_CRATE], "the descriptor conforms to something else")
    root = crate.entities["./"]
    must("Dataset" in listed(root["@type"]), "the root is no Dataset")
    for key in ("name", "description", "datePublished", "license"):
        must(root.get(key), f"the root has no {key}")
    for profile in [*RUN_PROFILES, WORKFLOW_RO_CRATE]:
        must(profile in references(root["conformsTo"]), f"the root does not conform to {profile}")
        must("CreativeWork" in listed(crate.entities.get(profile, {}).get("@type")), f"{profile} is no CreativeWork")

    parts = set(references(root.get("hasPart")))
    for entity in crate.of_type("File"):
        if entity is not descriptor:
            must(entity["@id"] in parts, f"{entity['@id']} is a file and no part of the crate")
            must(entity.get("sha256"), f"{entity['@id']} has no sha256")
            if not urlsplit(entity["@id"]).scheme:
                file = folder / unquote(entity["@id"])
                must(file.is_file(), f"{entity['@id']} does not exist")
                if file.is_file():
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    must(digest == entity.get("sha256"), f"{entity['@id']} has another sha256")
                    must(str(file.stat().st_size) == entity["contentSize"], f"{entity['@id']} has another size")

    (main,) = crate.the(root, "mainEntity")
    for kind in ("File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"):
        must(kind in main["@type"], f"the workflow is no {kind}")
    (language,) = crate.the(main, "programmingLanguage")
    must(language["@type"] == "ComputerLanguage" and language["name"] == "Snakemake", "the language is not Snakemake")
    tools = crate.the(main, "hasPart")
    must(tools, "the workflow has no tools")
    for tool in tools:
        must("SoftwareApplication" in listed(tool["@type"]), f"{tool['@id']} is no SoftwareApplication")
    for step in crate.of_type("HowToStep"):
        must(step["@id"] in references(main["step"]), f"{step['@id']} is no step of the workflow")
        must([t for t in tools if t in crate.the(step, "workExample")], f"{step['@id']} has no tool")

    actions = crate.of_type("CreateAction")
    runs = [action for action in actions if crate.the(action, "instrument") == [main]]
    must(len(runs) == 1, f"the workflow was run {len(runs)} times")
    for action in actions:
        must(
            [t for t in [main, *tools] if t in crate.the(action, "instrument")],
            f"{action['@id']} was done with no tool",
        )
        must(action["@id"] in references(root["mentions"]), f"{action['@id']} is not mentioned by the root")
        done = action["actionStatus"] == "http://schema.org/CompletedActionStatus"
        must(bool(action.get("error")) != done, f"{action['@id']}: status and error contradict")
        must(bool(action.get("result")) == done, f"{action['@id']}: status and result contradict")
        for value in crate.the(action, "resourceUsage"):
            must(value["@type"] == "PropertyValue" and value["propertyID"], f"{value['@id']} measures nothing")
    controls = crate.of_type("ControlAction")
    controlled: list[str] = []
    for control in controls:
        must([s["@type"] for s in crate.the(control, "instrument")] == ["HowToStep"], f"{control['@id']} is of no step")
        must(crate.the(control, "object"), f"{control['@id']} controls nothing")
        controlled += references(control["object"])
    jobs = sorted(action["@id"] for action in actions if action not in runs)
    must(sorted(controlled) == jobs, "not every job belongs to exactly one step")
    (organised,) = crate.of_type("OrganizeAction")
    must([e["@type"] for e in crate.the(organised, "instrument")] == ["SoftwareApplication"], "no engine")
    must(crate.the(organised, "object") == controls, "the engine did not control all steps")
    must(crate.the(organised, "result") == runs, "the engine did not run the workflow")
    return found
