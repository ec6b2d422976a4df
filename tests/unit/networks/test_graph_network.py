"""Random graphs as modules: what a pixel sees, and that batch and tile change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from noisebound.geometry.tiling import mirror, tiles
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.networks.graphs import SETTINGS, cases, drawn, image_of, make_network, network_of


@cases
@pytest.mark.parametrize("largest", [5, 8])
def test_a_pixel_sees_exactly_the_stated_radius(dimensions: int, seed: int, largest: int) -> None:
    network = make_network(dimensions, seed, max_radius=largest).double()
    for parameter in network.parameters():
        parameter.data.abs_().add_(0.01)  # positive everywhere, so that nothing cancels
    radius = network.architecture.radius()
    extent = 2 * radius + 5
    image = torch.ones((1, 2, *(extent,) * dimensions), dtype=torch.float64, requires_grad=True)
    centre = (0, slice(None), *(extent // 2,) * dimensions)
    network.encode(image)[centre].sum().backward()
    assert image.grad is not None
    seen = (image.grad[0].abs().sum(0) > 0).nonzero() - extent // 2
    assert seen.amax(0).tolist() == [radius] * dimensions
    assert seen.amin(0).tolist() == [-radius] * dimensions
    for quantile in network(image):
        (gradient,) = torch.autograd.grad(quantile[centre].sum(), image, retain_graph=True)
        assert ((gradient[0].abs().sum(0) > 0).nonzero() - extent // 2).abs().max() == radius


@cases
def test_the_rest_of_the_batch_changes_nothing(dimensions: int, seed: int) -> None:
    network = make_network(dimensions, seed)
    batch = torch.randn((3, 2, *(13,) * dimensions), generator=torch.Generator().manual_seed(1))
    spoilt = batch.clone()
    spoilt[1] = torch.nan
    with torch.no_grad():
        for before, after in zip(network(batch), network(spoilt), strict=True):
            assert after[1].isnan().all()
            torch.testing.assert_close(after[[0, 2]], before[[0, 2]], rtol=0, atol=0)
        for alone, together in zip(network(batch[2:]), network(batch), strict=True):
            torch.testing.assert_close(alone[0], together[2], rtol=1e-6, atol=1e-6)


def by_tiles(network: MemberNetwork, image: np.ndarray, size: tuple[int, ...]) -> list[np.ndarray]:
    """Lower, median and upper of a whole scan, computed tile by tile."""
    halo = (network.architecture.radius(),) * (image.ndim - 1)
    results = [np.full(image.shape, np.nan, np.float32) for _ in range(3)]
    for tile in tiles(image.shape[1:], size, halo):
        part = torch.from_numpy(tile.complete(image[(slice(None), *tile.read)]))[None]
        with torch.no_grad():
            for result, quantile in zip(results, network(part), strict=True):
                result[(slice(None), *tile.keep)] = quantile[0].numpy()[(slice(None), *tile.inner)]
    return results


@cases
def test_tiles_equal_the_whole_image_computed_far_from_any_border(dimensions: int, seed: int) -> None:
    network = make_network(dimensions, seed)
    radius = network.architecture.radius()
    shape = (5, 13, 11)[3 - dimensions :]  # odd, and in places narrower than the receptive field
    image = np.random.default_rng(seed).normal(size=(2, *shape)).astype(np.float32)
    # The oracle has a rim three times as wide as needed: nothing of the convolutions' own padding can reach the scan.
    wide = torch.from_numpy(mirror(image, [(3 * radius, 3 * radius)] * dimensions))[None]
    window = (slice(None), *(slice(3 * radius, 3 * radius + extent) for extent in shape))
    with torch.no_grad():
        whole = [quantile[0].numpy()[window] for quantile in network(wide)]
    for size in [(100,) * dimensions, (3, 4, 5)[3 - dimensions :], (2,) * dimensions, (1, 13, 4)[3 - dimensions :]]:
        for tiled, expected in zip(by_tiles(network, image, size), whole, strict=True):
            np.testing.assert_allclose(tiled, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@cases
def test_a_change_outside_of_the_radius_changes_nothing(dimensions: int, seed: int) -> None:
    network = make_network(dimensions, seed)
    radius = network.architecture.radius()
    extent = 2 * radius + 3
    image = torch.randn((1, 2, *(extent,) * dimensions), generator=torch.Generator().manual_seed(seed))
    changed = torch.full_like(image, torch.nan)
    field = (slice(None), slice(None), *(slice(1, -1),) * dimensions)
    changed[field] = image[field]
    centre = (0, slice(None), *(extent // 2,) * dimensions)
    with torch.no_grad():
        for before, after in zip(network(image), network(changed), strict=True):
            torch.testing.assert_close(after[centre], before[centre], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("cell", [2, 3])
@pytest.mark.parametrize("member", range(4))
def test_no_pixel_of_a_cell_sees_farther_than_the_radius(member: int, cell: int) -> None:
    architecture = drawn(member, cell=cell)
    radius = architecture.radius()
    assert radius <= SETTINGS["max_radius"] and architecture.alignment == cell
    extent = 2 * (radius + -radius % cell) + 4 * cell
    image = image_of(1, 2, extent, extent).requires_grad_()
    seen = 0
    for place in range(extent // 2, extent // 2 + cell):
        outputs = torch.stack(network_of(architecture)(image))[..., place, place]
        reached = torch.autograd.grad(outputs.sum(), image)[0].abs().sum(dim=(0, 1)).nonzero()
        seen = max(seen, int((reached - place).abs().max()))
    # No farther, and as far for some place in a cell.
    assert seen == radius
