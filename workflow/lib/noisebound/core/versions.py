"""Versions of the software that computes results."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "noisebound",
    "torch",
    "numba",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "h5py",
    "tifffile",
    "pandas",
    "matplotlib",
    "jinja2",
    "snakemake",
)


def software_versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of Python, the platform and those of ``packages`` that this step's environment has."""
    versions = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
