"""What a file of predictions says of itself survives the file."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.files.predictions_about import FORMAT_VERSION, PredictionsAbout

ABOUT = PredictionsAbout(
    scan="s",
    channels=("Mg", "µ=Fe"),
    pixel_size=(0.1, 1 / 3),
    pixel_unit="µm",
    frame=2,
    levels=(0.05, 0.5, 0.95),
    n_members=7,
    counts=True,
)


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        stored.attrs.update(ABOUT.attributes())
    with h5py.File(tmp_path / "a.h5") as stored:
        assert PredictionsAbout.of(stored.attrs) == ABOUT
        assert stored.attrs["format_version"] == FORMAT_VERSION


def test_numbers_of_any_type_are_written_alike() -> None:
    numpy = PredictionsAbout(
        scan="s",
        channels=["Mg", "µ=Fe"],
        pixel_size=np.array([0.1, 1 / 3]),
        pixel_unit="µm",
        frame=np.int64(2),
        levels=[np.float64(0.05), 0.5, 0.95],
        n_members=np.int32(7),
        counts=np.bool_(True),
    )
    assert numpy.attributes() == ABOUT.attributes()


@pytest.mark.parametrize("name", sorted(set(ABOUT.attributes()) - {"format_version"}))
def test_what_lacks_is_named(name: str) -> None:
    content = ABOUT.attributes()
    del content[name]
    with pytest.raises(KeyError, match=name):
        PredictionsAbout.of(content)
