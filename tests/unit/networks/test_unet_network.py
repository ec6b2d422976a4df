"""The U-Net as a module: neither the tile, the turn nor the rest of the batch changes a pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.geometry.tiling import mirror, tiles
from noisebound.networks import engine
from noisebound.networks.unet_network import UNet
from tests.unit.unets import CHANNELS, plan, unet_of


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 10**6))
def test_a_change_outside_of_the_radius_changes_nothing(
    dimensions: int, levels: int, convolutions: int, seed: int
) -> None:
    if dimensions == 3:
        convolutions = 1
    architecture = plan(dimensions, levels, convolutions)
    network, radius = unet_of(architecture, seed), architecture.radius()
    random = np.random.default_rng(seed)
    extent = 2 * radius + 2 * architecture.alignment
    extent += -extent % architecture.alignment
    image = torch.from_numpy(random.normal(size=(1, CHANNELS, *(extent,) * dimensions)).astype(np.float32))
    pixel = random.integers(radius, extent - radius, dimensions)
    field = (slice(None), slice(None), *(slice(p - radius, p + radius + 1) for p in pixel))
    changed = torch.full_like(image, torch.nan)
    changed[field] = image[field]
    with torch.no_grad():
        for before, after in zip(network(image), network(changed), strict=True):
            where = (0, slice(None), *pixel)
            torch.testing.assert_close(after[where], before[where], rtol=1e-5, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.01, 1.0, 100.0]), st.sampled_from([0.1, 1e4]), st.integers(2, 3))
def test_quantiles_never_cross(seed: int, weights: float, inputs: float, dimensions: int) -> None:
    network = unet_of(plan(dimensions, 2), seed)
    for parameter in network.parameters():
        parameter.data.mul_(weights)
    image = inputs * torch.randn((2, CHANNELS, *(7,) * dimensions), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        lower, median, upper = network(image)
    assert (lower <= median).all() and (median <= upper).all()
    assert lower.shape == median.shape == upper.shape == image.shape


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_rest_of_the_batch_changes_nothing(dimensions: int) -> None:
    network = unet_of(plan(dimensions, 2))
    batch = torch.randn((3, CHANNELS, *(16,) * dimensions), generator=torch.Generator().manual_seed(1))
    spoilt = batch.clone()
    spoilt[1] = torch.nan
    latent, quantiles = engine.predict(network, batch)
    for after, before in zip(engine.predict(network, spoilt)[1], quantiles, strict=True):
        assert after[1].isnan().all()
        torch.testing.assert_close(after[[0, 2]], before[[0, 2]], rtol=1e-6, atol=1e-6)
    alone, _ = engine.predict(network, batch[2:])
    torch.testing.assert_close(alone[0], latent[2], rtol=1e-5, atol=1e-5)


def by_tiles(network: UNet, image: np.ndarray, size: tuple[int, ...], alignment: int) -> np.ndarray:
    """Latents of a whole scan, computed tile by tile."""
    halo = (network.architecture.radius(),) * (image.ndim - 1)
    result = np.full((network.architecture.latent, *image.shape[1:]), np.nan, np.float32)
    for tile in tiles(image.shape[1:], size, halo, alignment):
        part = torch.from_numpy(tile.complete(image[(slice(None), *tile.read)]))[None]
        latent, _ = engine.predict(network, part)
        result[(slice(None), *tile.keep)] = latent[0].numpy()[(slice(None), *tile.inner)]
    return result


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 3), st.integers(1, 2), st.integers(0, 10**6))
def test_tiles_equal_the_whole_image_computed_far_from_any_border(dimensions: int, levels: int, seed: int) -> None:
    network, random = unet_of(plan(dimensions, levels), seed), np.random.default_rng(seed)
    alignment = network.architecture.alignment
    most = 40 if dimensions == 2 else 14  # in places narrower than the receptive field
    image = random.normal(size=(CHANNELS, *random.integers(3, most, dimensions))).astype(np.float32)
    # Nothing of the convolutions' own padding can reach the scan, which begins at a multiple of the alignment.
    rim = 2 * (network.architecture.radius() + -network.architecture.radius() % alignment)
    wide = torch.from_numpy(mirror(image, [(rim, rim)] * dimensions))[None]
    window = (slice(None), *(slice(rim, rim + extent) for extent in image.shape[1:]))
    whole = network.encode(wide)[0].detach().numpy()[window]
    tiled = by_tiles(network, image, tuple(int(n) for n in random.integers(1, 2 * most // 3, dimensions)), alignment)
    np.testing.assert_allclose(tiled, whole, rtol=1e-5, atol=1e-5 * np.abs(whole).max())


def test_without_the_alignment_tiles_would_differ() -> None:
    network = unet_of(plan(2, 2))
    image = np.random.default_rng(0).normal(size=(CHANNELS, 30, 30)).astype(np.float32)
    whole, odd = (by_tiles(network, image, size, 1) for size in ((30, 30), (7, 9)))
    assert np.abs(whole - odd).max() > 0.01 * np.abs(whole).max()
