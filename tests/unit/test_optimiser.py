"""The optimiser's steps against singular values, the library's AdamW, and a problem of uneven directions."""

from __future__ import annotations

import io

import pytest
import torch
from torch import nn

from noisebound.optimiser import KernelOptimiser, orthogonalise


@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (16, 16), (1, 9)])
def test_orthogonalised_matrix_keeps_its_directions_and_evens_their_strength(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(sum(shape))
    left, _ = torch.linalg.qr(torch.randn(shape[0], min(shape), generator=generator))
    right, _ = torch.linalg.qr(torch.randn(shape[1], min(shape), generator=generator))
    strengths = torch.linspace(1.0, 30.0, min(shape))
    (result,) = orthogonalise([left * strengths @ right.T])
    inner = left.T @ result @ right
    diagonal = inner.diagonal()
    assert (diagonal > 0.6).all()
    assert (diagonal < 1.3).all()
    assert torch.allclose(inner, torch.diag(diagonal), atol=1e-3)


def test_matrices_are_orthogonalised_together_as_each_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = [(4, 36), (4, 33), (4, 64), (4, 65), (36, 4), (4, 4), (6, 54), (1, 9), (4, 36)]
    matrices = [torch.randn(shape, generator=generator) for shape in shapes]
    for together, matrix in zip(orthogonalise(matrices), matrices, strict=True):
        (alone,) = orthogonalise([matrix])
        assert together.shape == matrix.shape
        assert torch.allclose(together, alone, atol=1e-5)


def test_pointwise_layers_and_biases_follow_the_library_adamw() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
    theirs.load_state_dict(ours.state_dict())
    optimiser = KernelOptimiser(ours, weight_decay=0.1, kernel_rate=5.0)
    for group in optimiser.param_groups:
        group["lr"] = 0.01
    oracle = torch.optim.AdamW(theirs.parameters(), lr=0.01, betas=(0.9, 0.99), weight_decay=0.1)
    for _ in range(20):
        image = torch.randn(2, 3, 5, 5)
        for module, stepper in ((ours, optimiser), (theirs, oracle)):
            stepper.zero_grad()
            module(image).square().sum().backward()
            stepper.step()
    for name, value in ours.state_dict().items():
        assert torch.allclose(value, theirs.state_dict()[name], atol=1e-5), name


def test_a_kernel_step_has_the_length_of_the_rate_in_every_direction() -> None:
    torch.manual_seed(1)
    layer = nn.Conv2d(6, 4, 3, bias=False)
    before = layer.weight.detach().clone()
    optimiser = KernelOptimiser(layer, weight_decay=0.0, kernel_rate=2.0)
    optimiser.param_groups[0]["lr"] = 0.01
    slopes = torch.randn(3, 4, 6, 6) * torch.tensor([1.0, 3.0, 10.0, 30.0])[:, None, None]
    (layer(torch.randn(3, 6, 8, 8)) * slopes).sum().backward()
    optimiser.step()
    lengths = torch.linalg.svdvals((layer.weight.detach() - before).flatten(1))
    # Gradients of the four outputs differ thirtyfold; what they change does not.
    assert (lengths > 0.02 * 0.3).all()
    assert (lengths < 0.02 * 1.3).all()


def test_its_state_survives_saving() -> None:
    def stepped(layer: nn.Conv2d, optimiser: KernelOptimiser, times: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        for _ in range(times):
            optimiser.zero_grad()
            layer(torch.randn(1, 2, 7, 7, generator=generator)).square().sum().backward()
            optimiser.step()

    def build() -> tuple[nn.Conv2d, KernelOptimiser]:
        torch.manual_seed(3)
        layer = nn.Conv2d(2, 3, 3)
        optimiser = KernelOptimiser(layer, weight_decay=0.01, kernel_rate=1.5)
        for group in optimiser.param_groups:
            group["lr"] = 0.01
        return layer, optimiser

    whole, steps = build()
    stepped(whole, steps, 3, seed=1)
    weights = {name: value.clone() for name, value in whole.state_dict().items()}
    saved = _saved(steps.state_dict())
    copy, resumed = build()
    copy.load_state_dict(weights)
    resumed.load_state_dict(torch.load(saved, weights_only=True))
    stepped(whole, steps, 3, seed=2)
    stepped(copy, resumed, 3, seed=2)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, copy.state_dict()[name]), name


def _saved(state: dict[str, object]) -> io.BytesIO:
    stream = io.BytesIO()
    torch.save(state, stream)
    stream.seek(0)
    return stream
