"""Compiled loops of the direct convolution: 3x3 taps as nine shifts along rows of numbers.

The inner loops read nine shifted rows of one source channel and add them to one, three or four output channels while
these lie in the first-level cache. Everything is float32; sums over pixels are split into short runs. The arguments
come from ``cpu_layout`` and ``cpu_plan``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
from numba.np.unsafe.ndarray import to_fixed_tuple

from .machine_code import compiled

# Positions summed at a time: more than in other runs, because each sum ends with a sum across the registers.
SUM_RUN = 4096
# Columns of a table of convolutions (see ``run``).
SOURCE, INPUTS, TARGET, OUTPUTS, WEIGHTS, SHIFTS, GROUPS = range(7)
# Sums may be reordered and fused, as in any fast convolution; infinities and NaN are kept.
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy", "nogil": True}
_keep: Callable[..., Any] = partial(compiled, **OPTIONS)


def _dot(weights: tuple[float, ...], values: tuple[float, ...]) -> float:
    return (
        weights[0] * values[0]
        + weights[1] * values[1]
        + weights[2] * values[2]
        + weights[3] * values[3]
        + weights[4] * values[4]
        + weights[5] * values[5]
        + weights[6] * values[6]
        + weights[7] * values[7]
        + weights[8] * values[8]
    )


_dot = numba.njit(inline="always")(_dot)


def _accumulator(outputs: int) -> Callable[..., Any]:
    """Make a loop that adds nine weighted, shifted rows of a source channel to ``outputs`` channels from ``first`` on.

    Where ``begin``, the channels start from their ``bias`` instead of what they held.
    """

    def accumulate(source, target, first, weights, shifts, start, size, begin, bias):  # type: ignore[no-untyped-def]
        s0, s1, s2 = source[start + shifts[0] :], source[start + shifts[1] :], source[start + shifts[2] :]
        s3, s4, s5 = source[start + shifts[3] :], source[start + shifts[4] :], source[start + shifts[5] :]
        s6, s7, s8 = source[start + shifts[6] :], source[start + shifts[7] :], source[start + shifts[8] :]
        last = first + outputs - 1
        second, third = min(first + 1, last), min(first + 2, last)
        t0, t1, t2, t3 = target[first, start:], target[second, start:], target[third, start:], target[last, start:]
        b0, b1, b2, b3 = bias[first], bias[second], bias[third], bias[last]
        w0, w1 = to_fixed_tuple(weights[first], 9), to_fixed_tuple(weights[second], 9)
        w2, w3 = to_fixed_tuple(weights[third], 9), to_fixed_tuple(weights[last], 9)
        # Conditions on ``outputs`` are decided while compiling.
        if begin:
            for p in range(size):
                values = (s0[p], s1[p], s2[p], s3[p], s4[p], s5[p], s6[p], s7[p], s8[p])
                t0[p] = b0 + _dot(w0, values)
                if outputs > 1:
                    t1[p] = b1 + _dot(w1, values)
                if outputs > 2:
                    t2[p] = b2 + _dot(w2, values)
                if outputs > 3:
                    t3[p] = b3 + _dot(w3, values)
        else:
            for p in range(size):
                values = (s0[p], s1[p], s2[p], s3[p], s4[p], s5[p], s6[p], s7[p], s8[p])
                t0[p] += _dot(w0, values)
                if outputs > 1:
                    t1[p] += _dot(w1, values)
                if outputs > 2:
                    t2[p] += _dot(w2, values)
                if outputs > 3:
                    t3[p] += _dot(w3, values)

    return numba.njit(**OPTIONS)(accumulate)


_add_to_one, _add_to_three, _add_to_four = _accumulator(1), _accumulator(3), _accumulator(4)


@numba.njit(**OPTIONS)
def _accumulate(rows, source, inputs, target, weights, shifts, start, size, begin, bias):  # type: ignore[no-untyped-def]
    """Add a convolution of the ``inputs`` rows from ``source`` on to ``target`` (O, length), ``size`` positions long.

    ``rows`` (channels, length); ``weights`` (inputs, G, O, 9); ``shifts`` (G, 9). Where ``begin``, ``target`` starts
    from ``bias`` (O,) instead of what it held.
    """
    flat, length = rows.ravel(), rows.shape[1]
    first = 0
    while first < target.shape[0]:
        remaining = target.shape[0] - first
        for c in range(inputs):
            row = flat[(source + c) * length :]
            for g in range(shifts.shape[0]):
                new = begin and c == 0 and g == 0
                if remaining > 3:
                    _add_to_four(row, target, first, weights[c, g], shifts[g], start, size, new, bias)
                elif remaining == 3:
                    _add_to_three(row, target, first, weights[c, g], shifts[g], start, size, new, bias)
                else:
                    _add_to_one(row, target, first, weights[c, g], shifts[g], start, size, new, bias)
        first += 4 if remaining > 3 else 3 if remaining == 3 else 1


def _correlator(outputs: int) -> Callable[..., Any]:
    """Make a loop that sums the products of ``outputs`` gradient rows and nine shifted rows of one source channel."""

    def correlate_run(source, gradient, first, result, shifts, start, size):  # type: ignore[no-untyped-def]
        s0, s1, s2 = source[start + shifts[0] :], source[start + shifts[1] :], source[start + shifts[2] :]
        s3, s4, s5 = source[start + shifts[3] :], source[start + shifts[4] :], source[start + shifts[5] :]
        s6, s7, s8 = source[start + shifts[6] :], source[start + shifts[7] :], source[start + shifts[8] :]
        second = first + outputs - 1
        g0, g1 = gradient[first, start:], gradient[second, start:]
        zero = np.float32(0)
        a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = a8 = zero
        b0 = b1 = b2 = b3 = b4 = b5 = b6 = b7 = b8 = zero
        for p in range(size):
            a0 += g0[p] * s0[p]
            a1 += g0[p] * s1[p]
            a2 += g0[p] * s2[p]
            a3 += g0[p] * s3[p]
            a4 += g0[p] * s4[p]
            a5 += g0[p] * s5[p]
            a6 += g0[p] * s6[p]
            a7 += g0[p] * s7[p]
            a8 += g0[p] * s8[p]
            if outputs > 1:
                b0 += g1[p] * s0[p]
                b1 += g1[p] * s1[p]
                b2 += g1[p] * s2[p]
                b3 += g1[p] * s3[p]
                b4 += g1[p] * s4[p]
                b5 += g1[p] * s5[p]
                b6 += g1[p] * s6[p]
                b7 += g1[p] * s7[p]
                b8 += g1[p] * s8[p]
        for t, value in enumerate((a0, a1, a2, a3, a4, a5, a6, a7, a8)):
            result[first, t] += value
        if outputs > 1:
            for t, value in enumerate((b0, b1, b2, b3, b4, b5, b6, b7, b8)):
                result[second, t] += value

    return numba.njit(**OPTIONS)(correlate_run)


_correlate_one, _correlate_two = _correlator(1), _correlator(2)


@numba.njit(**OPTIONS)
def _correlate(rows, source, inputs, gradient, result, shifts, start, size):  # type: ignore[no-untyped-def]
    """Add to ``result`` (inputs, G, O, 9) the sums over positions of ``gradient`` (O, length) times shifted rows."""
    flat, length = rows.ravel(), rows.shape[1]
    for c in range(inputs):
        row = flat[(source + c) * length :]
        for g in range(shifts.shape[0]):
            for first in range(0, gradient.shape[0], 2):
                if first + 1 < gradient.shape[0]:
                    _correlate_two(row, gradient, first, result[c, g], shifts[g], start, size)
                else:
                    _correlate_one(row, gradient, first, result[c, g], shifts[g], start, size)


@numba.njit(**OPTIONS)
def _activate(rows, slope, inside, start, size):  # type: ignore[no-untyped-def]
    """Apply the leaky rectifier of ``slope`` in place, and set to zero what lies between the pixels."""
    there = inside[start : start + size]
    for o in range(rows.shape[0]):
        row = rows[o, start : start + size]
        for p in range(size):
            value = max(row[p], slope * row[p])
            row[p] = value if there[p] > 0 else np.float32(0)


@numba.njit(**OPTIONS)
def _deactivate(gradient, rows, slope, inside, start, size):  # type: ignore[no-untyped-def]
    """Turn, in place, the gradient after the rectifier into that before it; ``rows`` are the rectified values."""
    there = inside[start : start + size]
    for o in range(rows.shape[0]):
        row, change = rows[o, start : start + size], gradient[o, start : start + size]
        for p in range(size):
            value = change[p] * (np.float32(1) if row[p] > 0 else slope)
            change[p] = value if there[p] > 0 else np.float32(0)


@numba.njit(**OPTIONS)
def _kernel(weights, step):  # type: ignore[no-untyped-def]
    """View the weights (inputs, G, O, 9) of one convolution in the common array."""
    size = step[INPUTS] * step[GROUPS] * step[OUTPUTS] * 9
    kernel = weights[step[WEIGHTS] : step[WEIGHTS] + size]
    return kernel.reshape(step[INPUTS], step[GROUPS], step[OUTPUTS], 9)


@_keep
def run(features, steps, shifts, weights, biases, slopes, inside, runs, order, blocks):  # type: ignore[no-untyped-def]
    """Compute all features of images, one convolution after the other, and one image after the other (for the cache).

    Parameters
    ----------
    features
        float32 (B, channels, length); the first channels hold the images, the others are written.
    steps
        int64 (E, 7), one convolution per row, by the columns SOURCE to GROUPS. It reads INPUTS channels from SOURCE on,
        at the shifts in the GROUPS rows of ``shifts`` from SHIFTS on, and writes OUTPUTS channels from TARGET on. Its
        weights (inputs, groups, outputs, 9) begin at WEIGHTS.
    shifts
        int64 (groups, 9), in positions.
    weights, biases, slopes
        float32: all weights; (channels,) biases; (E,) slopes of the rectifiers behind the convolutions.
    inside, runs
        As in ``cpu_layout.Layout``.
    order, blocks
        int64: (E,) the order of computing, and the bounds of its blocks. The convolutions of a block are computed
        together, run by run, so none may read what another of its block writes, except at the same positions.
    """
    for b in range(features.shape[0]):
        rows = features[b]
        for block in range(len(blocks) - 1):
            for r in range(len(runs)):
                first, size = runs[r, 0], runs[r, 1]
                for e in order[blocks[block] : blocks[block + 1]]:
                    step = steps[e]
                    kernel, taps = _kernel(weights, step), shifts[step[SHIFTS] : step[SHIFTS] + step[GROUPS]]
                    target = rows[step[TARGET] : step[TARGET] + step[OUTPUTS]]
                    bias = biases[step[TARGET] : step[TARGET] + step[OUTPUTS]]
                    _accumulate(rows, step[SOURCE], step[INPUTS], target, kernel, taps, first, size, True, bias)
                    _activate(target, slopes[e], inside, first, size)


@_keep
def run_back(  # type: ignore[no-untyped-def]
    features, gradient, arrived, steps, back, shifts, back_weights, slopes, inside, runs, weight_sums, bias_sums
):
    """Add up the gradients of weights and biases; names, shapes and types as in :func:`run`.

    Parameters
    ----------
    features, steps, shifts, slopes, inside, runs
        As :func:`run` took them, and left ``features``.
    gradient
        (channels, length), scratch memory with any content.
    arrived
        (B, outputs, length), the gradient of the last channels.
    back, back_weights
        The transposed convolutions, from the gradient of a target to that of its source; those with no inputs are
        skipped.
    weight_sums, bias_sums
        Output: arrays laid out as ``weights`` and ``biases``, to which the gradients are added.
    """
    channels = features.shape[1]
    start, stop = runs[0, 0], runs[-1, 0] + runs[-1, 1]
    for b in range(features.shape[0]):
        rows = features[b]
        gradient[: channels - arrived.shape[1]] = 0
        gradient[channels - arrived.shape[1] :] = arrived[b]
        for e in range(len(steps) - 1, -1, -1):
            step = steps[e]
            target = rows[step[TARGET] : step[TARGET] + step[OUTPUTS]]
            here = gradient[step[TARGET] : step[TARGET] + step[OUTPUTS]]
            _deactivate(here, target, slopes[e], inside, start, stop - start)
            for o in range(here.shape[0]):
                bias_sums[step[TARGET] + o] += here[o, start:stop].sum()
            sums, taps = _kernel(weight_sums, step), shifts[step[SHIFTS] : step[SHIFTS] + step[GROUPS]]
            for first in range(start, stop, SUM_RUN):
                size = min(SUM_RUN, stop - first)
                _correlate(rows, step[SOURCE], step[INPUTS], here, sums, taps, first, size)
            step = back[e]
            if step[INPUTS] == 0:
                continue
            kernel, taps = _kernel(back_weights, step), shifts[step[SHIFTS] : step[SHIFTS] + step[GROUPS]]
            target = gradient[step[TARGET] : step[TARGET] + step[OUTPUTS]]
            for r in range(len(runs)):
                first, size = runs[r, 0], runs[r, 1]
                _accumulate(
                    gradient, step[SOURCE], step[INPUTS], target, kernel, taps, first, size, False, target[:, 0]
                )
