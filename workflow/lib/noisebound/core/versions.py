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
    """List the versions of Python, the platform and the packages that this environment has.

    Parameters
    ----------
    packages
        Names of distributions. Those that are not installed are left out.

    Returns
    -------
    dict
        The version by name, with ``python`` and ``platform`` (system and machine) first.
    """
    versions = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
