"""The loss of rows equals that of the quantiles, in value and gradient."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.networks.cpu_layout import Layout
from noisebound.networks.cpu_loss import QuantileLoss
from noisebound.networks.losses import quantile_loss
from noisebound.networks.quantile_network import quantiles_from


def rows_of(layout: Layout, images: int, channels: int, generator: torch.Generator) -> torch.Tensor:
    """Rows with random numbers everywhere, between the pixels as well."""
    return torch.randn((images, 3 * channels, layout.length), generator=generator)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=3).map(tuple),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 10**6),
)
def test_value_and_gradient_are_those_of_the_plain_loss(
    spatial: tuple[int, ...], pad: int, channels: int, share: float, seed: int
) -> None:
    layout, generator = Layout.of(spatial, pad), torch.Generator().manual_seed(seed)
    rows = rows_of(layout, 2, channels, generator).requires_grad_()
    counts = (torch.rand((2, 1, *spatial), generator=generator) < share).expand(2, channels, *spatial)
    target = torch.randn((2, channels, *spatial), generator=generator).where(counts, torch.nan)
    levels = (0.1, 0.5, 0.8)
    fast = QuantileLoss.apply(rows, layout, target, levels, counts)
    plain = quantile_loss(quantiles_from(*layout.pixels(rows).chunk(3, dim=1)), target, levels, counts[:, :1])
    torch.testing.assert_close(fast, plain, rtol=1e-5, atol=1e-7)
    gradients = [torch.autograd.grad(3 * loss, [rows])[0] for loss in (fast, plain)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-7)
    assert (gradients[0][..., layout.inside == 0] == 0).all()
    assert bool(gradients[0].any()) == bool(counts.any())
