"""The sample of latents: it survives its file, whose arrays must fit together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from noisebound.core.arrays import read_arrays, write_arrays
from noisebound.core.errors import InputError
from noisebound.latent.sample import LatentSample, load_sample, save_sample
from tests.unit.latent.damaged_files import refuse_damaged


def test_the_sample_survives_its_file(tmp_path):
    rng = np.random.default_rng(15)
    sample = LatentSample(
        latents=rng.normal(size=(20, 7)).astype(np.float32),
        null=rng.normal(size=(20, 7)).astype(np.float32),
        medians=rng.normal(size=(20, 2)).astype(np.float32),
        member_sizes=np.array([3, 4]),
        coordinates=rng.integers(0, 50, (20, 3)),
        scan=rng.integers(0, 2, 20),
        scans=("left field", "µ-right"),
    )
    save_sample(tmp_path / "sample.npz", sample)
    again = load_sample(tmp_path / "sample.npz")
    assert again.scans == sample.scans
    for name in ("latents", "null", "medians", "member_sizes", "coordinates", "scan"):
        np.testing.assert_array_equal(getattr(again, name), getattr(sample, name))
    with pytest.raises(ValueError, match="fit together"):
        dataclasses.replace(sample, medians=sample.medians[:5])


@pytest.mark.parametrize("name", ["medians", "coordinates", "scan", "null"])
def test_a_file_whose_arrays_disagree_is_refused(tmp_path, name):
    rng = np.random.default_rng(0)
    numbers = {"member_sizes": np.array([2, 1]), "coordinates": np.zeros((5, 2), int), "scan": np.zeros(5, int)}
    images = {"latents": rng.normal(size=(5, 3)), "null": rng.normal(size=(5, 3)), "medians": rng.normal(size=(5, 1))}
    save_sample(tmp_path / "a.npz", LatentSample(**numbers, **images, scans=("s",)))
    names = [field.name for field in dataclasses.fields(LatentSample)]
    arrays = read_arrays(tmp_path / "a.npz", names)
    cut = arrays[name][:, :-1] if name == "null" else arrays[name][:-1]
    write_arrays(tmp_path / "b.npz", {**arrays, name: cut})
    assert load_sample(tmp_path / "a.npz").latents.dtype == np.float32
    with pytest.raises(InputError, match=r"b\.npz.*fit together"):
        load_sample(tmp_path / "b.npz")


def test_damaged_and_pickled_files_are_refused(tmp_path):
    refuse_damaged(tmp_path, load_sample, [field.name for field in dataclasses.fields(LatentSample)])
