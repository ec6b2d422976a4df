"""Combined members: averages, pooled quantiles and variances against their definitions."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from noisebound.ensemble.combine import combine_members
from noisebound.ensemble.members import Ensemble
from noisebound.ensemble.pooling import pool_quantiles
from noisebound.files.predictions import Predictions
from noisebound.latent.basis import fit_basis
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


class Given:
    """Members that predict given arrays, whatever the image: latents (L, Y, X) and three quantiles (C, Y, X) each."""

    device = torch.device("cpu")

    def __init__(self, latents: list[np.ndarray], quantiles: list[np.ndarray]) -> None:
        self.latents, self.quantiles = latents, quantiles
        self.networks = [SimpleNamespace(architecture=SimpleNamespace(out_channels=len(quantiles[0][0])))]

    def __len__(self) -> int:
        return len(self.latents)

    def member(self, m: int, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.latents[m], self.quantiles[m]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from(["average", "pool"]))
def test_a_tile_is_what_its_definitions_give(seed: int, count: int, combine: str) -> None:
    random = np.random.default_rng(seed)
    sizes = [int(size) for size in random.integers(1, 4, count)]
    latents = [random.normal(size=(size, 7, 9)).astype(np.float32) for size in sizes]
    drawn = random.normal(3, 2, size=(count, 3, 2, 7, 9)).astype(np.float32)
    quantiles = list(np.sort(drawn, axis=1))
    basis = fit_basis(random.normal(size=(50, sum(sizes))), sizes, min(2, sum(sizes)))
    inner, levels = (slice(1, 6), slice(2, 8)), (0.1, 0.8)
    given: Any = Given(latents, quantiles)
    found = combine_members(given, np.zeros((2, 7, 9), np.float32), inner, basis, levels, combine)
    lower, median, upper = np.stack(quantiles)[:, :, :, 1:6, 2:8].transpose(1, 0, 2, 3, 4).astype(np.float64)
    expected: Any = (lower.mean(0), median.mean(0), upper.mean(0))
    if combine == "pool":
        expected = pool_quantiles(*(part.astype(np.float32) for part in (lower, median, upper)), levels)
    for actual, wanted in zip(found.quantiles, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.spread, median.std(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.medians, median.astype(np.float32))
    deviation = (upper - lower) / (norm.ppf(0.8) - norm.ppf(0.1))
    np.testing.assert_allclose(found.variances[0], np.square(deviation).mean(0).sum((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(found.variances[1], median.var(0).sum((1, 2)), rtol=1e-4, atol=1e-9)
    assert found.scores is not None
    projected = basis.project(np.concatenate(latents)[(slice(None), *inner)])
    np.testing.assert_allclose(found.scores, projected, rtol=1e-4, atol=1e-4)
    without = combine_members(given, np.zeros((2, 7, 9), np.float32), inner, None, levels, combine)
    assert without.scores is None and not without.variances[0].any()
    np.testing.assert_array_equal(without.spread, found.spread)
