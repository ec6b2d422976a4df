"""Direct convolution for processors: images as rows of numbers, run through the compiled ``loops``.

General libraries are slow on networks this thin. Here an image is one long row of numbers, its lines parted by zeros,
so that a tap of a kernel is a constant shift along it. A volume is three such images, one below, one at and one above.
All features of an image lie in one buffer, those of a node side by side, so that nothing is ever concatenated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..architecture.random_graph import Architecture
from .cpu_loops import run, run_back
from .graph_network import MemberNetwork
from .quantile_network import SLOPE, places_of


@dataclass(frozen=True, eq=False)
class Layout:
    """How an image (C, [Z], Y, X) lies in rows (C, length): every axis is followed by ``pad`` zeros.

    ``start`` is the position of the first pixel; ``inside`` float32 (length,) is one at pixels and zero between them;
    ``runs`` int64 (R, 2) are first positions and lengths of what is computed: all lines of an image, or every slice of
    a volume by itself, because much of what lies between slices is no pixel. Nothing else is ever written.
    """

    spatial: tuple[int, ...]
    pad: int
    strides: tuple[int, ...]
    start: int
    inside: NDArray[np.float32]
    runs: NDArray[np.int64]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, spatial: tuple[int, ...], pad: int) -> Layout:
        """The layout of images of ``spatial`` extent for dilations up to ``pad``."""
        padded = [extent + pad for extent in spatial]
        strides = tuple(math.prod(padded[axis + 1 :]) for axis in range(len(padded)))
        start = pad * sum(strides)
        # All taps of all runs stay within: a run is at most STEP - 1 too long.
        inside = np.zeros(2 * start + math.prod(padded) + STEP, dtype=np.float32)
        layout = cls(spatial, pad, strides, start, inside, _runs(spatial, strides, start))
        layout.pixels(torch.from_numpy(inside)).fill_(1)
        return layout

    @property
    def length(self) -> int:
        """Positions in a row."""
        return len(self.inside)

    def pixels(self, rows: Tensor) -> Tensor:
        """The pixels of ``rows`` (..., length) as a view (..., [Z], Y, X)."""
        extents = tuple(extent + self.pad for extent in self.spatial)
        padded = rows[..., self.start : self.start + math.prod(extents)].unflatten(-1, extents)
        return padded[(..., *(slice(extent) for extent in self.spatial))]

    def shifts(self, dilation: int) -> NDArray[np.int64]:
        """Shift of every tap, (groups, 9): one group of 3x3 for images, three for volumes."""
        steps = itertools.product((-dilation, 0, dilation), repeat=len(self.strides))
        taps = [sum(step * stride for step, stride in zip(tap, self.strides, strict=True)) for tap in steps]
        return np.asarray(taps, dtype=np.int64).reshape(-1, 9)

    def channel_shifts(self, channels: int) -> NDArray[np.int64]:
        """Shifts to the next ``channels`` rows, (groups, 9); the last group is filled up with the first row."""
        shifts = np.arange(-(-channels // 9) * 9, dtype=np.int64)
        return np.where(shifts < channels, shifts, 0).reshape(-1, 9) * self.length


# Positions computed at a time: what nine shifted rows and four outputs hold in the first-level cache. Lengths are
# multiples of STEP, because what is left over after the compiler's widest steps runs much slower.
RUN, STEP = 1536, 64
# Slices of a volume are computed one by one where this share of all positions lies between them; else runs are longer.
BETWEEN_SLICES = 0.15


def _runs(spatial: tuple[int, ...], strides: tuple[int, ...], start: int) -> NDArray[np.int64]:
    """See :class:`Layout`. The last run may reach STEP - 1 zeros behind the last pixel."""
    extents = [(extent - 1) * stride for extent, stride in zip(spatial, strides, strict=True)]
    slices, length = 1, sum(extents) + 1
    one_slice = _round_up(length - extents[0])
    if len(spatial) > 2 and one_slice < (1 - BETWEEN_SLICES) * strides[0]:
        slices, length = spatial[0], one_slice
    size = _round_up(length / math.ceil(length / RUN))
    found = []
    for first in range(start, start + slices * strides[0], strides[0]):
        stop = first + _round_up(length)
        found += [(begin, min(size, stop - begin)) for begin in range(first, stop, size)]
    return np.asarray(found, dtype=np.int64)


def _round_up(length: float) -> int:
    return math.ceil(length / STEP) * STEP


class Plan:
    """A network as a list of convolutions over one buffer of features, and buffers that are used again.

    A per-pixel layer is a convolution as well: its taps are channels, nine at a time, and its shifts whole rows. Fresh
    memory costs more than the convolutions that fill it, because the system clears every page: a buffer is borrowed by
    one training step and comes back with its gradients. All plans share their buffers, so that an ensemble needs no
    more memory than its widest member.
    """

    # A buffer, the layout that it was used for last, and how much of it.
    _free: ClassVar[list[tuple[Tensor, Layout, int]]] = []
    _room: ClassVar[NDArray[np.float32]] = np.empty(0, dtype=np.float32)

    def __init__(self, architecture: Architecture) -> None:
        widths = architecture.widths()
        latent, hidden, outputs = architecture.latent, architecture.hidden, architecture.head_outputs
        begins = dict(zip(widths, itertools.accumulate(widths.values(), initial=0), strict=False))
        self.inputs = widths[0]
        self.latent = sum(widths.values())
        self.outputs = 3 * outputs
        self.channels = self.latent + latent + 3 * hidden + self.outputs
        filled = dict(begins)
        # (source, inputs, target, outputs, dilation), where a dilation of 0 is a per-pixel layer.
        self.steps: list[tuple[int, int, int, int, int]] = []
        for edge in architecture.edges:  # in the order of their targets and, within one, of their sources
            self.steps.append(
                (begins[edge.source], widths[edge.source], filled[edge.target], edge.channels, edge.dilation)
            )
            filled[edge.target] += edge.channels
        heads = self.latent + latent
        self.steps.append((begins[architecture.output], widths[architecture.output], self.latent, latent, 0))
        self.steps.append((self.latent, latent, heads, 3 * hidden, 0))
        for k in range(3):
            self.steps.append((heads + k * hidden, hidden, heads + 3 * hidden + k * outputs, outputs, 0))
        self.slopes = np.full(len(self.steps), SLOPE, dtype=np.float32)
        self.slopes[-3:] = 1
        # What reads the same node is computed together, run for run, while that node lies in the cache; and so are the
        # layers behind the graph, which look at single pixels.
        sources = [edge.source for edge in architecture.edges]
        behind = np.arange(len(sources), len(self.steps))
        self.order = np.concatenate([np.argsort(sources, kind="stable"), behind])
        self.blocks = np.cumsum([0, *np.unique(sources, return_counts=True)[1], len(behind)])
        self.pad = max(edge.dilation for edge in architecture.edges)
        self.places = Places.of(architecture, self)
        self._tables: dict[tuple[int, ...], Tables] = {}

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, architecture: Architecture) -> Plan:
        """The plan of a graph, the same one for every call."""
        return cls(architecture)

    def tables(self, spatial: Sequence[int]) -> Tables:
        """What the loops need for images of this extent."""
        key = tuple(spatial)
        if key not in self._tables:
            self._tables = {key: self._build_tables(Layout.of(key, self.pad))}
        return self._tables[key]

    def _build_tables(self, layout: Layout) -> Tables:
        shifts: list[NDArray[np.int64]] = []
        forward, back = [], []
        weights = back_weights = 0
        for source, inputs, target, outputs, dilation in self.steps:
            if dilation:
                taps = layout.shifts(dilation)
                there, here = (inputs, taps), (outputs, taps)
            else:
                there, here = (1, layout.channel_shifts(inputs)), (1, layout.channel_shifts(outputs))
            first = sum(map(len, shifts))
            forward.append((source, there[0], target, outputs, weights, first, len(there[1])))
            weights += there[0] * len(there[1]) * outputs * 9
            shifts += [there[1], here[1]]
            # The image, node 0, needs no gradient.
            read = here[0] if source >= self.inputs else 0
            back.append((target, read, source, inputs, back_weights, first + len(there[1]), len(here[1])))
            back_weights += here[0] * len(here[1]) * inputs * 9
        return Tables(layout, np.asarray(forward), np.asarray(back), np.concatenate(shifts), weights)

    def borrow(self, images: int, layout: Layout) -> Tensor:
        """A buffer (images, channels, length) that is zero between the pixels of ``layout`` and around them."""
        size = images * self.channels * layout.length
        free, last, clean = self._free.pop() if self._free else (torch.empty(0), layout, 0)
        if free.numel() < size:
            # From numpy, which asks the system for large pages.
            free = torch.from_numpy(np.zeros(size, dtype=np.float32))
        elif last is not layout or clean < size:
            free[:size] = 0
        return free[:size].view(images, self.channels, layout.length)

    def room(self, layout: Layout) -> NDArray[np.float32]:
        """Room for the gradients of one image, (channels, length), holding anything; the same for all plans."""
        size = self.channels * layout.length
        if self._room.size < size:
            type(self)._room = np.empty(size, dtype=np.float32)
        return self._room[:size].reshape(self.channels, layout.length)

    def give_back(self, buffer: Tensor, layout: Layout) -> None:
        """Return what :meth:`borrow` gave; only one buffer is kept, so that memory does not pile up."""
        whole = torch.empty(0).set_(buffer.untyped_storage())
        self._free[:] = [max([(whole, layout, buffer.numel()), *self._free], key=lambda free: free[0].numel())]


@dataclass(frozen=True, eq=False)
class Tables:
    """A plan for images of one extent: convolutions, their transposes (see ``loops.run``), shifts, size of weights."""

    layout: Layout
    forward: NDArray[np.int64]
    back: NDArray[np.int64]
    shifts: NDArray[np.int64]
    weights: int


@dataclass(frozen=True, eq=False)
class Places:
    """Where the numbers of the vector of all parameters go: the loops have an order of their own.

    ``weights`` and ``mirrored`` int64: for each weight of the loops, forwards and backwards, its place in the vector;
    ``biases`` (channels,) likewise. What fills a group of taps up, and the biases of the image, come from behind the
    end of the vector, where there is a zero.
    """

    weights: NDArray[np.int64]
    mirrored: NDArray[np.int64]
    biases: NDArray[np.int64]

    @classmethod
    def of(cls, architecture: Architecture, plan: Plan) -> Places:
        """The places for the parameters of ``MemberNetwork(architecture)`` in their order."""
        with torch.device("meta"):  # shapes alone
            parameters = list(MemberNetwork(architecture).parameters())
        parts = places_of(parameters)
        behind = sum(part.numel() for part in parts)
        layers = list(zip(parts[::2], parts[1::2], strict=True))
        edges, projection, heads = layers[:-7], layers[-7], layers[-6:]
        # The first layers of the three heads are one.
        first = [torch.cat(together) for together in zip(*heads[::2], strict=True)]
        steps = [*edges, projection, first, *heads[1::2]]
        kernels = [kernel if kernel.shape[-1] > 1 else kernel.flatten(1) for kernel, _ in steps]
        # The derivative of a convolution is the one with the mirrored kernel, inputs and outputs exchanged.
        mirrored = [kernel.transpose(0, 1).flip(tuple(range(2, kernel.dim()))) for kernel in kernels]
        biases = torch.cat([torch.full((plan.inputs,), behind), *(bias for _, bias in steps)])
        return cls(_by_tap(kernels, behind), _by_tap(mirrored, behind), biases.numpy())


class DirectNetwork(torch.autograd.Function):
    """A whole network: images in, rows of the three heads out."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, plan: Plan, vector: Tensor) -> Tensor:
        """``images`` (B, C, [Z], Y, X); ``vector`` all parameters; returns (B, 3 C_out, length)."""
        features = plan.borrow(len(images), plan.tables(images.shape[2:]).layout)
        compute(features, images, plan, pack(vector, plan))
        ctx.features, ctx.plan, ctx.spatial = features, plan, images.shape[2:]
        ctx.save_for_backward(vector)
        # A copy: the buffer will belong to somebody else once the gradients are known.
        return features[:, -plan.outputs :].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient of the vector, once; the images need none."""
        if ctx.features is None:
            raise RuntimeError("the features of this step are gone: gradients can be had once")
        (vector,) = ctx.saved_tensors
        plan: Plan = ctx.plan
        tables, places = plan.tables(ctx.spatial), plan.places
        layout = tables.layout
        sums, biases = np.zeros(tables.weights, dtype=np.float32), np.zeros(plan.channels, dtype=np.float32)
        run_back(
            ctx.features.numpy(), plan.room(layout), gradients[0].contiguous().numpy(), tables.forward, tables.back,
            tables.shifts, _with_zero(vector)[places.mirrored], plan.slopes, layout.inside, layout.runs, sums, biases,
        )  # fmt: skip
        plan.give_back(ctx.features, layout)
        ctx.features = None
        result = np.empty(len(vector) + 1, dtype=np.float32)
        result[places.weights], result[places.biases] = sums, biases
        return (None, None, torch.from_numpy(result[:-1]))


class QuantileLoss(torch.autograd.Function):
    """The loss of rows of the three heads, the same as ``losses.quantile_loss`` of their ``quantiles_from``.

    Many small steps through the automatic derivative would take as long as the network itself.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, layout: Layout, target: Tensor, levels: Sequence[float], mask: Tensor
    ) -> Tensor:
        """``rows`` (B, 3 C, length), median, below and above; ``target`` and boolean ``mask`` (B, C, [Z], Y, X)."""
        outputs = target.shape[1]
        heads = layout.pixels(rows)
        error, gaps = target - heads[:, :outputs], heads[:, outputs:]
        below, above = functional.softplus(gaps).split(outputs, dim=1)
        errors = torch.stack([error + below, error, error - above]).where(mask, 0)
        wanted = errors.new_tensor(levels).view(3, *[1] * target.dim())
        # The loss is its slope times the error; that of the outer quantiles does not reach the median.
        slopes = (wanted - (errors < 0).to(errors.dtype)) * (mask.to(errors.dtype) / mask.sum().clamp(min=1))
        ctx.gradient = torch.zeros_like(rows)
        back = layout.pixels(ctx.gradient)
        back[:, :outputs] = -slopes[1]
        back[:, outputs:] = torch.sigmoid(gaps) * torch.cat([slopes[0], -slopes[2]], dim=1)
        return torch.dot(errors.flatten(), slopes.flatten())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient of the rows."""
        return (ctx.gradient * gradients[0], None, None, None, None)


@dataclass(frozen=True, eq=False)
class Packed:
    """Weights in the order of the loops, and biases (channels,) at the channels that they belong to."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]


def pack(vector: Tensor, plan: Plan) -> Packed:
    """``vector`` holds all parameters, in their order in the network."""
    values = _with_zero(vector)
    return Packed(values[plan.places.weights], values[plan.places.biases])


def _with_zero(vector: Tensor) -> NDArray[np.float32]:
    """The numbers of ``vector``, and a zero behind them."""
    return np.append(vector.detach().numpy(), np.float32(0))


def compute(features: Tensor, images: Tensor, plan: Plan, packed: Packed) -> None:
    """Fill ``features`` (B, channels, length) from ``images`` (B, C, [Z], Y, X)."""
    tables = plan.tables(images.shape[2:])
    layout = tables.layout
    layout.pixels(features[:, : plan.inputs]).copy_(images)
    run(
        features.numpy(), tables.forward, tables.shifts, packed.weights, packed.biases, plan.slopes, layout.inside,
        layout.runs, plan.order, plan.blocks,
    )  # fmt: skip


def _by_tap(kernels: Sequence[Tensor], filling: int) -> NDArray[np.int64]:
    """What stands in kernels (O, C, [3], 3, 3) or (O, C), in the order of the loops, in one array.

    Wide kernels become (C, G, O, 9); per-pixel layers (1, G, O, 9), whose taps are channels and ``filling``.
    """
    flat = []
    for kernel in kernels:
        if kernel.dim() > 2:
            taps = kernel.reshape(*kernel.shape[:2], -1, 9).permute(1, 2, 0, 3)
        else:
            missing = -kernel.shape[1] % 9
            taps = functional.pad(kernel, (0, missing), value=filling).unflatten(1, (-1, 9)).transpose(0, 1)
        flat.append(taps.flatten())
    return torch.cat(flat).numpy()
