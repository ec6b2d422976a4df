"""Channels are paired by name, in the order of the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.scans.channels import channel_names, channel_order, match_channels
from noisebound.scans.readers import Header
from tests.unit.scans.measured import ingest, refuse, save, values


def test_channels_are_put_in_the_order_of_the_run(tmp_path: Path) -> None:
    frames = values(2, 2, 12, 13)
    source = save(tmp_path / "a.tif", frames, "RCYX", channels=["Si_Ka", "Mg_Ka"])
    with ingest(tmp_path / "a.h5", [source]) as scan:
        np.testing.assert_array_equal(scan.read_frame(0), frames[0, ::-1])
    with ingest(tmp_path / "b.h5", [source], file_channels=["Mg", "Si"]) as scan:
        np.testing.assert_array_equal(scan.read_frame(0), frames[0])
    three = values(2, 3, 12, 13)
    turned = save(tmp_path / "three.tif", three, "RCYX", channels=["Fe", "Mg", "Si"])
    with ingest(tmp_path / "three.h5", [turned], channels=["Mg", "Si", "Fe"]) as scan:
        np.testing.assert_array_equal(scan.read_frame(1), three[1, [1, 2, 0]])
    refuse(tmp_path / "c.h5", [source], None, "Mg_Ka", "Fe", "`data.channels`", channels=["Mg", "Fe"])
    refuse(tmp_path / "c.h5", [source], None, "2 channels", channels=["Mg"])
    refuse(tmp_path / "c.h5", [source], None, "1 channel names", file_channels=["Mg"])
    assert match_channels(["Fe_Ka", "Fe_La"], ["Fe", "Mg"]) is None
    assert match_channels(["Fe_La", "Fe_Ka"], ["Fe_Ka", "Fe_La"]) == (1, 0)
    assert match_channels(["Mgx"], ["Mg"]) is None


@given(st.permutations(["Mg_Ka", "Si_Ka", "Fe", "O_Kb"]))
def test_every_order_is_found(found: list[str]) -> None:
    wanted = ["Fe", "O", "Mg", "Si"]
    order = match_channels(found, wanted)
    assert order is not None and [found[place].split("_")[0] for place in order] == wanted


@pytest.mark.parametrize(
    ("found", "wanted", "order"),
    [
        (["Fe_Ka", "Fe_Kb"], ["Fe", "Fe"], (0, 1)),  # in their places, though each fits both
        (["Fe_Ka", "Mg"], ["Mg", "Fe_Ka"], (1, 0)),
        (["Fe_Ka", "Fe_Kb"], ["Mg", "Fe"], None),  # which of the two is meant?
        (["Fe", "Fe_Ka"], ["Fe_Ka", "Fe"], None),  # "Fe" fits both of the file's
        (["Fe"], ["Fe_Ka"], None),  # a plain name is not the line
        (["Mg", "Si"], ["Mg"], None),
        ([], [], ()),
    ],
)
def test_names_pair_up_one_to_one_or_not_at_all(
    found: list[str], wanted: list[str], order: tuple[int, ...] | None
) -> None:
    assert match_channels(found, wanted) == order


def header(count: int, channels: tuple[str, ...] | None = None) -> Header:
    return Header("a.tif", (count, 4, 5), np.dtype("uint16"), "CYX", channels)


def test_names_are_those_of_the_run_then_of_the_sheet_then_of_the_file() -> None:
    file = header(2, ("a", "b"))
    assert channel_names(file, ["Mg", "Si"], ["x", "y"]) == ("Mg", "Si")
    assert channel_names(file, None, ["x", "y"]) == ("x", "y")
    assert channel_names(file, None, None) == ("a", "b")
    assert channel_names(header(2), None, None) == ("channel 0", "channel 1")


def test_channels_that_nobody_names_stay_in_their_order() -> None:
    assert channel_order(header(3), ("Mg", "Si", "Fe"), None) == (0, 1, 2)
    assert channel_order(header(3), ("Mg", "Si", "Fe"), ["Fe", "Mg", "Si"]) == (1, 2, 0)
    with pytest.raises(InputError, match=r"a\.tif.*3 channels .* where 2 are configured"):
        channel_order(header(3), ("Mg", "Si"), None)
