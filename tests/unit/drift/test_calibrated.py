"""The file that scans are compared with."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.drift.calibrated import Calibrated, FlatBlocks
from noisebound.drift.expected import Expected
from noisebound.drift.local_usual import LocalUsual
from tests.unit.drift.simulated import make_table


def make() -> Calibrated:
    rng = np.random.default_rng(0)
    shapes = {"knots": (2, 7), "shift": (2, 7)}
    expected = Expected(**{field.name: rng.normal(size=shapes.get(field.name, (2,))) for field in fields(Expected)})
    usual = LocalUsual(rng.random((2, 5)), rng.random((2, 5, 2)), rng.random((2, 5, 5)))
    return Calibrated(make_table(rng, 6, "a"), 16, expected, FlatBlocks(*rng.normal(size=(2, 3, 2))), usual)


def test_it_comes_back_as_it_was_and_in_the_same_bytes(tmp_path: Path) -> None:
    own = make()
    for name in ("one", "two"):
        own.save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found = Calibrated.load(tmp_path / "one.npz")
    assert found.side == 16 and found.table.fields == own.table.fields
    np.testing.assert_array_equal(found.table.image, own.table.image)
    for name, values in vars(own.expected).items():
        np.testing.assert_array_equal(getattr(found.expected, name), values)
    np.testing.assert_array_equal(found.flat.level, own.flat.level)
    for a, b in zip(found.usual, own.usual, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(found.flat.pattern, own.flat.pattern)


@pytest.mark.parametrize("missing", ["side", "pattern", "mean_gain", "at_top", "blur"])
def test_a_file_that_lacks_something_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    make().save(tmp_path / "whole.npz")
    with np.load(tmp_path / "whole.npz") as file:
        np.savez(tmp_path / "part.npz", **{name: file[name] for name in file.files if name != missing})
    with pytest.raises(InputError, match=rf"part\.npz.*{missing}"):
        Calibrated.load(tmp_path / "part.npz")
