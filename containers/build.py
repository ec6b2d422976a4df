"""Build the images of all steps, from the root of the project: python3 containers/build.py

The base image comes first, then one image per definition beside this file. Steps with the same packages have
definitions that differ in nothing but their comments: such an image is built once and gets the other names as hard
links. What is newer than its definition, the base and the constraints is kept. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASE = "base"
CONSTRAINTS = HERE.parent / "requirements" / "constraints.txt"


def steps() -> list[str]:
    """Names of the steps that have a definition, sorted."""
    return sorted(path.stem for path in HERE.glob("*.def") if path.stem != BASE)


def same_images(names: Iterable[str]) -> list[list[str]]:
    """Steps in groups of equal definitions, comments left out."""
    groups: dict[str, list[str]] = {}
    for name in names:
        lines = (HERE / f"{name}.def").read_text(encoding="utf-8").splitlines()
        groups.setdefault("\n".join(line for line in lines if not line.startswith("#")), []).append(name)
    return list(groups.values())


def program() -> str:
    """Apptainer or Singularity, whichever is installed; ends with a message where there is none."""
    found = shutil.which("apptainer") or shutil.which("singularity")
    if found is None:
        sys.exit(
            "noisebound: neither apptainer nor singularity is on the PATH, and images cannot be built without. "
            "Remedy: install Apptainer (https://apptainer.org), or load its module on a cluster."
        )
    return found


def is_current(image: Path, sources: Iterable[Path]) -> bool:
    """Whether an image is there and newer than all that it is built from."""
    return image.exists() and all(image.stat().st_mtime >= source.stat().st_mtime for source in sources)


def build(image: Path, arguments: dict[str, str], options: Sequence[str]) -> None:
    """Build the definition that an image is named after; nothing appears under that name if it fails."""
    unfinished = image.with_name(f".{image.name}")
    command = [program(), "build", "--force", *options]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    print("building", image, flush=True)
    try:
        subprocess.run([*command, str(unfinished), str(HERE / f"{image.stem}.def")], cwd=HERE.parent, check=True)
        unfinished.replace(image)
    finally:
        unfinished.unlink(missing_ok=True)


def arguments_for(step: str, given: dict[str, str]) -> dict[str, str]:
    """Those of the ``given`` arguments that the definition of a step knows; Apptainer refuses others."""
    text = (HERE / f"{step}.def").read_text(encoding="utf-8")
    return {name: value for name, value in given.items() if f"{{{{ {name} }}}}" in text}


def build_all(images: Path, base: dict[str, str], steps_with: dict[str, str], options: Sequence[str]) -> None:
    """Bring every image in the folder ``images`` up to date. Raises ``CalledProcessError`` where a build fails.

    ``base`` holds build arguments of the base image, ``steps_with`` those of the images on top of it.
    """
    images.mkdir(parents=True, exist_ok=True)
    foundation = images / f"{BASE}.sif"
    if not is_current(foundation, [HERE / f"{BASE}.def", CONSTRAINTS]):
        build(foundation, base, options)
    for first, *others in same_images(steps()):
        image = images / f"{first}.sif"
        if not is_current(image, [HERE / f"{first}.def", foundation]):
            build(image, arguments_for(first, {"BASE": str(foundation), **steps_with}), options)
        for other in others:
            link = images / f"{other}.sif"
            if not link.exists() or not link.samefile(image):
                link.unlink(missing_ok=True)
                os.link(image, link)
                print("the same as", first, "is", link, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=HERE / "images", help="folder of the images")
    parser.add_argument("--bootstrap", help="how the base is had, in place of docker")
    parser.add_argument("--from", dest="source", help="the base, in place of the public Python image")
    parser.add_argument("--pip-flags", default="", help="more options for pip, such as a proxy")
    parser.add_argument("--torch-index", default="", help="where PyTorch alone is taken from, for its processor build")
    parser.add_argument("options", nargs="*", help="more options for apptainer build, behind --")
    given = parser.parse_args()
    base = {"BOOTSTRAP": given.bootstrap, "FROM": given.source}
    steps_with = {"PIP_FLAGS": given.pip_flags, "TORCH_INDEX": given.torch_index}
    try:
        build_all(
            given.images.resolve(), {key: value for key, value in base.items() if value}, steps_with, given.options
        )
    except subprocess.CalledProcessError as error:
        sys.exit(f"noisebound: an image was not built ({error.cmd[0]} ended with status {error.returncode})")


if __name__ == "__main__":
    main()
