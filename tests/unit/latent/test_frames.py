"""Pairs of frames: they survive their file, whose arrays must fit together."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from noisebound.core.arrays import read_arrays, write_arrays
from noisebound.core.errors import InputError
from noisebound.latent.frames import FramePairs, load_pairs, no_pairs, save_pairs
from tests.unit.latent.damaged_files import refuse_damaged

NAMES = [field.name for field in dataclasses.fields(FramePairs)]


def pairs() -> FramePairs:
    rng = np.random.default_rng(3)
    return FramePairs(
        source="repeats",
        place="held-out",
        scores=rng.normal(size=(2, 9, 4)).astype(np.float16),
        medians=rng.normal(size=(2, 9, 2)).astype(np.float32),
        null=rng.normal(size=(2, 9, 3)).astype(np.float16),
        null_fit=rng.normal(size=(30, 3)).astype(np.float16),
        coordinates=rng.integers(0, 50, (9, 3)),
        scan=rng.integers(0, 2, 9),
        scans=("left field", "µ-right"),
    )


@pytest.mark.parametrize("kept", [pairs(), no_pairs(4, 2, 3)], ids=["pairs", "none"])
def test_pairs_survive_their_file(tmp_path: Path, kept: FramePairs) -> None:
    save_pairs(tmp_path / "a.npz", kept)
    again = load_pairs(tmp_path / "a.npz")
    for name in NAMES:
        np.testing.assert_array_equal(getattr(again, name), getattr(kept, name))
        assert type(getattr(again, name)) is type(getattr(kept, name))
    assert (again.source == "none") == (len(again.scan) == 0)


@pytest.mark.parametrize("name", ["scores", "medians", "null", "null_fit", "coordinates", "scan"])
def test_a_file_whose_arrays_disagree_is_refused(tmp_path: Path, name: str) -> None:
    save_pairs(tmp_path / "a.npz", pairs())
    arrays = read_arrays(tmp_path / "a.npz", NAMES)
    cut = arrays[name][:, :-1] if arrays[name].ndim > 1 and name != "coordinates" else arrays[name][:-1]
    write_arrays(tmp_path / "b.npz", {**arrays, name: cut})
    with pytest.raises(InputError, match=r"b\.npz.*fit together"):
        load_pairs(tmp_path / "b.npz")


def test_damaged_and_pickled_files_are_refused(tmp_path: Path) -> None:
    refuse_damaged(tmp_path, load_pairs, NAMES)
