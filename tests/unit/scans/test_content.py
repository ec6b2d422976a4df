"""The pixels of a scan: read once, checked, and arranged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.scans.content import arrange
from noisebound.scans.readers import Image
from tests.unit.scans import fields
from tests.unit.scans.measured import ingest, save, values


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = fields.save(tmp_path / "a.tif", fields.frames())
    import noisebound.scans.content as module

    def read_and_change(*arguments: Any, **named: Any) -> Any:
        image = read(*arguments, **named)
        os.utime(source, ns=(1, 1))
        return image

    read = module.read_image
    monkeypatch.setattr(module, "read_image", read_and_change)
    with pytest.raises(InputError, match=r"a\.tif.*changed while it was read.*Remedy"):
        fields.ingest(tmp_path, "a", [source])
    assert not (tmp_path / "a.h5").exists() and not (tmp_path / "a.json").exists()


def test_several_references_are_averaged(tmp_path: Path) -> None:
    stack = values(3, 2, 12, 13, seed=5)
    noisy = save(tmp_path / "n.tif", values(2, 12, 13), "CYX")
    files = [save(tmp_path / "r.tif", stack[:2], "RCYX"), save(tmp_path / "s.tif", stack[2], "CYX")]
    with ingest(tmp_path / "a.h5", [noisy], files) as scan:
        np.testing.assert_allclose(scan.read_target(0), stack.mean(axis=0), rtol=1e-6)


def test_sums_beyond_32_bits_and_pixel_sizes_given_by_hand(tmp_path: Path) -> None:
    frames = np.full((3, 2, 4, 4), 2**31, "uint32") + values(3, 2, 4, 4, dtype="uint32")
    source = save(tmp_path / "a.tif", frames, "RCYX")
    with ingest(tmp_path / "a.h5", [source], "leave-one-out", pixel_size=[2.0, 3.0], pixel_unit="um") as scan:
        expected = (frames[0].astype(np.float64) + frames[2]) / 2
        np.testing.assert_array_equal(scan.read_target(1), expected.astype(np.float32))
        assert scan.pixel_size == (2.0, 3.0) and scan.pixel_unit == "µm"
    with ingest(tmp_path / "b.h5", [source]) as scan:
        assert scan.pixel_size == (1.0, 1.0) and scan.pixel_unit == "px"


@pytest.mark.parametrize("axes", ["YX", "XY", "CYX", "RYX", "ZYX", "XZYCR", "RCZYX", "YRX"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_images_are_arranged_by_their_axes(axes: str, dimensions: int) -> None:
    lengths = {"R": 2, "C": 3, "Z": 1 if dimensions == 2 else 4, "Y": 5, "X": 6}
    array = np.random.default_rng(0).normal(size=[lengths[axis] for axis in axes])
    found = arrange(Image(array, axes, None, None, None), dimensions)
    wanted = "RCYX" if dimensions == 2 else "RCZYX"
    assert found.shape == tuple(lengths[axis] if axis in axes else 1 for axis in wanted)
    for place in np.ndindex(found.shape):
        index = dict(zip(wanted, place, strict=True))
        assert found[place] == array[tuple(index.get(axis, 0) for axis in axes)]
