"""Reads and checks the configuration and the scan sheet; what the rules share. No rules here, and no heavy imports."""

import os
import re
import sys
from dataclasses import asdict, fields
from pathlib import Path

from snakemake.settings.types import DeploymentMethod

PROJECT = Path(workflow.basedir)
LIBRARY = PROJECT / "workflow" / "lib"
sys.path.insert(0, str(LIBRARY))

from noisebound.calibration.settings import CalibrationSettings
from noisebound.core.errors import InputError
from noisebound.decisions.settings import DecisionSettings
from noisebound.drift.settings import DriftSettings
from noisebound.jobs.digests import library_digest
from noisebound.jobs.import_path import import_from
from noisebound.scans.sheet_copy import sheet_of_run
from noisebound.settings.configuration import check_configuration, check_plan, check_sheet, file_names, planned_trials
from noisebound.settings.containers import container_image
from noisebound.settings.defaults import family_settings
from noisebound.settings.frames import check_frame
from noisebound.settings.plan import Plan, run_folder
from noisebound.settings.resources import StepResources
from noisebound.settings.trial import search_seed, training_settings
from noisebound.settings.yaml_files import check_yaml
from noisebound.structure.settings import StructureSettings

import_from(LIBRARY)
CONFIG_FILE = file_names(workflow.configfiles)
for configuration in workflow.configfiles:  # Snakemake drops all but the last of repeated keys without a word
    check_yaml(configuration)
check_configuration(config, CONFIG_FILE)
SCANS = {row.scan: row for row in sheet_of_run(config["scans"], started_by_user=workflow.is_main_process)}
check_sheet(list(SCANS.values()), config["scans"])
PLAN = Plan(SCANS, config)
PLAN.check_files()
check_plan(SCANS, config, CONFIG_FILE)
if workflow.is_main_process:
    check_frame(SCANS, config, CONFIG_FILE)
TRIALS = planned_trials(SCANS, config, CONFIG_FILE)

# What each learned thing may depend on. A scan with role split holds pixels of every role.
ROLES, SIMULATED, LEARNED, TRAINED_ON = PLAN.roles, PLAN.simulated, PLAN.learned, PLAN.trained_on
HOLDS_TRAIN, HOLDS_CALIBRATE, HOLDS_TEST = map(PLAN.holding, ("train", "calibrate", "test"))
RUN = run_folder(config)
SCRIPTS = PROJECT / "workflow" / "scripts"
# Templates of the pages, which belong to the digests of the steps that write pages.
PAGES = (LIBRARY / "noisebound" / "report" / "templates",)
COUNTS = config["data"]["kind"] == "counts"


wildcard_constraints:
    scan="|".join(re.escape(scan) for scan in SCANS),
    member=r"\d+",
    trial="[0-9a-f]{8}",
    stage="|".join(PLAN.checked),


def result(path):
    """Path of a file of this run."""
    return (RUN / path).as_posix()


def section(name, settings):
    """The keys of a section of the configuration that a step's settings have."""
    return {field.name: config[name][field.name] for field in fields(settings)}


def named(**values):
    """Parameters of a rule, with their names as one more: Snakemake compares a set of values, whatever they are for.

    Each is a function, because Snakemake would take braces in plain text for wildcards.
    """

    def always(value):
        return lambda wildcards: value

    return {name: always(value) for name, value in {**values, "named": repr(sorted(values.items()))}.items()}


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


def evaluation_of(wildcards):
    """The run's evaluation for a scan that was part of it; other pages do not depend on it."""
    return {"summary": result("evaluation/summary.json")} if wildcards.scan in HOLDS_TEST else {}


RESOURCES = StepResources(config, PLAN.megabytes)
memory, minutes = RESOURCES.memory, RESOURCES.minutes
training_minutes, prediction_minutes_per_mb = RESOURCES.training_minutes, RESOURCES.prediction_minutes_per_mb
CPU_JOBS, GPU_JOBS = RESOURCES.submitted_with("cpu"), RESOURCES.submitted_with("gpu")


IN_CONTAINERS = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


def image(step):
    """Container of one step, where the configuration names a folder or a registry of them."""
    return container_image(step, config, CONFIG_FILE, needed=IN_CONTAINERS)
