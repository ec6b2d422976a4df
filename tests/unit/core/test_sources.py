"""Sources are taken apart into file and dataset, and two spellings of one source are one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noisebound.core.sources import HDF5_SUFFIXES, TIFF_SUFFIXES, source_identity, split_source


@pytest.mark.parametrize("suffix", HDF5_SUFFIXES)
def test_datasets_are_named_behind_a_colon(suffix: str) -> None:
    assert split_source(f"a{suffix}:/entry/data") == (f"a{suffix}", "/entry/data")
    assert split_source(f"A{suffix.upper()}:x") == (f"A{suffix.upper()}", "x")
    assert split_source(f"a{suffix}:") == (f"a{suffix}", "")
    assert split_source(f"a{suffix}") == (f"a{suffix}", None)


@pytest.mark.parametrize(
    "source", ["a.tif", "C:/data/a.tif", "a.tif:/x", "time 12:30.tif", "a.h5x:/d", ".h5:/x", *TIFF_SUFFIXES]
)
def test_other_colons_belong_to_the_path(source: str) -> None:
    assert split_source(source) == (source, None)


def test_the_last_file_of_several_names_is_meant() -> None:
    assert split_source("run.h5:2/a.h5:/x:y") == ("run.h5:2/a.h5", "/x:y")
    assert split_source(Path("a.nxs")) == ("a.nxs", None)


def test_spellings_of_one_source_have_one_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.h5").touch()
    os.symlink("a.h5", tmp_path / "link.h5")
    same = ["a.h5:/x/y", "./a.h5:x/y", f"{tmp_path}/a.h5://x/./y/", "link.h5:/x/y", "b/../a.h5:/x/y"]
    assert len({source_identity(source) for source in same}) == 1
    others = ["a.h5:/x", "b.h5:/x/y", "a.h5", "a.h5:/x/Y"]
    assert len({source_identity(source) for source in [*others, same[0]]}) == len(others) + 1
