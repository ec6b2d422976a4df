"""Every step has a conda environment and an image that hold what it imports, alike, pinned, and nothing else."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import jsonschema
import pytest
import yaml

from tests.software import (
    CONDA_NAME,
    PACKAGE_OF_MODULE,
    ROOT,
    SAME_NAME,
    environment,
    image,
    imports_of,
    pins,
    steps,
)

STEPS = steps()
MODULE_OF_PACKAGE = {package: module for module, package in PACKAGE_OF_MODULE.items()}
# What conda accepts as an environment, and less: no name, no prefix, no other channels.
CONDA_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["channels", "dependencies"],
    "properties": {
        "channels": {"const": ["conda-forge", "nodefaults"]},
        "dependencies": {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "string"}},
    },
}


def definition(step: str) -> str:
    return (ROOT / "containers" / f"{step}.def").read_text(encoding="utf-8")


def test_every_step_has_an_environment_and_an_image_and_nothing_else_has() -> None:
    assert len(STEPS) >= 16
    assert sorted(path.stem for path in (ROOT / "envs").glob("*.yaml")) == STEPS
    assert sorted(path.stem for path in (ROOT / "containers").glob("*.def")) == sorted([*STEPS, "base"])


@pytest.mark.parametrize("step", STEPS)
def test_environment_is_one_that_conda_reads(step: str) -> None:
    jsonschema.validate(yaml.safe_load((ROOT / "envs" / f"{step}.yaml").read_text(encoding="utf-8")), CONDA_SCHEMA)
    assert environment(step)["python"] == "3.11"


@pytest.mark.parametrize("step", STEPS)
def test_environment_holds_exactly_what_the_step_imports(step: str) -> None:
    expected = {CONDA_NAME.get(name, name) for name in imports_of(step)} | {"python"}
    assert set(environment(step)) == expected


@pytest.mark.parametrize("step", STEPS)
def test_names_are_those_of_conda_forge(step: str) -> None:
    assert set(environment(step)) - {"python"} <= SAME_NAME | set(CONDA_NAME.values())


@pytest.mark.parametrize("step", STEPS)
def test_image_and_environment_agree(step: str) -> None:
    packages = {CONDA_NAME.get(name, name): version for name, version in image(step).items()}
    assert packages | {"python": "3.11"} == environment(step)


@pytest.mark.parametrize("step", STEPS)
def test_versions_are_those_that_the_workflow_is_tested_with(step: str) -> None:
    run, everything = pins("run.txt"), pins("constraints.txt")
    for name, version in image(step).items():
        assert run.get(name) == version, f"{name} of {step} is not in requirements/run.txt"
        # pip in an image is held to the constraints: what stands in both must agree, or nothing can be installed.
        assert everything.get(name, version) == version


@pytest.mark.parametrize("step", STEPS)
def test_image_is_built_on_the_base_and_tried_out(step: str) -> None:
    text = definition(step)
    assert f"apptainer build containers/images/{step}.sif containers/{step}.def" in text
    assert "Bootstrap: localimage\nFrom: {{ BASE }}\n" in text
    assert "BASE=containers/images/base.sif" in text
    assert "pip install {{ PIP_FLAGS }} \\" in text
    tried = re.search(r"%test\n    /opt/noisebound/bin/python -c 'import (.+)'\n", text)
    assert tried is not None
    assert set(tried[1].split(", ")) == {MODULE_OF_PACKAGE.get(name, name) for name in image(step)}


@pytest.mark.parametrize("step", STEPS)
def test_the_index_of_pytorch_serves_pytorch_alone(step: str) -> None:
    text = definition(step)
    lines = [line.strip() for line in text.splitlines() if "--index-url" in line]
    if "torch" not in image(step):
        assert not lines and "TORCH_INDEX" not in text
        return
    (line,) = lines
    words = shlex.split(line.replace("{{ PIP_FLAGS }}", "").replace("{{ TORCH_INDEX }}", "INDEX"))
    assert words[1:] == ["install", "--no-deps", "--index-url", "INDEX", f"torch=={image(step)['torch']}"]


def test_a_build_hands_on_only_the_arguments_that_a_definition_knows() -> None:
    """Apptainer refuses others."""
    code = (
        "import build; given = dict(BASE='b', PIP_FLAGS='', TORCH_INDEX='i'); "
        "print(*('+'.join([step, *build.arguments_for(step, given)]) for step in build.steps()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "containers", capture_output=True, text=True, check=True
    )
    for step, *names in (entry.split("+") for entry in done.stdout.split()):
        section = re.search(r"^%arguments\n((?: .+\n)+)", definition(step), flags=re.MULTILINE)
        assert section is not None
        assert names == re.findall(r"(\w+)=", section[1]), step


def test_base_is_the_public_python_by_its_digest_and_keeps_the_user_out() -> None:
    text = definition("base")
    assert re.search(r"BOOTSTRAP=docker\n    FROM=docker\.io/library/python@sha256:[0-9a-f]{64}\n", text)
    assert "python:3.11-slim-bookworm" in text, "a reader learns which image the digest is of"
    assert "export PYTHONNOUSERSITE=1" in text
    assert "requirements/constraints.txt /opt/noisebound-constraints.txt" in text


def test_equal_images_are_built_once() -> None:
    code = "import build; print(*(' '.join(group) for group in build.same_images(build.steps())), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "containers", capture_output=True, text=True, check=True
    )
    groups = [line.split() for line in done.stdout.splitlines()]
    assert sorted(step for group in groups for step in group) == STEPS
    contents = [image(group[0]) for group in groups]
    assert all(image(step) == image(group[0]) for group in groups for step in group)
    assert all(contents.count(content) == 1 for content in contents)


def test_building_without_apptainer_says_what_to_do(tmp_path) -> None:
    command = [sys.executable, str(ROOT / "containers" / "build.py"), "--images", str(tmp_path / "images")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "neither apptainer nor singularity is on the PATH" in done.stderr and "Remedy: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("images/*"))


def test_profile_passes_what_a_job_needs_and_nothing_of_the_shell() -> None:
    profile = yaml.safe_load((ROOT / "containers" / "config.yaml").read_text(encoding="utf-8"))
    assert profile["software-deployment-method"] == ["apptainer"]
    words = profile["apptainer-args"].split()
    assert {"--nv", "--cleanenv"} <= set(words)
    passed = (ROOT / words[words.index("--env-file") + 1]).read_text(encoding="utf-8")
    names = set(re.findall(r"export (\w+)$", passed, flags=re.MULTILINE))
    assert {"CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "OMP_NUM_THREADS"} <= names
    assert not any(name.startswith("PYTHON") or name == "HOME" for name in names)


def test_profiles_for_containers_and_for_slurm_add_up() -> None:
    code = (
        "from snakemake.cli import parse_args; "
        "given = parse_args(['--profile', 'slurm', '--profile', 'containers'])[1]; "
        "print('FOUND', given.executor, *map(str, given.software_deployment_method), given.apptainer_args)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert re.search(r"^FOUND slurm \S*(?i:apptainer) .*--nv .*--env-file \S+$", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    ("version", "words"),
    [(None, "no conda on the PATH"), ("4.12.0", "conda 4.12.0 is too old"), ("24.7.1", ""), ("25.1.0", "")],
)
def test_a_conda_that_will_not_do_is_refused(tmp_path, version: str | None, words: str) -> None:
    if version is not None:
        program = tmp_path / "conda"
        program.write_text(f"#!/bin/sh\necho conda {version}\n")
        program.chmod(0o755)
    command = [sys.executable, str(ROOT / "envs" / "check_conda.py")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == bool(words)
    assert words in done.stderr and ("Remedy: " in done.stderr) == bool(words) and "Traceback" not in done.stderr
