"""Every step in its own image: all images are built from their definitions, and a small run goes through them twice.

Needs root on Debian and about 3 GB of disk for the time. Only the base of the images is swapped, for one made from
the distribution's packages: the registry of the public one need not be reachable. Prints what it took.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisebound.jobs.digests import PACKAGE, library_modules
from tests.containers import machine
from tests.containers.machine import MINUTES, ROOT
from tests.imports import rooms_of
from tests.software import PACKAGE_OF_MODULE, SEARCH_STEPS, SIMULATION_STEPS, image, script_of, steps
from tests.workflow.project import Project, create

STEPS = steps()
GPU_STEPS = {"train_member", "fit_latent_basis", "ensemble_scan"}
MODULE_OF_PACKAGE = {package: module for module, package in PACKAGE_OF_MODULE.items()}
IN_IMAGE = "/opt/noisebound/lib/python3.11/site-packages/"


@dataclass(frozen=True)
class Machine:
    """Where the things are that the tests share."""

    folder: Path
    images: Path
    driver: Path
    environment: dict[str, str]


def report(what: str, start: float) -> None:
    """Print wall and processor time since the last report, of this process's children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{what}: {time.monotonic() - start:.0f} s; processor time so far {used.ru_utime + used.ru_stime:.0f} s")


@pytest.fixture(scope="module")
def built() -> Iterator[Machine]:
    """Apptainer, all images, and a driver that has nothing but Snakemake. Nothing of it stays."""
    if os.getuid() != 0:
        pytest.exit("make test-containers installs programs and changes users: start it as root", returncode=2)
    folder = Path(tempfile.mkdtemp(prefix="noisebound-containers-"))
    tools: list[str] = []
    try:
        folder.chmod(0o755)
        start = time.monotonic()
        tools = machine.install_tools()
        programs = machine.apptainer(folder / "apptainer")
        home = folder / "home"
        home.mkdir()
        environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "APPTAINER_CONFIGDIR": str(home / "apptainer"),
        }
        report("Apptainer", start)
        start = time.monotonic()
        base = machine.make_base(folder / "base")
        machine.build_images(folder / "images", base, environment, 15 * MINUTES)
        report("all images", start)
        start = time.monotonic()
        driver = machine.driver(folder)
        report("a driver", start)
        yield Machine(folder, folder / "images", driver, environment)
    finally:
        left = machine.remains(folder)
        shutil.rmtree(folder, ignore_errors=True)
        machine.remove_tools(tools)
    assert not left
    assert not folder.exists()


def test_every_step_has_an_image_and_a_second_build_makes_none(built: Machine) -> None:
    assert sorted(path.stem for path in built.images.glob("*.sif")) == sorted([*STEPS, "base"])
    before = {path: path.stat().st_mtime_ns for path in built.images.iterdir()}
    output = machine.build_images(built.images, built.folder / "base", built.environment, 2 * MINUTES)
    assert "building" not in output
    assert before == {path: path.stat().st_mtime_ns for path in built.images.iterdir()}


def test_images_alone_have_what_the_steps_import_in_the_pinned_versions(built: Machine) -> None:
    """With nothing of the host but the library: no Snakemake, no site-packages of a driver, no home."""
    groups: dict[int, list[str]] = {}
    for step in STEPS:
        groups.setdefault((built.images / f"{step}.sif").stat().st_ino, []).append(step)
    for group in groups.values():
        files = {path for s in group for path in library_modules(*rooms_of(script_of(s)))}
        assert files
        rooms = {"noisebound." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in files}
        modules = sorted({MODULE_OF_PACKAGE.get(name, name) for name in image(group[0])} | rooms)
        code = (
            "import importlib, importlib.metadata as m, json, sys; sys.path.append('/library'); "
            f"files = {{n: importlib.import_module(n).__file__ for n in {modules}}}; "
            f"versions = {{n: m.version(n) for n in {sorted(image(group[0]))}}}; "
            "print('ANSWER', json.dumps([files, versions, sys.version_info[:2], sys.path]))"
        )
        library = ROOT / "workflow" / "lib"
        command = ["apptainer", "--quiet", "exec", "--containall", "--bind", f"{library}:/library:ro"]
        output = machine.run(
            [*command, built.images / f"{group[0]}.sif", "python", "-B", "-c", code],
            2 * MINUTES,
            env=built.environment,
            cwd=built.folder,
        )
        files, versions, python, path = json.loads(output.split("ANSWER", 1)[1])
        assert {name: version.split("+")[0] for name, version in versions.items()} == image(group[0])
        assert python == [3, 11]
        for name, file in files.items():
            assert file.startswith("/library/" if name.startswith("noisebound") else IN_IMAGE), f"{group[0]}: {file}"
        assert all(entry.startswith(("/opt/noisebound", "/usr/", "/library")) for entry in path if entry)


def poisoned(project: Project) -> None:
    """Put a broken h5py, which Snakemake never imports, wherever something of the user could reach a step."""
    for folder in ("poison", ".local/lib/python3.11/site-packages"):
        (project.path / folder).mkdir(parents=True)
        (project.path / folder / "h5py.py").write_text("raise RuntimeError('the user's own')\n", encoding="utf-8")


def go_through(built: Machine, name: str, user: int) -> list[dict[str, Any]]:
    """Run the small workflow with a container for every step; returns what the steps testify."""
    start = time.monotonic()
    place = built.folder / name
    project = create(place / "project", {"field": "split", "fresh": "apply"})
    shutil.copytree(
        ROOT / "containers", project.path / "containers", ignore=shutil.ignore_patterns("images", "__pycache__")
    )
    project.configure(software={"containers": str(built.images)})
    poisoned(project)
    (project.path / "witness").mkdir()
    programs = place / "programs"
    programs.mkdir()
    (programs / "nvidia-smi").write_text("#!/bin/sh\n", encoding="utf-8")
    (programs / "nvidia-smi").chmod(0o755)
    (place / "home").mkdir()
    for path in [place, *place.rglob("*")]:
        os.chown(path, user, user, follow_symlinks=False)

    profile = yaml.safe_load((ROOT / "containers" / "config.yaml").read_text(encoding="utf-8"))
    arguments = profile["apptainer-args"]
    for file in (ROOT / "tests" / "containers" / "witness").glob("witness.*"):
        shutil.copy(file, place)
        arguments += f" --bind {place / file.name}:{IN_IMAGE}{file.name}:ro"
    environment = built.environment | {
        "PATH": f"{programs}{os.pathsep}{built.environment['PATH']}",
        "HOME": str(place / "home"),
        "APPTAINER_CONFIGDIR": str(place / "home" / "apptainer"),
        # As Slurm tells a job that it has the second and fourth of the GPUs of a node.
        "CUDA_VISIBLE_DEVICES": "1,3",
        "SLURM_JOB_ID": "4711",
        "PYTHONPATH": str(project.path / "poison"),
        "A_SETTING_OF_THE_SHELL": "yes",
    }
    command: list[str | Path] = [built.driver, "-P", "-m", "snakemake", "--profile", "containers", "--cores", "2"]
    command += ["--configfile", "config.yaml", "--quiet", "rules", f"--apptainer-args={arguments}"]
    if user:
        command = machine.as_nobody(command, place)
    try:
        machine.run(command, 12 * MINUTES, env=environment, cwd=project.path)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{project.logs()}") from None
    report(f"the workflow as {name}", start)
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((project.path / "witness").iterdir())]


def check(built: Machine, name: str, user: int) -> None:
    testimonies = go_through(built, name, user)
    assert sorted({told["step"] for told in testimonies}) == sorted(set(STEPS) - {*SIMULATION_STEPS, *SEARCH_STEPS})
    for told in testimonies:
        step = told["step"]
        assert Path(told["image"]) == built.images / f"{step}.sif"
        assert told["user"] == user
        # The step came to its end although nothing of the driver could be found but Snakemake.
        assert told["borrowed"] == [], f"{step} takes modules from the driver"
        for package in image(step):
            file = told["files"].get(MODULE_OF_PACKAGE.get(package, package))
            assert not file or file.startswith(IN_IMAGE), f"{step} takes {package} from {file}"
        seen = told["environment"]
        assert seen["CUDA_VISIBLE_DEVICES"] == "1,3"
        assert seen["SLURM_JOB_ID"] == "4711"
        assert seen["OMP_NUM_THREADS"] == "1"
        assert seen["PYTHONNOUSERSITE"] == "1"
        assert seen["PYTHONPATH"] == str(built.folder / name / "project" / "workflow" / "lib")
        assert "A_SETTING_OF_THE_SHELL" not in seen
        if step in GPU_STEPS:
            assert told["driver of a GPU"] == "/usr/bin/nvidia-smi", "--nv did not reach the step"
            assert told["files"]["torch"].startswith(IN_IMAGE)
    project = built.folder / name / "project"
    assert (project / "results" / "tiny" / "report" / "index.html").exists()
    assert list((project / ".cache" / "noisebound").rglob("*.nbc")), "machine code was not kept"
    owners = {path.stat().st_uid for path in (project / "results").rglob("*")}
    assert owners == {user}


def test_a_run_as_root(built: Machine) -> None:
    check(built, "root", 0)


def test_a_run_as_an_unprivileged_user(built: Machine) -> None:
    check(built, "nobody", machine.NOBODY)
