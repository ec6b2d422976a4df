"""One report on two maps and one on two volumes for all tests of the pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.example_run import phantom, write_pages


@pytest.fixture(scope="session")
def flat(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A map of two channels in counts, and another to apply to; not to be changed."""
    return write_pages(
        tmp_path_factory.mktemp("flat"),
        truth=phantom((40, 56), 2, 0),
        channels=["Mg", "Fe"],
        pixel_size=[1.717, 1.717],
        members=3,
    )


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A volume of one channel, and another to apply to; not to be changed."""
    return write_pages(
        tmp_path_factory.mktemp("deep"),
        truth=20 * phantom((24, 40, 44), 1, 1),
        channels=["density"],
        pixel_size=[8.0, 4.0, 4.0],
        pixel_unit="um",
        counts=False,
        unit="grey",
        members=2,
        tokens=11,
        simulated=True,
        combine="pool",
    )
