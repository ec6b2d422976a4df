"""Rows of the table of regions."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from noisebound.decisions.region_roles import ROLES
from noisebound.decisions.region_table import columns, contents, row
from noisebound.files.frame_totals import Totals

FOUND = {"rank": 3, "score": 2.5, "pixels": 24, "bounds": [(1, 3), (2, 5), (4, 8)]}


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_row_has_every_column_and_lengths_in_the_unit_of_the_pixels(ndim: int) -> None:
    images: Any = SimpleNamespace(ndim=ndim, pixel_size=(2.0, 0.5, 0.25)[-ndim:], pixel_unit="nm")
    entry = {"name": "rich", "channel": "Fe", "above": 4.0, "confidence": 0.75}
    found = FOUND | {"bounds": FOUND["bounds"][-ndim:]}
    totals = Totals(*np.arange(24.0).reshape(3, 4, 2), frames=9, independent=True)
    shares = dict.fromkeys(ROLES, 0.0) | {"train": 0.75, "none": 0.25}
    about = contents(shares, totals, 2, ["Mg", "Fe"])
    values = row("exceed", found, entry, images) | about
    names = columns(ndim, ["Mg", "Fe"])
    assert set(values) == set(names)
    assert len(names) == 10 + 4 * ndim + 8 + 6
    assert (values["role"], values["share_train"], values["share_test"], values["frames"]) == ("train", 0.75, 0, 9)
    assert [values[f"Fe_{kind}"] for kind in ("total", "total_low", "total_high")] == [5, 13, 21]
    assert math.isnan(values["score_error"])
    assert (values["name"], values["rank"], values["threshold"], values["unit"]) == ("rich", 3, 4.0, f"nm^{ndim}")
    assert values["area"] == 24 * math.prod(images.pixel_size)
    assert [values[key] for key in ("y0_px", "y1_px", "x0_px", "x1_px")] == [2, 5, 4, 8]
    assert [values[key] for key in ("y0", "y1", "x0", "x1")] == [1.0, 2.5, 1.0, 2.0]
    if ndim == 3:
        assert [values[key] for key in ("z0_px", "z1_px", "z0", "z1")] == [1, 3, 2.0, 6.0]


def test_a_box_to_measure_again_is_about_no_channel() -> None:
    images: Any = SimpleNamespace(ndim=3, pixel_size=(1.0,) * 3, pixel_unit="px")
    values = row("remeasure", FOUND | {"score_error": 0.5}, {}, images)
    assert (values["name"], values["channel"], values["score_error"]) == ("remeasure", "", 0.5)
    assert math.isnan(values["threshold"]) and math.isnan(values["confidence"])
