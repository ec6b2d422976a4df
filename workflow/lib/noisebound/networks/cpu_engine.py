"""Random graphs on processors in float32: direct convolution by the compiled loops of ``cpu_loops``.

General libraries are slow on networks this thin. See ``cpu_layout`` for how images become rows of numbers and
``cpu_plan`` for how a graph becomes a list of convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .cpu_buffers import BUFFERS
from .cpu_loops import run, run_back
from .cpu_loss import QuantileLoss
from .cpu_plan import Plan
from .graph_network import MemberNetwork
from .quantile_network import SLOPE, parameter_vector, quantiles_from


def heads(network: MemberNetwork, image: Tensor) -> Tensor:
    """Compute the outputs of the three heads for training: gradients reach the weights.

    Parameters
    ----------
    network
        The network.
    image
        float32 (B, C, [Z], Y, X), normalised, of cells (see ``space_to_depth``).

    Returns
    -------
    Tensor
        float32 (B, 3 C_out, [Z], Y, X): median, below and above, with the channels C_out of a cell.
    """
    plan = Plan.of(network.architecture)
    rows: Tensor = DirectNetwork.apply(image, plan, parameter_vector(network))
    return plan.tables(image.shape[2:]).layout.pixels(rows)


def loss(network: MemberNetwork, image: Tensor, target: Tensor, levels: Sequence[float], mask: Tensor) -> Tensor:
    """Compute ``losses.quantile_loss`` of the network's quantiles for training: gradients reach the weights.

    Parameters
    ----------
    network
        The network.
    image
        float32 (B, C, [Z], Y, X), normalised, of cells.
    target
        float32 (B, C_out, [Z], Y, X), normalised, of cells.
    levels
        Levels of lower, median and upper quantile.
    mask
        Boolean (B, C_out, [Z], Y, X), of cells, true where a pixel counts.

    Returns
    -------
    Tensor
        A scalar.
    """
    plan = Plan.of(network.architecture)
    rows = DirectNetwork.apply(image, plan, parameter_vector(network))
    found: Tensor = QuantileLoss.apply(rows, plan.tables(image.shape[2:]).layout, target, levels, mask)
    return found


def predict(network: MemberNetwork, image: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Compute latents and quantiles in one pass, without gradients.

    Parameters
    ----------
    network
        The network.
    image
        float32 (B, C, [Z], Y, X), normalised, of cells.

    Returns
    -------
    latent : Tensor
        float32 (B, L, [Z], Y, X).
    quantiles : tuple of Tensor
        Lower, median and upper quantile, float32 (B, C_out, [Z], Y, X) each, of cells.
    """
    plan = Plan.of(network.architecture)
    packed = pack(parameter_vector(network), plan)
    layout = plan.tables(image.shape[2:]).layout
    buffer = BUFFERS.borrow(1, plan.channels, layout)
    found = image.new_empty(len(image), network.architecture.latent + plan.outputs, *image.shape[2:])
    for single, result in zip(image.split(1), found, strict=True):  # so that an image's features stay in the cache
        compute(buffer, single, plan, packed)
        features = layout.pixels(buffer[0])
        result[: -plan.outputs] = features[plan.latent : plan.latent + network.architecture.latent]
        result[-plan.outputs :] = features[-plan.outputs :]
    BUFFERS.give_back(buffer, layout)
    latent, outputs = found[:, : -plan.outputs], found[:, -plan.outputs :]
    # The buffer holds the latents after a rectifier, which a rectifier of slope 1 / SLOPE undoes.
    return functional.leaky_relu_(latent, 1 / SLOPE), quantiles_from(*outputs.chunk(3, dim=1))


class DirectNetwork(torch.autograd.Function):
    """A whole network as one differentiable function, from images to rows of the three heads."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, plan: Plan, vector: Tensor) -> Tensor:
        """Compute the rows of the three heads.

        Parameters
        ----------
        ctx
            Keeps the features for :meth:`backward`.
        images
            float32 (B, C, [Z], Y, X), normalised, of cells.
        plan
            The plan of the network.
        vector
            All its parameters, (P,).

        Returns
        -------
        Tensor
            float32 (B, 3 C_out, length): median, below and above.
        """
        features = BUFFERS.borrow(len(images), plan.channels, plan.tables(images.shape[2:]).layout)
        compute(features, images, plan, pack(vector, plan))
        ctx.features, ctx.plan, ctx.spatial = features, plan, images.shape[2:]
        ctx.save_for_backward(vector)
        # A copy, because the buffer is used again after the backward pass.
        return features[:, -plan.outputs :].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradient of the vector; the images get none.

        Parameters
        ----------
        ctx
            Holds the features of :meth:`forward`, which are given back here.
        *gradients
            The gradient of the rows.

        Returns
        -------
        tuple
            None, None and the gradient (P,).

        Raises
        ------
        RuntimeError
            At a second call for the same step, whose features are gone.
        """
        if ctx.features is None:
            raise RuntimeError("the features of this step are gone: gradients can be had once")
        (vector,) = ctx.saved_tensors
        plan: Plan = ctx.plan
        tables, places = plan.tables(ctx.spatial), plan.places
        layout = tables.layout
        sums, biases = np.zeros(tables.weights, dtype=np.float32), np.zeros(plan.channels, dtype=np.float32)
        run_back(
            ctx.features.numpy(), BUFFERS.scratch(plan.channels, layout), gradients[0].contiguous().numpy(),
            tables.forward, tables.back, tables.shifts, _with_zero(vector)[places.mirrored], plan.slopes, layout.inside,
            layout.runs, sums, biases,
        )  # fmt: skip
        BUFFERS.give_back(ctx.features, layout)
        ctx.features = None
        result = np.empty(len(vector) + 1, dtype=np.float32)
        result[places.weights], result[places.biases] = sums, biases
        return (None, None, torch.from_numpy(result[:-1]))


@dataclass(frozen=True, eq=False)
class Packed:
    """The weights of a network in the order of the compiled loops.

    Parameters
    ----------
    weights
        float32, those of all convolutions one after the other.
    biases
        float32 (channels,), for the channels of the buffer.
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]


def pack(vector: Tensor, plan: Plan) -> Packed:
    """Bring the vector of all parameters into the order of the compiled loops.

    Parameters
    ----------
    vector
        All parameters, (P,).
    plan
        The plan of the network.

    Returns
    -------
    Packed
        Weights and biases.
    """
    values = _with_zero(vector)
    return Packed(values[plan.places.weights], values[plan.places.biases])


def compute(features: Tensor, images: Tensor, plan: Plan, packed: Packed) -> None:
    """Compute all features of a network.

    Parameters
    ----------
    features
        Output: float32 (B, channels, length), a buffer from ``BUFFERS``.
    images
        float32 (B, C, [Z], Y, X), normalised, of cells.
    plan
        The plan of the network.
    packed
        Its weights.
    """
    tables = plan.tables(images.shape[2:])
    layout = tables.layout
    layout.pixels(features[:, : plan.inputs]).copy_(images)
    run(
        features.numpy(), tables.forward, tables.shifts, packed.weights, packed.biases, plan.slopes, layout.inside,
        layout.runs, plan.order, plan.blocks,
    )  # fmt: skip


def _with_zero(vector: Tensor) -> NDArray[np.float32]:
    """Append a zero to the numbers of ``vector``."""
    return np.append(vector.detach().numpy(), np.float32(0))
