"""The fast ways equal the plain network, in values, gradients and loss, for every family and dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.geometry.tiling import tiles
from noisebound.networks import engine, gpu_engine
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.losses import quantile_loss
from noisebound.networks.quantile_network import join_parameters
from noisebound.networks.space_to_depth import spread
from tests.unit.networks.engines import gradients_of, graph_network
from tests.unit.networks.graphs import drawn, image_of, network_of
from tests.unit.unets import CHANNELS, plan, unet_of

graphs = {
    "seed": st.integers(0, 10**6),
    "depth": st.integers(1, 6),
    "dilations": st.sampled_from([[1], [1, 2], [1, 3, 5], [2, 4]]),
    "direct": st.booleans(),
}


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


def compare(network: MemberNetwork, image: torch.Tensor) -> None:
    with torch.no_grad():
        expected = (network.encode(image), *network(image))
        for way in (engine, gpu_engine):
            latent, quantiles = way.predict(network, image)
            for fast, plain in zip((latent, *quantiles), expected, strict=True):
                close(fast, plain)
            lower, median, upper = quantiles
            assert (lower <= median).all() and (median <= upper).all()


@settings(max_examples=40, deadline=None)
@given(**graphs, height=st.integers(1, 20), width=st.integers(1, 20), batch=st.integers(1, 3))
def test_images(seed: int, depth: int, dilations: list[int], direct: bool, height: int, width: int, batch: int) -> None:
    network = graph_network(2, seed, depth, dilations, direct)
    compare(network, torch.randn((batch, 2, height, width), generator=torch.Generator().manual_seed(seed)))


@settings(max_examples=40, deadline=None)
@given(**graphs, shape=st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 9)), batch=st.integers(1, 3))
def test_volumes_also_with_fewer_slices_than_a_dilation(
    seed: int, depth: int, dilations: list[int], direct: bool, shape: tuple[int, ...], batch: int
) -> None:
    network = graph_network(3, seed, depth, dilations, direct)
    compare(network, torch.randn((batch, 2, *shape), generator=torch.Generator().manual_seed(seed)))


def test_images_that_need_a_gradient_get_one() -> None:
    network = graph_network(2, 7, 3, [1, 2], True)
    image = torch.randn((1, 2, 9, 9), generator=torch.Generator().manual_seed(1), requires_grad=True)
    fast = gradients_of(network, engine.quantiles(network, image), [image], 1)[0]
    torch.testing.assert_close(fast, gradients_of(network, network(image), [image], 1)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(13, 12), (6, 9, 8)])
def test_the_rest_of_the_batch_changes_nothing(shape: tuple[int, ...]) -> None:
    network = graph_network(len(shape), 5, 5, [1, 2], False)
    batch = torch.randn((3, 2, *shape), generator=torch.Generator().manual_seed(1))
    spoilt = batch.clone()
    spoilt[0] = torch.nan
    with torch.no_grad():
        before, after = engine.predict(network, batch), engine.predict(network, spoilt)
    for clean, dirty in zip((before[0], *before[1]), (after[0], *after[1]), strict=True):
        assert dirty[0].isnan().all()
        torch.testing.assert_close(dirty[1:], clean[1:], rtol=0, atol=0)


def test_a_u_net_in_another_memory_layout_and_its_gradients_are_those_of_the_plain_network() -> None:
    for dimensions, extents in ((2, (13, 18)), (3, (5, 9, 12))):
        network = unet_of(plan(dimensions, 2, 2)).double()
        image = torch.randn((2, CHANNELS, *extents), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        found = [network(image), engine.quantiles(network, image), engine.predict(network, image)[1]]
        for fast in found[1:]:
            torch.testing.assert_close(fast, found[0], rtol=1e-9, atol=1e-9)
        gradients = [torch.autograd.grad(sum(q.sum() for q in qs), network.parameters()) for qs in found[:2]]
        torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("dimensions", "spatial"), [(2, (22, 30)), (2, (21, 17)), (3, (10, 12, 14)), (3, (9, 11, 8))])
@pytest.mark.parametrize("cell", [2, 3])
def test_the_fast_ways_compute_what_the_plain_network_does(
    dimensions: int, spatial: tuple[int, ...], cell: int
) -> None:
    network = network_of(drawn(dimensions=dimensions, cell=cell))
    image = image_of(2, 2, *spatial)
    plain = network(image)
    latent, found = engine.predict(network, image)
    # With a gradient wanted for the image, the merged way is taken instead of the compiled one.
    merged = engine.quantiles(network, image.clone().requires_grad_())
    for expected, *others in zip(plain, found, engine.quantiles(network, image), merged, strict=True):
        assert expected.shape == (2, 2, *spatial)
        for other in others:
            torch.testing.assert_close(other, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(latent, spread(network.encode(image), cell, spatial), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_gradients_are_those_of_the_plain_network(dimensions: int) -> None:
    network = network_of(drawn(dimensions=dimensions))
    image = image_of(2, 2, *(12, 14, 16)[:dimensions])

    def gradients(way: Any) -> list[torch.Tensor]:
        loss = sum((k + 1) * quantile.square().mean() for k, quantile in enumerate(way(image)))
        return list(torch.autograd.grad(loss, list(network.parameters())))

    for fast, plain in zip(gradients(lambda x: engine.quantiles(network, x)), gradients(network), strict=True):
        torch.testing.assert_close(fast, plain, atol=1e-5, rtol=1e-4)


def test_tiles_cut_at_cells_give_what_the_whole_image_gives() -> None:
    network = network_of(drawn())
    halo = [network.architecture.radius()] * 2
    image = np.random.default_rng(0).normal(size=(2, 60, 76)).astype(np.float32)
    padded = np.pad(image, ((0, 0), (32, 32), (32, 32)), mode="symmetric")
    whole = torch.stack(engine.predict(network, torch.from_numpy(padded)[None])[1])[:, 0, :, 32:-32, 32:-32]
    for tile in tiles(image.shape[1:], (20, 26), halo, network.architecture.alignment):
        part = torch.from_numpy(tile.complete(image[(slice(None), *tile.read)]))[None]
        found = torch.stack(engine.predict(network, part)[1])[:, 0][(..., *tile.inner)]
        torch.testing.assert_close(found, whole[(..., *tile.keep)], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("cell", [1, 2])
@pytest.mark.parametrize("spatial", [(12, 14), (11, 9), (6, 8, 10)])
def test_the_loss_is_that_of_the_plain_network_and_so_is_its_gradient(
    spatial: tuple[int, ...], cell: int, joined: bool
) -> None:
    """Also where no reference is known, whatever stands there, and for images that end within a cell."""
    network = network_of(drawn(dimensions=len(spatial), cell=cell))
    image, target = image_of(2, 2, *spatial), 0.3 * image_of(2, 2, *spatial).flip(-1)
    mask = torch.rand((2, 1, *spatial), generator=torch.Generator().manual_seed(1)) > 0.3
    target = torch.where(mask, target, torch.nan)
    levels = (0.1, 0.5, 0.8)
    plain = quantile_loss(network(image), target, levels, mask)
    expected = torch.cat([part.flatten() for part in torch.autograd.grad(plain, list(network.parameters()))])
    if joined:
        vector = join_parameters(network)
        fast = engine.loss(network, image, target, levels, mask)
        (gradient,) = torch.autograd.grad(fast, [vector])
    else:
        fast = engine.loss(network, image, target, levels, mask)
        gradient = torch.cat([part.flatten() for part in torch.autograd.grad(fast, list(network.parameters()))])
    torch.testing.assert_close(fast, plain, rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient, expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max()))
