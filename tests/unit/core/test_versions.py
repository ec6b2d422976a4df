"""Versions are those of the packages that are there; what is not there is left out."""

from __future__ import annotations

import platform
from importlib.metadata import version

import h5py
import numpy as np

from noisebound.core.versions import PACKAGES, software_versions


def test_versions_are_those_that_the_packages_say() -> None:
    found = software_versions(["numpy", "h5py", "no-such-package-of-anybody"])
    assert found["numpy"] == np.__version__ and found["h5py"] == h5py.__version__
    assert found["python"] == platform.python_version() and platform.system() in found["platform"]
    assert list(found) == ["python", "platform", "numpy", "h5py"]


def test_what_computes_results_is_asked_for() -> None:
    assert {"torch", "numpy", "scipy", "scikit-learn", "h5py", "tifffile", "snakemake"} <= set(PACKAGES)
    found = software_versions()
    assert found["torch"] == version("torch") and set(found) - {"python", "platform"} <= set(PACKAGES)
