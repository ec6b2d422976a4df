"""The compiled loops against torch: two convolutions in a row, forwards and backwards, for every number of outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.nn import functional

from noisebound.networks.cpu_layout import Layout
from noisebound.networks.cpu_loops import run, run_back

SLOPES = (0.1, 1.0)


@dataclass
class Pair:
    """An image (B, C, *spatial), and two kernels (O, C, [3], 3, 3) with biases, the first followed by a rectifier."""

    image: torch.Tensor
    kernels: tuple[torch.Tensor, torch.Tensor]
    biases: tuple[torch.Tensor, torch.Tensor]
    dilation: int

    @classmethod
    def draw(cls, spatial: tuple[int, ...], channels: tuple[int, int, int], dilation: int) -> Pair:
        generator = torch.Generator().manual_seed(sum(channels))
        sizes = list(zip(channels[1:], channels[:-1], strict=True))
        return cls(
            torch.randn((2, channels[0], *spatial), generator=generator),
            tuple(torch.randn((o, i, *(3,) * len(spatial)), generator=generator) for o, i in sizes),  # type: ignore[arg-type]
            tuple(torch.randn(o, generator=generator) for o, _ in sizes),  # type: ignore[arg-type]
            dilation,
        )

    def by_torch(self, parameters: list[torch.Tensor]) -> torch.Tensor:
        """The output in double precision."""
        convolve = functional.conv3d if self.image.dim() == 5 else functional.conv2d
        features = self.image.double()
        for kernel, bias, slope in zip(parameters[:2], parameters[2:], SLOPES, strict=True):
            convolved = convolve(features, kernel, bias, padding=self.dilation, dilation=self.dilation)
            features = functional.leaky_relu(convolved, slope)
        return features


def packed(kernel: torch.Tensor) -> np.ndarray:
    """A kernel in the order of the loops: (inputs, groups, outputs, 9)."""
    outputs, inputs = kernel.shape[:2]
    return np.ascontiguousarray(kernel.reshape(outputs, inputs, -1, 9).permute(1, 2, 0, 3)).ravel()


@pytest.mark.parametrize("spatial", [(6, 7), (40, 70), (4, 5, 6)])
@pytest.mark.parametrize("channels", [(1, 1, 2), (2, 3, 4), (3, 5, 1), (2, 7, 6)])
@pytest.mark.parametrize("dilation", [1, 3])
def test_outputs_and_gradients_are_those_of_torch(
    spatial: tuple[int, ...], channels: tuple[int, int, int], dilation: int
) -> None:
    pair = Pair.draw(spatial, channels, dilation)
    parameters = [part.double().requires_grad_() for part in (*pair.kernels, *pair.biases)]
    expected = pair.by_torch(parameters)
    change = torch.randn(expected.shape, generator=torch.Generator().manual_seed(5))
    wanted = torch.autograd.grad(expected, parameters, change.double())

    layout = Layout.of(spatial, dilation)
    inputs, hidden, outputs = channels
    shifts = layout.shifts(dilation)
    groups, first = len(shifts), inputs + hidden
    weights = [packed(kernel) for kernel in pair.kernels]
    steps = np.array([
        (0, inputs, inputs, hidden, 0, 0, groups),
        (inputs, hidden, first, outputs, len(weights[0]), 0, groups),
    ])  # fmt: skip
    features = torch.zeros((2, sum(channels), layout.length))
    layout.pixels(features[:, :inputs]).copy_(pair.image)
    biases = np.concatenate([np.zeros(inputs, np.float32), *pair.biases])
    slopes = np.array(SLOPES, dtype=np.float32)
    run(
        features.numpy(), steps, shifts, np.concatenate(weights), biases, slopes, layout.inside, layout.runs,
        np.arange(2), np.arange(3),
    )  # fmt: skip
    found = layout.pixels(features[:, first:])
    torch.testing.assert_close(found, expected.detach().float(), rtol=1e-4, atol=1e-4)
    assert (features[:, :, layout.inside == 0] == 0).all(), "zeros between the pixels stay zeros"

    # Backwards: the second convolution transposed, from its output to the hidden channels; the image needs none.
    mirrored = pair.kernels[1].transpose(0, 1).flip(tuple(range(2, pair.image.dim())))
    back = np.array([(inputs, 0, 0, inputs, 0, 0, groups), (first, outputs, inputs, hidden, 0, 0, groups)])
    arrived = torch.zeros((2, outputs, layout.length))
    layout.pixels(arrived).copy_(change)
    sums, bias_sums = np.zeros(sum(map(len, weights)), np.float32), np.zeros(sum(channels), np.float32)
    scratch = np.full((sum(channels), layout.length), np.nan, np.float32)
    run_back(
        features.numpy(), scratch, arrived.numpy(), steps, back, shifts, packed(mirrored), slopes, layout.inside,
        layout.runs, sums, bias_sums,
    )  # fmt: skip
    parts = sums[: len(weights[0])], sums[len(weights[0]) :], bias_sums[inputs:first], bias_sums[first:]
    for actual, gradient, kernel in zip(parts, wanted, (True, True, False, False), strict=True):
        plain = packed(gradient) if kernel else gradient.numpy()
        np.testing.assert_allclose(actual, plain, rtol=1e-3, atol=1e-4 * np.abs(plain).max())
