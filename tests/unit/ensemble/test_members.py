"""The members: halo and memory follow from their graphs, and those of different kinds are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError
from noisebound.ensemble.members import Ensemble
from tests.unit.ensemble.member_files import Members, make_members


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


def test_members_of_different_kinds_are_no_ensemble(tmp_path: Path) -> None:
    flat, deep = make_members(tmp_path / "2", 2), make_members(tmp_path / "3", 3)
    with pytest.raises(InputError, match=r"members differ in dimensions or channels.*Remedy"):
        Ensemble([flat.weights[0], deep.weights[0]], [flat.architectures[0], deep.architectures[0]])
    with pytest.raises(InputError, match="no member is given"):
        Ensemble([], [])


def test_the_halo_is_the_largest_radius_of_the_members(members: Members) -> None:
    radii = [Architecture.read(path).radius() for path in members.architectures]
    ensemble = Ensemble(members.weights, members.architectures)
    assert len(set(radii)) > 1 and ensemble.halo == (max(radii),) * members.dimensions and len(ensemble) == 3
