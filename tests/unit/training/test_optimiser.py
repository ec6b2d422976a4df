"""The optimiser's steps against singular values, the library's AdamW, and a problem of uneven directions."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn

from noisebound.training.optimiser import KernelOptimiser, orthogonalise


@pytest.mark.parametrize("shape", [(8, 72), (16, 16), (1, 9)])
def test_orthogonalised_matrix_keeps_its_directions_and_evens_their_strength(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(sum(shape))
    left, _ = torch.linalg.qr(torch.randn(shape[0], min(shape), generator=generator))
    right, _ = torch.linalg.qr(torch.randn(shape[1], min(shape), generator=generator))
    strengths = torch.linspace(1.0, 30.0, min(shape))
    (result,) = orthogonalise((left * strengths @ right.T)[None])
    inner = left.T @ result @ right
    diagonal = inner.diagonal()
    assert (diagonal > 0.6).all()
    assert (diagonal < 1.3).all()
    assert torch.allclose(inner, torch.diag(diagonal), atol=1e-3)


def test_matrices_are_orthogonalised_together_as_each_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn((5, 4, 36), generator=generator)
    matrices[1, :, 33:] = 0
    together = orthogonalise(matrices)
    for k, count in enumerate((36, 33, 36, 36, 36)):
        (alone,) = orthogonalise(matrices[k : k + 1, :, :count])
        assert torch.allclose(together[k, :, :count], alone, atol=1e-5)
    assert (together[1, :, 33:] == 0).all()


class Several(nn.Module):
    """Kernels flat, square and tall, of as many rows and of others, 2-D and 3-D, with biases and pointwise layers."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(4, 4), (3, 4), (1, 36), (7, 4), (2, 6), (1, 1)]
        layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3) for inputs, outputs in sizes]
        layers += [nn.Conv3d(2, 4, 3), nn.Conv2d(5, 4, 1), nn.Conv2d(1, 4, 1, bias=False)]
        self.layers = nn.ModuleList(layers)


def give_gradients(module: nn.Module, seed: int) -> None:
    """Gradients of uneven size, the same for the same layer."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator) * 10 ** torch.rand(1, generator=generator)


def test_all_layers_together_step_as_each_by_itself() -> None:
    torch.manual_seed(0)
    together = Several()
    alone = copy.deepcopy(together)
    for step in range(3):
        give_gradients(together, step)
        for mine, other in zip(together.parameters(), alone.parameters(), strict=True):
            other.grad = mine.grad.clone()  # type: ignore[union-attr]
        if not step:
            settings = {"weight_decay": 0.1, "kernel_rate": 3.0}
            optimisers = [KernelOptimiser(module, **settings) for module in (together, *alone.layers)]
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = 0.01
            optimiser.step()
    for (name, value), other in zip(together.state_dict().items(), alone.state_dict().values(), strict=True):
        assert torch.allclose(value, other, atol=1e-5), name


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


@pytest.mark.parametrize("clip", [0.5, 1e6])
def test_gradients_are_clipped_as_by_the_library(clip: float) -> None:
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 1))
    theirs = copy.deepcopy(ours)
    clipped = KernelOptimiser(ours, weight_decay=0.0, kernel_rate=1.0, clip=clip)
    oracle = KernelOptimiser(theirs, weight_decay=0.0, kernel_rate=1.0)
    for step in range(4):
        for module, optimiser in ((ours, clipped), (theirs, oracle)):
            optimiser.param_groups[0]["lr"] = 0.1
            give_gradients(module, step)
            if optimiser is oracle:
                torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
            optimiser.step()
    for name, value in ours.state_dict().items():
        assert torch.allclose(value, theirs.state_dict()[name], atol=1e-5), name


@pytest.mark.parametrize(("inputs", "outputs"), [(6, 4), (1, 180)])
def test_a_kernel_step_has_the_length_of_the_rate_in_every_direction(inputs: int, outputs: int) -> None:
    torch.manual_seed(1)
    layer = nn.Conv2d(inputs, outputs, 3, bias=False)
    before = layer.weight.detach().clone()
    optimiser = KernelOptimiser(layer, weight_decay=0.0, kernel_rate=2.0)
    optimiser.param_groups[0]["lr"] = 0.01
    strengths = 30.0 ** torch.rand(outputs)
    slopes = torch.randn(3, outputs, 6, 6) * strengths[:, None, None]
    (layer(torch.randn(3, inputs, 8, 8)) * slopes).sum().backward()
    optimiser.step()
    lengths = torch.linalg.svdvals((layer.weight.detach() - before).flatten(1))
    # Gradients of the outputs differ up to thirtyfold; what they change does not. Where there are more outputs than
    # inputs, each changes as much as if there were not.
    expected = 0.02 * max(1.0, outputs / (9 * inputs)) ** 0.5
    assert (lengths > expected * 0.3).all()
    assert (lengths < expected * 1.3).all()


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
    again, resumed = build()
    again.load_state_dict(weights)
    resumed.load_state_dict(torch.load(saved, weights_only=True))
    stepped(whole, steps, 3, seed=2)
    stepped(again, resumed, 3, seed=2)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def _saved(state: dict[str, object]) -> io.BytesIO:
    stream = io.BytesIO()
    torch.save(state, stream)
    stream.seek(0)
    return stream
