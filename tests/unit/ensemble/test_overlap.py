"""A narrow overlap: the error that is told is the one that is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.files.predictions import Predictions
from tests.unit.ensemble.member_files import (
    SHAPES,
    Members,
    apply,
    little_memory,
    make_frames,
    make_members,
    watch_memory,
)
from tests.unit.learning_files import (
    write_scan,
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


def test_a_narrow_overlap_says_what_it_changes(
    members: Members, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None, channels=["Mg", "Fe"])
    extents = SHAPES[members.dimensions]
    tile = [*extents[:-1], -(-extents[-1] // 3)]  # as many tiles as are measured
    exact = apply(members, scan, tmp_path / "exact.h5", tile=tile)
    caplog.set_level("INFO", "noisebound")
    narrow = apply(members, scan, tmp_path / "narrow.h5", tile=tile, overlap=1)
    assert caplog.text.count("instead of") == 2  # once per channel
    with Predictions(exact) as one, Predictions(narrow) as other:
        assert one.overlap_error == {}
        difference = other.read("median") - one.read("median")
        width = one.read("upper") - one.read("lower")
        assert list(other.overlap_error) == ["Mg", "Fe"]
        for c, found in enumerate(other.overlap_error.values()):
            assert found["largest"] == pytest.approx(np.abs(difference[c]).max(), rel=1e-5) and found["largest"] > 0
            assert found["rms"] == pytest.approx(np.sqrt(np.mean(difference[c] ** 2, dtype=np.float64)), rel=1e-5)
            assert found["width"] == pytest.approx(width[c].mean(), rel=1e-5)
    wide = apply(members, scan, tmp_path / "wide.h5", tile=tile, overlap=1000)
    with Predictions(exact) as one, Predictions(wide) as other:
        assert other.overlap_error == {}
        np.testing.assert_array_equal(other.read("median"), one.read("median"))


def test_the_error_of_a_narrow_overlap_is_measured_within_the_memory(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    tile = list(SHAPES[members.dimensions])
    errors = []
    for name, memory in (("ample", None), ("little", little_memory(members))):
        with monkeypatch.context() as patch:
            excess = watch_memory(patch, memory)
            with Predictions(apply(members, scan, tmp_path / f"{name}.h5", tile=tile, overlap=0)) as found:
                errors.append(found.overlap_error)
        # The tile that was asked for, by each of three members, comes first and last.
        assert max(excess[3:-3]) <= 0
        assert (len(excess) > 9) == (name == "little")
    for ample, little in zip(*(error.values() for error in errors), strict=True):
        assert little == pytest.approx(ample, rel=1e-5) and little["largest"] > 0
