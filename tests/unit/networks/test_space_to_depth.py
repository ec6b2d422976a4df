"""Networks on cells of pixels: nothing is lost, nothing reaches farther, and the fast ways compute the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.architecture.families import read_architecture
from noisebound.architecture.random_graph import Architecture, draw
from noisebound.architecture.settings import GraphSettings
from noisebound.core.errors import InputError
from noisebound.geometry.tiling import mirror, tiles
from noisebound.networks import engine
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.losses import quantile_loss
from noisebound.networks.quantile_network import join_parameters
from noisebound.networks.space_to_depth import fold, spread, unfold

SETTINGS = {
    "depth": 4,
    "alpha": 0.5,
    "gamma": 1.0,
    "p_input": 0.5,
    "p_output": 0.5,
    "input_to_output": True,
    "pointwise_output": False,
    "dilations": [1, 2, 3],
    "channels": [2, 3],
    "latent": 5,
    "hidden": 4,
    "max_radius": 14,
    "parameters": [100, 100000],
    "cell": 2,
}


def drawn(member: int = 0, dimensions: int = 2, **changes: Any) -> Architecture:
    asked = GraphSettings(**(SETTINGS | changes))
    return draw(asked, seed=3, member=member, dimensions=dimensions, in_channels=2, out_channels=2)


def network_of(architecture: Architecture, seed: int = 0) -> MemberNetwork:
    network = engine.build_network(architecture)
    network.initialise(torch.Generator().manual_seed(seed))
    assert isinstance(network, MemberNetwork)
    return network


def image_of(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None)
@given(st.integers(1, 4), st.lists(st.integers(1, 9), min_size=2, max_size=3), st.integers(0, 99))
def test_every_pixel_comes_back_to_its_place(cell: int, spatial: list[int], seed: int) -> None:
    image = image_of(2, 3, *spatial, seed=seed)
    folded = fold(image, cell)
    assert folded.shape == (2, 3 * cell ** len(spatial), *(-(-extent // cell) for extent in spatial))
    assert torch.equal(unfold(folded, cell, spatial), image)


@pytest.mark.parametrize("cell", [2, 3, 4])
def test_an_image_that_ends_within_a_cell_continues_as_its_mirror_image(cell: int) -> None:
    image = image_of(1, 2, 7, 5)
    missing = [(0, -extent % cell) for extent in image.shape[2:]]
    assert torch.equal(fold(image, cell), fold(torch.from_numpy(mirror(image.numpy(), missing)), cell))


def test_cells_of_an_image_are_those_of_the_library() -> None:
    image = image_of(2, 3, 12, 18)
    assert torch.equal(fold(image, 3), torch.nn.functional.pixel_unshuffle(image, 3))
    assert torch.equal(spread(image, 2, (24, 36)), torch.nn.functional.interpolate(image, scale_factor=2))


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


@pytest.mark.parametrize("dimensions", [2, 3])
def test_parameters_are_counted_as_they_are(dimensions: int) -> None:
    architecture = drawn(dimensions=dimensions)
    assert architecture.parameter_count() == sum(weights.numel() for weights in network_of(architecture).parameters())


def test_a_file_says_the_cell_only_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "member-0.json"
    for cell in (1, 2):
        architecture = drawn(cell=cell)
        path.write_text(json.dumps(architecture.to_json()))
        assert read_architecture(path) == architecture
        assert ("cell" in json.loads(path.read_text())) == (cell > 1)
    changed = json.loads(path.read_text()) | {"cell": 3}
    path.write_text(json.dumps(changed))
    with pytest.raises(InputError, match="digest"):
        read_architecture(path)


def test_without_cells_graphs_are_drawn_as_if_there_were_none() -> None:
    """The digest is that of the time before there were cells."""
    assert drawn(1, cell=1).to_json()["digest"] == "2afd0f790bd6f5ee667cccf2625303f2030350758307baba5de4d02b172c4656"


def test_cells_too_wide_for_the_radius_are_refused() -> None:
    with pytest.raises(InputError, match=r"architecture\.max_radius") as error:
        drawn(cell=8)
    assert "architecture.cell" in str(error.value)


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


def test_what_changes_the_vector_of_parameters_changes_the_network() -> None:
    network = network_of(drawn(dimensions=2))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        join_parameters(network).mul_(2)
    for name, value in network.state_dict().items():
        assert torch.equal(value, 2 * before[name]), name
    network.load_state_dict(before)
    assert network.vector is not None
    assert torch.equal(network.vector.detach(), torch.cat([value.flatten() for value in before.values()]))
