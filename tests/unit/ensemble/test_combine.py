"""Combined members: averages, pooled quantiles and variances against their definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from noisebound.ensemble.combine import combine_members
from noisebound.ensemble.members import Ensemble
from noisebound.ensemble.pooling import pool_quantiles
from noisebound.files.predictions import Predictions
from noisebound.networks import engine
from noisebound.networks.member_file import load_member, save_member
from tests.unit.ensemble.member_files import CHANNELS, TILES, Members, apply, make_frames, make_members, near
from tests.unit.learning_files import (
    draw_small,
    smooth_image,
    write_architecture,
    write_scan,
)
from tests.unit.unets import plan, unet_members


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_an_ensemble_may_hold_both_families(tmp_path: Path) -> None:
    weights, files = unet_members(tmp_path / "members", 2)
    graph = draw_small(image_channels=CHANNELS, max_radius=6)
    network = engine.build_network(graph)
    _, normalisation = load_member(weights[0], files[0])
    files.append(write_architecture(tmp_path / "graph.json", graph))
    weights.append(tmp_path / "graph.pt")
    save_member(weights[2], network.state_dict(), graph, normalisation, member=2, step=1)
    ensemble = Ensemble(weights, files)
    assert ensemble.alignment == 4 and ensemble.halo == (plan(2, 2).radius(),) * 2
    image = smooth_image((CHANNELS, 32, 32), 1).astype(np.float32)
    (lower, median, upper), *_ = combine_members(ensemble, image, (slice(4, 28),) * 2, None, (0.05, 0.95), "average")
    assert (lower <= median).all() and (median <= upper).all() and median.shape == (CHANNELS, 24, 24)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


@pytest.mark.parametrize("tile", ["auto", "small"])
def test_pooled_members_are_the_quantiles_of_their_mixture(members: Members, tmp_path: Path, tile: str) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None, channels=["Mg", "Fe"])
    size: Any = "auto" if tile == "auto" else TILES[members.dimensions][1]
    output = apply(members, scan, tmp_path / "e.h5", tile=size, combine="pool")
    _, quantiles = members.brute_force(frames[0].astype(np.float32))
    lower, median, upper = (np.stack([q[side] for q in quantiles]) for side in range(3))
    with Predictions(output) as found:
        expected = pool_quantiles(lower, median, upper, (0.05, 0.95))
        for kind, values in zip(("lower", "median", "upper"), expected, strict=True):
            near(found.read(kind), values, 1e-4)
        near(found.read("spread"), median.std(axis=0), 2e-5)
        averaged = upper.mean(axis=0) - lower.mean(axis=0)
        assert not np.allclose(found.read("upper") - found.read("lower"), averaged, rtol=1e-3)
