"""Channels are paired by name, in the order of the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from noisebound.scans.channels import match_channels
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
