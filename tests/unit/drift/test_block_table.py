"""Tables of blocks: joined, kept in files, and compared."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from noisebound.drift.block_statistics import IMAGE_STATISTICS
from noisebound.drift.block_table import TABLE_ARRAYS, BlockTable, block_table, compared
from tests.unit.drift.simulated import CHANNELS, make_table


def test_joined_tables_keep_each_field_of_view_once() -> None:
    """Of two scans of field b, one calibrates with a part of itself alone: the field is no whole one."""
    rng = np.random.default_rng(0)
    parts = [make_table(rng, 3, "a"), make_table(rng, 2, "b"), make_table(rng, 4, "b", whole=False)]
    table = BlockTable.joined(parts)
    assert table.fields == ("scan a", "scan b") and table.whole.tolist() == [True, False]
    assert table.field.tolist() == 3 * [0] + 6 * [1] and len(table) == 9
    np.testing.assert_array_equal(table.latent, np.concatenate([part.latent for part in parts]))
    again = BlockTable.joined([table, make_table(rng, 1, "c")])
    assert again.field.tolist() == [*table.field.tolist(), 2] and again.whole.tolist() == [True, False, True]


def test_a_table_comes_back_from_its_arrays() -> None:
    table = make_table(np.random.default_rng(1), 5, "ä")
    arrays = table.to_arrays()
    assert set(arrays) == set(TABLE_ARRAYS)
    found = BlockTable.from_arrays(arrays)
    assert (found.channels, found.fields) == (table.channels, table.fields)
    for part in ("image", "latent", "top", "at_top", "field", "whole", "residual"):
        np.testing.assert_array_equal(getattr(found, part), getattr(table, part))


def test_compared_statistics_have_the_names_of_their_columns() -> None:
    rng = np.random.default_rng(2)
    calibrated, new = make_table(rng, 6, "a"), make_table(rng, 4, "b")
    names, old_values, new_values = compared(calibrated, new)
    assert old_values.shape == (6, len(names)) and new_values.shape == (4, len(names))
    for channel, name in enumerate(CHANNELS):
        for kind, statistic in enumerate(IMAGE_STATISTICS):
            np.testing.assert_array_equal(new_values[:, names.index((statistic, name))], new.image[:, channel, kind])
    for component in range(4):
        np.testing.assert_array_equal(
            old_values[:, names.index(("latent", str(component + 1)))], calibrated.latent[:, component]
        )
    np.testing.assert_array_equal(old_values[:, names.index(("distance", ""))], calibrated.latent[:, 4])


@pytest.mark.parametrize("brightest", ["calibrated", "new"])
def test_saturation_is_counted_at_the_largest_value_of_both_tables(brightest: str) -> None:
    rng = np.random.default_rng(3)
    tables = {"calibrated": make_table(rng, 5, "a"), "new": make_table(rng, 5, "b")}
    tables[brightest].top[2, 1] = 255.0
    names, *values = compared(tables["calibrated"], tables["new"])
    column = names.index(("saturated", CHANNELS[1]))
    for (name, table), found in zip(tables.items(), values, strict=True):
        expected = np.zeros(5)
        if name == brightest:
            expected[2] = table.at_top[2, 1]
        np.testing.assert_array_equal(found[:, column], expected)


def test_tables_without_latents_are_compared_by_their_images() -> None:
    rng = np.random.default_rng(4)
    tables = [make_table(rng, 3, scan, latents=False) for scan in "ab"]
    names, *values = compared(*tables)
    assert {kind for kind, _ in names} == {*IMAGE_STATISTICS, "saturated"}
    assert all(part.shape == (3, 14) for part in values)


@pytest.mark.parametrize("field", ["scan s", "group g"])
def test_repeats_of_a_group_are_one_field_of_view(field: str) -> None:
    own = make_table(np.random.default_rng(5), 4, "s")
    found: dict[str, Any] = {part: getattr(own, part) for part in ("image", "latent", "top", "at_top")}
    scan: Any = SimpleNamespace(channels=CHANNELS, field_of_view=field, name="s")
    table = block_table(scan, found | {"median": np.ones((4, 2))}, own.residual, complete=False)
    assert (table.fields, table.field.tolist(), table.whole.tolist()) == ((field,), [0] * 4, [False])
    np.testing.assert_array_equal(table.residual, own.residual)
