"""Files are closed on every way out, and what cannot be opened is named with the step that writes it."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest

from noisebound.core.errors import InputError
from noisebound.files.hdf5_reader import Hdf5Reader


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        stored["x"] = [1, 2]
    return tmp_path / "a.h5"


def test_a_file_is_closed_when_the_block_ends_and_when_it_fails(file: Path) -> None:
    with Hdf5Reader(file, "the step") as reader:
        assert reader.path == file
    with pytest.raises(KeyError), Hdf5Reader(file, "the step") as failed:
        raise KeyError
    assert not reader._file and not failed._file
    with h5py.File(file, "r+") as stored:  # which HDF5 refuses for a file that is open for reading
        stored["x"][0] = 3


def test_what_cannot_be_opened_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.h5.*does not exist\. Remedy: run the ingest step\."):
        Hdf5Reader(tmp_path / "none.h5", "the ingest step")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(InputError, match=r"text\.h5.*not a readable HDF5.*Remedy: delete it and run the ingest step"):
        Hdf5Reader(tmp_path / "text.h5", "the ingest step")
    with pytest.raises(InputError, match="does not exist"):
        Hdf5Reader(tmp_path, "the ingest step")
