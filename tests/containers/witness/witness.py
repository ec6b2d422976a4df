"""Runs in every Python of an image under test: hides what is not of the image, and tells at the end what a step saw.

Snakemake mounts the site-packages of its own environment into every container, behind those of the image: what an image
lacks would be taken from there without a word. Here nothing is found there but the project's library and Snakemake,
which a script's own parameters are made of.
"""

import atexit
import json
import os
import shutil
import sys
from importlib.machinery import PathFinder
from pathlib import Path

MOUNTED = "/mnt/snakemake_searchpaths/"


def is_expected(name):
    top = name.partition(".")[0]
    return top in ("noisebound", "snakemake") or top.startswith("snakemake_interface_")


class ImageOnly(PathFinder):
    """Takes the place of the finder of files, and looks in the image alone for what is not expected."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if path is None and not is_expected(name):
            path = [entry for entry in sys.path if not entry.startswith(MOUNTED)]
        return PathFinder.find_spec(name, path, target)


def testify():
    folder = Path("witness")
    script = Path(sys.argv[0])
    if ".snakemake" not in script.parts or not folder.is_dir():
        return
    step = script.name.split(".")[-2]
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    told = {
        "step": step,
        "image": os.environ.get("APPTAINER_CONTAINER"),
        "user": os.getuid(),
        "borrowed": sorted(name for name, file in files.items() if file.startswith(MOUNTED) and not is_expected(name)),
        "files": {name: file for name, file in files.items() if "." not in name},
        "environment": dict(os.environ),
        "driver of a GPU": shutil.which("nvidia-smi"),
    }
    (folder / f"{step}-{os.getpid()}.json").write_text(json.dumps(told), encoding="utf-8")


sys.meta_path[sys.meta_path.index(PathFinder)] = ImageOnly
atexit.register(testify)
