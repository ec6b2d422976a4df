"""Pixels that cannot be what they are said to be are refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.core.errors import InputError, LeakageError
from noisebound.files.scan import Scan
from tests.unit.scans.ingested import ingest as ingest_scan
from tests.unit.scans.measured import ingest, refuse, save, values


def test_values_that_cannot_be_noisy_counts(tmp_path: Path) -> None:
    output = tmp_path / "out.h5"
    constant = values(3, 2, 12, 13)
    constant[1] = 7
    refuse(output, [save(tmp_path / "constant.tif", constant, "RCYX")], None, "frame 1", "value 7", "constant.tif")
    negative = values(2, 12, 13, dtype="int16")
    negative[0, 0, :3] = -1
    source = save(tmp_path / "negative.tif", negative, "CYX")
    refuse(output, [source], None, "3 values", "data.kind: intensity")
    fraction = values(2, 12, 13, dtype="float32")
    fraction[1, 2, 3] = 0.5
    refuse(output, [save(tmp_path / "fraction.tif", fraction, "CYX")], None, "1 values", "fraction.tif")
    whole = save(tmp_path / "whole.tif", values(2, 12, 13, dtype="float32"), "CYX")
    ingest(tmp_path / "whole.h5", [whole]).close()
    ingest(tmp_path / "intensity.h5", [source], counts=False).close()
    below = save(tmp_path / "below.tif", values(2, 12, 13, dtype="int16", seed=1) - 4, "CYX")
    refuse(output, [whole], [below], "below.tif", "negative values")
    flat = save(tmp_path / "flat.tif", np.full((2, 12, 13), 3, "uint8"), "CYX")
    refuse(output, [whole], [flat], "flat.tif", "one value")
    fraction[0, 0, 0] = np.nan
    refuse(output, [save(tmp_path / "nan.tif", fraction, "CYX")], None, "nan.tif", "1 NaN")


def test_targets_that_contain_their_input_are_leakage(tmp_path: Path) -> None:
    frames = values(3, 2, 12, 13)
    source = save(tmp_path / "a.tif", frames, "RCYX")
    summed = save(tmp_path / "sum.tif", frames.sum(axis=0, dtype=np.uint32), "CYX")
    mean = save(tmp_path / "mean.tif", frames.mean(axis=0).astype(np.float32), "CYX")
    doubled = save(tmp_path / "doubled.tif", frames[[0, 1, 0]], "RCYX")
    copied = tmp_path / "copy.tif"
    copied.write_bytes(Path(source).read_bytes())
    for noisy, reference in (
        ([source], [summed]),
        ([source], [mean]),
        ([source], [source]),
        ([source, f"{tmp_path}/./a.tif"], None),
        ([doubled], "leave-one-out"),
        ([source, str(copied)], "leave-one-out"),
    ):
        with pytest.raises(LeakageError, match="Remedy"):
            ingest(tmp_path / "out.h5", noisy, reference)
    assert not (tmp_path / "out.h5").exists()


def test_counts_of_64_bits_are_read_and_summed_without_overflow(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).poisson(5, (3, 8, 9)).astype(np.uint64)
    file = tmp_path / "a.h5"
    with h5py.File(file, "w") as stored:
        stored["x"] = frames
    settings = {"dimensions": 2, "channels": ["c"], "counts": True, "axes": "RYX"}
    ingest_scan([f"{file}:/x"], "leave-one-out", tmp_path / "out.h5", scan="a", **settings)
    with Scan(tmp_path / "out.h5") as scan:
        assert np.array_equal(scan.read_target(0)[0], (frames[1:].sum(axis=0) / 2).astype(np.float32))
    with h5py.File(file, "r+") as stored:
        stored["x"][0, 0, 0] = 2**62
    with pytest.raises(InputError, match="overflow"):
        ingest_scan([f"{file}:/x"], "leave-one-out", tmp_path / "out.h5", scan="a", **settings)
