"""Reads and checks the configuration and the scan sheet; what the rules share. No rules here, and no heavy imports."""

import math
import os
import re
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import snakemake.jobs
from snakemake.io import contains_wildcard
from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord
from snakemake.persistence.file import FilePersistence
from snakemake.settings.types import DeploymentMethod

PROJECT = Path(workflow.basedir)
LIBRARY = PROJECT / "workflow" / "lib"
sys.path.insert(0, str(LIBRARY))
# Snakemake compares scripts by their time of change, which a clone and a comment alter. Here every script is part of
# the digest in its rule's ``params.code`` instead.
snakemake.jobs.get_script_mtime = lambda path: 0.0

from noisebound.settings.configuration import check_configuration, check_plan, check_sheet, file_names, planned_trials
from noisebound.settings.resources import megabytes, whole_minutes
from noisebound.jobs.digests import library_digest
from noisebound.core.errors import InputError, NoiseboundError
from noisebound.settings.frames import check_frame
from noisebound.jobs.import_path import import_from
from noisebound.jobs.memory import remembered_jobs
from noisebound.settings.trials import search_seed, training_settings
from noisebound.settings.defaults import family_settings
from noisebound.settings.simulation import simulation_margin
from noisebound.scans.sheet import missing_files
from noisebound.scans.sheet_copy import sheet_of_run
from noisebound.scans.source_stamps import stamps_of_run, stamps_of_sources
from noisebound.settings.yaml_files import check_yaml

import_from(LIBRARY)
CONFIG_FILE = file_names(workflow.configfiles)


def read_scans(sheet):
    """The rows of the scan sheet by name of the scan, all checked and with their files in place."""
    rows = {row.scan: row for row in sheet_of_run(sheet, started_by_user=workflow.is_main_process)}
    check_sheet(list(rows.values()), sheet)
    problems = missing_files([row for scan, row in rows.items() if scan not in SIMULATED])
    if problems:
        raise NoiseboundError("\n".join(f"file {str(sheet)!r}: {problem}" for problem in problems))
    return rows


for configuration in workflow.configfiles:  # Snakemake drops all but the last of repeated keys without a word
    check_yaml(configuration)
check_configuration(config, CONFIG_FILE)
# Scans that are simulated instead of measured, by name.
SIMULATED = {entry["scan"]: entry for entry in config["simulation"]["scans"]}
SCANS = read_scans(config["scans"])
check_plan(SCANS, config, CONFIG_FILE)
if workflow.is_main_process:
    check_frame(SCANS, config, CONFIG_FILE)
ROLES = {scan: row.role for scan, row in SCANS.items()}
TRIALS = planned_trials(SCANS, config, CONFIG_FILE)


def scans_that_are(*roles):
    """Names of the scans with one of these roles, sorted, so that the order of the sheet triggers nothing."""
    return sorted(scan for scan, role in ROLES.items() if role in roles)


# What each learned thing may depend on. A scan with role split holds pixels of every role.
LEARNED = scans_that_are("train", "select", "calibrate", "test", "split")
TRAINED_ON = scans_that_are("train", "select", "split")
HOLDS_TRAIN = scans_that_are("train", "split")
HOLDS_CALIBRATE = scans_that_are("calibrate", "split")
HOLDS_TEST = scans_that_are("test", "split")
# Whose pixels each stage sees, and so whose roles are checked before it.
CHECKED = {"train": TRAINED_ON, "calibrate": sorted({*TRAINED_ON, *HOLDS_CALIBRATE}), "test": LEARNED}
SCRIPTS = PROJECT / "workflow" / "scripts"
PAGE_TEMPLATES = (LIBRARY / "noisebound" / "report" / "templates",)
COUNTS = config["data"]["kind"] == "counts"


wildcard_constraints:
    scan="|".join(re.escape(scan) for scan in SCANS),
    member=r"\d+",
    trial="[0-9a-f]{8}",
    stage="|".join(CHECKED),


def result(path):
    """Path of a file of this run."""
    return Path(config["results"], config["run"], path).as_posix()


def named(**values):
    """Parameters of a rule, with their names as one more: Snakemake compares a set of values, whatever they are for.

    Each is a function, because Snakemake would take braces in plain text for wildcards.
    """

    def always(value):
        return lambda wildcards: value

    return {name: always(value) for name, value in {**values, "named": repr(sorted(values.items()))}.items()}


def restore_memory():
    """Give Snakemake back its memory of results that were copied here without it, so that changes are noticed.

    What nobody remembers counts as made with no parameters, and is made again.
    """
    memory = FilePersistence(nolock=True)

    def is_forgotten(output):
        known = memory._read_record(output)
        return known is None or (known.endtime is not None and abs(known.endtime - os.path.getmtime(output)) > 1e-3)

    for job in remembered_jobs(Path(config["results"], config["run"]), is_forgotten):
        facts = {"rule": job["rule"], "input": job["input"], "params": job["params"], "incomplete": False}
        facts |= {"record_format_version": RECORD_FORMAT_VERSION, "endtime": os.path.getmtime(job["output"])}
        memory._write_record(job["output"], MetadataRecord(**facts))


if workflow.is_main_process:
    restore_memory()
MEMBER_NUMBERS = range(config["architecture"]["members"])
ARCHITECTURES = expand(result("architectures/member-{member}.json"), member=MEMBER_NUMBERS)
MEMBERS = expand(result("members/member-{member}.pt"), member=MEMBER_NUMBERS)
TRAINED_WITH = expand(result("members/member-{member}.json"), member=MEMBER_NUMBERS)
HISTORIES = expand(result("members/member-{member}.history.csv"), member=MEMBER_NUMBERS)


def settings_of(trial):
    """The configuration that the networks of a trial are trained with."""
    return TRIALS[trial].settings


def search_results(wildcards):
    """What the target ``search`` asks for. Raises ``InputError`` where no key is searched."""
    if not TRIALS:
        remedy = "name keys and their values, as config/README.md explains"
        raise InputError("nothing is to be searched", file=CONFIG_FILE, key="search.keys", remedy=remedy)
    return [result(f"search/{name}") for name in ("trials.csv", "best.yaml", "trials.svg")]


# The keys of the section calibration that say how corrections are formed; they change no network.
CALIBRATION_MODE = ("score", "scale", "groups", "bins", "smallest_group", "ties", "unit", "confidence")


def simulated_scans(role):
    """Names of the simulated scans with this role, sorted."""
    return sorted(scan for scan in SIMULATED if ROLES[scan] == role)


def montage_of(scan):
    """How many images of which size a simulated scan holds, and the pixels around each; None for a measured scan."""
    if scan not in SIMULATED:
        return None
    settings = config["simulation"]
    return {
        "count": SIMULATED[scan]["images"],
        "size": settings["size"],
        "margin": simulation_margin(config),
    }


def tokens_for_calibration(**scans):
    """Label images as an input, only where corrections are made for each token: nothing else waits for tokens."""
    path = result("tokens/{scan}.tif")
    needed = config["calibration"]["groups"] == "token"
    return {"tokens": expand(path, **scans) if scans else path} if needed else {}


def denoised_images():
    """Calibrated images of every scan, for programs (HDF5) and for viewers (OME-TIFF)."""
    return expand(result("denoised/{scan}.{suffix}"), scan=SCANS, suffix=["h5", "ome.tif"])


def comparison_pages():
    """The page that compares ensembles and filters, where scans are simulated."""
    return [result("report/comparison.html")] if SIMULATED else []


def source_settings(scan):
    """What the sheet says about the files of a scan, as arguments of ``ingest_scan``."""
    row = SCANS[scan]
    return {
        "noisy": list(row.noisy),
        "reference": list(row.reference) if isinstance(row.reference, tuple) else row.reference,
        "group": row.group,
        "axes": row.axes,
        "reference_axes": row.reference_axes,
        "file_channels": list(row.channels) if row.channels else None,
        "pixel_size": list(row.pixel_size) if row.pixel_size else None,
        "pixel_unit": row.pixel_unit,
        "truth": row.truth,
    }


def evaluation_of(wildcards):
    """The run's evaluation for a scan that was part of it; other pages do not depend on it."""
    return {"summary": result("evaluation/summary.json")} if wildcards.scan in HOLDS_TEST else {}


def shown_settings():
    """The configuration as the pages print it; keys that shape no result are left out, and rebuild no page."""
    shown = {key: value for key, value in config.items() if key not in ("cluster", "search", "software")}
    return shown | {"training": training_settings(config)}


def files_of(scan):
    """Files of a scan as inputs. Of measured ones, the content counts and not the time of change: see STAMPS.

    Snakemake would take braces in their names for wildcards: such files have stamps only.
    """
    files = [path for path in SCANS[scan].files if not contains_wildcard(path)]
    return files if scan in SIMULATED else [ancient(path) for path in files]


def all_stamps():
    """What changes with the content of each scan's files; simulated files are made by a rule, which Snakemake follows."""
    memory = ".snakemake/noisebound/contents.json"
    return {
        scan: [] if scan in SIMULATED else stamps_of_sources(SCANS[scan].files, result(f"scans/{scan}.json"), memory)
        for scan in SCANS
    }


STAMPS = stamps_of_run(all_stamps, ".snakemake/noisebound", started_by_user=workflow.is_main_process)


def learned_role(scan):
    """Role of a scan; None for apply, from whose pixels nothing is learned."""
    return ROLES[scan] if scan in LEARNED else None


def learned_sources():
    """Of every learned scan: its role, the file of its sources, and the sources as the sheet spells them."""
    return {scan: (ROLES[scan], result(f"scans/{scan}.json"), list(SCANS[scan].sources)) for scan in LEARNED}


def page_settings():
    """What the pages need of the configuration to word their content."""
    return {
        "title": config["report"]["title"] or config["run"],
        "run": config["run"],
        "intensity_unit": config["data"]["intensity_unit"],
        "kind": config["data"]["kind"],
        "exceed": config["decisions"]["exceed"],
        "combine": config["ensemble"]["combine"],
    }


def submitted_with(kind):
    """What the configuration says of jobs of a kind, "gpu" or "cpu", for Slurm; keys left out stay with the cluster."""
    names = {"slurm_account": "account", "slurm_partition": f"{kind}_partition", "qos": f"{kind}_qos"}
    return {resource: config["cluster"][key] for resource, key in names.items() if config["cluster"][key] is not None}


CPU_JOBS = submitted_with("cpu")
GPU_JOBS = submitted_with("gpu")


# What the steps ask a batch system for was measured on two runs of 4 and 38 MB per scan (4 frames of 512 x 512 and
# 1536 x 1536 pixels, 2 channels, 16 bits, not compressed) and on the two demos, with the peak memory of every step from
# benchmarks/. The rules name about four times the slope over the size of the files, because compressed files hold more
# than they show. The least amounts include 250 MB for the two Snakemakes that every job holds besides its step.


def source_mb(scans):
    """Megabytes of the source files of ``scans``, as they lie on the disk, or as they will where they are simulated."""
    measured = [path for scan in scans if scan not in SIMULATED for path in SCANS[scan].files]
    simulated = [montage_of(scan) for scan in scans if scan in SIMULATED]
    pixels = sum(field["count"] * (field["size"] + 2 * field["margin"]) ** 2 for field in simulated)
    # Noisy values, reference and truth, 4 bytes each.
    return (sum(map(os.path.getsize, measured)) + 12 * pixels) / 1e6


def growing(demand, base, per_mb, scans):
    """A resource that grows with the size of the job's own scan, or of all ``scans``, and doubles with every attempt."""

    def resource(wildcards, attempt):
        amount = base + (per_mb * source_mb([wildcards.scan] if scans is None else scans) if per_mb else 0)
        return demand(amount, attempt=attempt)

    return resource


def memory(base, per_mb=0, scans=None):
    """Megabytes of memory: ``base``, and ``per_mb`` for every megabyte of source files; never less than Python needs."""
    return growing(partial(megabytes, factor=config["cluster"]["memory"]), base, per_mb, scans)


def minutes(base, per_mb=0, scans=None):
    """Minutes that a job may take, likewise. Groups of jobs add them up, so the small steps ask for little."""
    return growing(partial(whole_minutes, factor=config["cluster"]["time"]), base, per_mb, scans)


def most_parameters(settings=config):
    """The most parameters that a member may have."""
    drawn = settings["architecture"]
    if drawn["family"] == "unet":
        widest = drawn["unet"]["width"] * 2 ** drawn["unet"]["levels"]
        return 4 * 3 ** config["data"]["dimensions"] * widest**2 * drawn["unet"]["convolutions"]
    return drawn["parameters"] if isinstance(drawn["parameters"], int) else drawn["parameters"][1]


# Seconds for one parameter and one pixel: about what inference takes on a processor core. Training takes four times as
# long there, and far less on a GPU; one that reaches its limit continues from its checkpoint with twice the time.
SECONDS_PER_WEIGHT = 1e-10


def training_minutes(settings=config):
    """Minutes for the optimiser steps of a member."""
    pixels = settings["training"]["batch"] * math.prod(settings["training"]["patch"])
    return settings["training"]["steps"] * pixels * most_parameters(settings) * SECONDS_PER_WEIGHT / 60


def prediction_minutes_per_mb():
    """Minutes for a megabyte of source files, 2 million pixels of all frames where compressed, by all members."""
    passes = config["architecture"]["members"] * config["ensemble"]["orientations"]
    return 2e6 * passes * most_parameters() * SECONDS_PER_WEIGHT / 60


IN_CONTAINERS = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


def image(step):
    """Container of one step, where the configuration names a folder or a registry of them.

    Raises ``InputError`` where containers are asked for and there is none.
    """
    prefix = config["software"]["containers"]
    place = dict(file=CONFIG_FILE, key="software.containers", value=prefix or "null")
    if prefix is None:
        if IN_CONTAINERS:
            remedy = "build the images with `make containers` and name their folder, containers/images, or a registry"
            raise InputError(
                "steps were asked to run in containers, and no place of images is named", remedy=remedy, **place
            )
        return None
    if "://" in prefix:
        return f"{prefix.rstrip('/')}/{step}"
    path = os.path.join(prefix, f"{step}.sif")
    if IN_CONTAINERS and not os.path.exists(path):
        remedy = f"build {path} with `make containers`, or name the folder in which the images are"
        raise InputError(f"there is no image {path} for the step {step}", remedy=remedy, **place)
    return path
