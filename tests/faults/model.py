"""What depends on what, written down apart from the workflow: which jobs a change of scans and settings must repeat.

Every job has a signature over all that it depends on: the settings that it reads, and the signatures of the jobs whose
files it reads. A job has to run where its signature differs from that of the finished run.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

Job = tuple[str, str]

PREDICTED = {"test", "split", "train", "select", "calibrate", "apply"}
# Settings that change how a run is computed, and none of its results.
SHAPELESS = (
    ("training", "checkpoint_every"),
    ("training", "members_per_gpu"),
    ("cluster", None),
    ("search", None),
    ("software", None),
)


@dataclass
class World:
    """A configuration with all defaults, the scans in the order of the sheet (name to role), and their contents."""

    settings: dict[str, Any]
    roles: dict[str, str]
    content: dict[str, str] = field(default_factory=dict)

    def copy(self) -> World:
        return World(copy.deepcopy(self.settings), dict(self.roles), dict(self.content))

    def scans(self, *roles: str) -> list[str]:
        return sorted(scan for scan, role in self.roles.items() if role in roles)


def shown(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that the pages print."""
    found = copy.deepcopy(settings)
    for section, key in SHAPELESS:
        if key is None:
            found.pop(section, None)
        else:
            found.get(section, {}).pop(key, None)
    return found


def signatures(world: World) -> dict[Job, str]:
    """The signature of every job of a run."""
    found: dict[Job, str] = {}
    s = world.settings
    counts = s["data"]["kind"] == "counts"
    learn = world.scans("train", "select", "split")
    train, calibrate = world.scans("train", "split"), world.scans("calibrate", "split")
    test, learned = world.scans("test", "split"), world.scans("train", "select", "calibrate", "test", "split")
    everything = sorted(world.roles)
    members = [str(number) for number in range(s["architecture"]["members"])]

    def job(rule: str, value: str, settings: Any, *inputs: Job) -> None:
        content = [rule, value, settings, sorted({(*key, found[key]) for key in inputs})]
        found[rule, value] = hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def each(rule: str, values: list[str]) -> list[Job]:
        return [(rule, value) for value in values]

    def pixels(scans: list[str]) -> list[Job]:
        return each("ingest_scan", scans) + each("assign_regions", scans)

    for scan in everything:
        data = [s["data"]["dimensions"], s["data"]["channels"], counts]
        job("ingest_scan", scan, [world.content.get(scan, ""), world.roles[scan] != "apply", *data])
        layout = s["regions"]["layout"] if world.roles[scan] == "split" else None
        guard = [s["regions"]["guard"], s["architecture"]["max_radius"]]
        job("assign_regions", scan, [world.roles[scan], layout, *guard], ("ingest_scan", scan))
    for stage, scans in (("train", learn), ("calibrate", sorted({*learn, *calibrate})), ("test", learned)):
        job("check_roles", stage, None, *pixels(scans))
    drawn = {key: value for key, value in s["architecture"].items() if key not in ("members", "family", "unet")}
    if s["architecture"]["family"] == "unet":
        drawn = {key: s["architecture"][key] for key in ("family", "unet", "latent", "hidden", "max_radius")}
    shaping = shown(s)["training"]
    transforms = [s["data"]["input_transform"], s["data"]["target_transform"]]
    for member in members:
        job("draw_architecture", member, [drawn, s["seed"], s["data"]["dimensions"], len(s["data"]["channels"])])
        job(
            "train_member",
            member,
            [s["seed"], shaping, transforms, counts],
            ("draw_architecture", member),
            ("check_roles", "train"),
            *pixels(learn),
        )
    networks = each("train_member", members) + each("draw_architecture", members)
    sampled = [s["structure"]["components"], s["structure"]["sample"], s["ensemble"]["frame"], s["seed"]]
    # The basis comes from train pixels; pairs of frames are held-out pixels of the scans that a training sees.
    job("fit_latent_basis", "", sampled, *networks, *pixels(learn))
    basis = ("fit_latent_basis", "")
    for scan in everything:
        predicted = [s["ensemble"], s["training"]["levels"], counts]
        job("ensemble_scan", scan, predicted, *networks, basis, ("ingest_scan", scan))
    structure = s["structure"]
    clustered = [structure["tokens"], structure["repeats"], structure["sample"], s["seed"]]
    job("fit_tokens", "", clustered, *each("ensemble_scan", train), *pixels(train), basis)
    for scan in everything:
        job("segment_scan", scan, None, ("ensemble_scan", scan), ("ingest_scan", scan), ("fit_tokens", ""))
    by_token = s["calibration"]["groups"] == "token"
    modes = ("nominal", "primary", "score", "scale", "groups", "bins", "smallest_group", "ties", "channels")
    modes = (*modes, "unit", "confidence")
    mode = [s["calibration"][key] for key in (*modes, "block")]
    confidences = sorted({entry["confidence"] for entry in s["decisions"]["exceed"]})
    labels = each("segment_scan", calibrate) if by_token else []
    judged = each("ensemble_scan", calibrate) + pixels(calibrate) + [("check_roles", "calibrate")]
    job("fit_calibration", "", [mode, confidences, counts], *judged, basis, *labels)
    job("fit_drift", "", s["drift"]["block"], *judged, basis)
    for scan in everything:
        own_labels = [("segment_scan", scan)] if by_token else []
        images = [("ensemble_scan", scan), ("ingest_scan", scan)]
        job("calibrate_scan", scan, None, *images, ("fit_calibration", ""), *own_labels)
        checked = [s["drift"][key] for key in ("level", "difference", "correlation", "draws")]
        job(
            "check_drift",
            scan,
            [checked, s["seed"]],
            *each("ensemble_scan", [scan]),
            *each("calibrate_scan", [scan]),
            *pixels([scan]),
            basis,
            ("fit_drift", ""),
        )
        job(
            "recommend_regions",
            scan,
            s["decisions"],
            *each("ensemble_scan", [scan]),
            *each("calibrate_scan", [scan]),
            *pixels([scan]),
            ("fit_calibration", ""),
            *own_labels,
        )
    job(
        "evaluate",
        "",
        [s["run"], s["decisions"]["exceed"], s["calibration"]["block"], s["seed"]],
        *each("ensemble_scan", test),
        *each("segment_scan", test),
        *pixels(test),
        ("fit_calibration", ""),
        ("check_roles", "test"),
    )
    job("draw_figures", "", s["calibration"]["primary"], ("evaluate", ""), *networks)
    for scan in everything:
        job(
            "report_scan",
            scan,
            [shown(s)],
            *pixels([scan]),
            *(
                key
                for rule in ("calibrate_scan", "segment_scan", "recommend_regions", "check_drift")
                for key in each(rule, [scan])
            ),
            ("fit_calibration", ""),
            ("fit_tokens", ""),
            basis,
            *networks,
            *([("evaluate", "")] if scan in test else []),
        )
    job("report_index", "", [shown(s), list(world.roles.items())], *each("report_scan", everything), ("evaluate", ""))
    job("describe_run", "", [shown(s), dict(sorted(world.roles.items()))], ("report_index", ""), ("draw_figures", ""))
    return found


def expected_jobs(before: World, after: World) -> set[Job]:
    """The jobs that have to run where ``before`` is finished and ``after`` is asked for."""
    old = signatures(before)
    return {key for key, signature in signatures(after).items() if old.get(key) != signature}
