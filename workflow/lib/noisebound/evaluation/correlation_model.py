"""How residuals resemble each other over distance, and what that leaves certain of their sum.

Cosine transforms of the residuals of a box have nearly independent coefficients, whose variance is the spectrum of the
residuals at their frequency (P. Whittle, "On stationary processes in the plane", Biometrika 41 (1954) 434-449). The
error of their sum is the spectrum at frequency 0. The spectrum is white noise and a correlated part; lengths, strengths
and shapes of the correlation are weighted by their likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.fft import dctn
from scipy.stats import t as student

from .cells import CellSums, Doubles, effective_number

LEVEL = 0.95
# Cosine coefficients of each box that count as low frequencies.
_LOWEST = 5
# The correlated part: lengths in px, its power at frequency 0 over that of the white part, and the smoothness of the
# Matern family (infinite: Gaussian). Coverage maps have sharp edges, so rough ones belong to it.
_LENGTHS = np.geomspace(2.0, 32.0, 17)
_POWERS = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3])
# Places are counted with powers up to this one: stronger ones make smooth fields of sharp-edged maps.
_STRONGEST = 100.0
_SMOOTHNESS = (0.5, 1.5, math.inf)
# Weight of white noise alone before the data are seen.
_WHITE = 0.5
# Where places are few, the model counts this many times as many as there are (see the study).
_OPTIMISM = 1.5


def half_width_and_places(residuals: Sequence[CellSums], weights: Sequence[CellSums]) -> tuple[float, float]:
    """Compute the half width of a 95 % interval, and the number of independent places.

    Parameters
    ----------
    residuals, weights
        As for ``error_bars.interval``.

    Returns
    -------
    half_width : float
        From all lengths, strengths and shapes of correlation.
    places : float
        Number of waves that have at least half of the power at frequency 0: so many independent numbers tell of it.
    """
    powers, spectra, cells = [], [], 0
    for part in residuals:
        coefficients = np.square(dctn(part.sums, norm="ortho")).ravel()
        spectrum = _spectra(part.shape, part.sums.shape)
        # The mean of one box says nothing, because the estimate was subtracted; that of several does.
        first = 1 if len(residuals) == 1 else 0
        powers.append(coefficients[first:])
        spectra.append(spectrum[:, first:])
        cells += part.sums.size
    observed, shapes = np.concatenate(powers), np.concatenate(spectra, axis=1)
    # White alone first, then every pair of a shape and a power.
    logs, scales, at_zero, waves = [], [], [], []
    for power, own in [(0.0, shapes[:1]), *((power, shapes) for power in _POWERS)]:
        model = 1 + power * own
        scale = (observed / model).mean(axis=1)
        logs.append(-0.5 * np.log(model).sum(axis=1) - 0.5 * observed.size * np.log(scale))
        scales.append(scale)
        at_zero.append(np.full(len(own), 1 + power))
        # Waves with at least half of the power at frequency 0 tell of it: as many as there are independent places.
        waves.append((model >= (1 + power) / 2).sum(axis=1))
    log = np.concatenate(logs)
    prior = np.full(log.size, (1 - _WHITE) / (log.size - 1))
    prior[0] = _WHITE
    weight = prior * np.exp(log - log.max())
    weight /= weight.sum()
    error = np.sqrt(np.concatenate(scales) * np.concatenate(at_zero) * cells)
    kish = effective_number(np.concatenate([part.sums.ravel() for part in weights])) / cells
    # Long correlations too weak to matter stay possible whatever the data, hence the geometric mean.
    weak = np.repeat([True, *(_POWERS <= _STRONGEST)], [1, *[len(shapes)] * _POWERS.size])
    counted = np.where(weak, np.exp(np.minimum(log - log[weak].max(), 0)) * prior, 0)
    counted = counted / counted.sum()
    places = kish * float(np.exp(counted @ np.log(np.maximum(np.concatenate(waves), 1)))) / _OPTIMISM
    return _mixture(weight, error, observed.size), places


def half_width_from_low_frequencies(residuals: Sequence[CellSums]) -> float:
    """Compute the half width of a t interval from the lowest frequencies, where the spectrum is nearly that at 0.

    Parameters
    ----------
    residuals
        As for ``error_bars.interval``.

    Returns
    -------
    float
        Half of a 95 % interval.

    References
    ----------
    U. Mueller, "A theory of robust long-run variance estimation", J. Econometrics 141 (2007) 1331-1352.
    """
    powers = []
    for part in residuals:
        axes = [np.square(np.arange(n) / extent) for n, extent in zip(part.sums.shape, part.shape, strict=True)]
        squared = np.sum(np.meshgrid(*axes, indexing="ij"), axis=0).ravel()
        lowest = np.argsort(squared, kind="stable")[1 : _LOWEST + 1]
        powers.append(np.square(dctn(part.sums, norm="ortho").ravel()[lowest]))
    power, cells = np.concatenate(powers), sum(part.sums.size for part in residuals)
    return float(student.ppf((1 + LEVEL) / 2, power.size)) * math.sqrt(float(power.mean()) * cells)


def _mixture(weight: Doubles, error: Doubles, freedom: int) -> float:
    """The half width beyond which a mixture of scaled t distributions has 1 - LEVEL of its weight."""
    kept = weight > 1e-4
    weight, error = weight[kept] / weight[kept].sum(), error[kept]
    low, high = 0.0, 20.0 * float(error.max())
    for _ in range(40):
        middle = (low + high) / 2
        outside = float(weight @ student.sf(middle / error, freedom))
        low, high = (middle, high) if outside > (1 - LEVEL) / 2 else (low, middle)
    return high


@cache
def _spectra(shape: tuple[int, ...], cells: tuple[int, ...]) -> Doubles:
    """Spectra of the correlated part at the frequencies of the cosine transform, 1 at 0: (shapes, coefficients)."""
    axes = [np.arange(n) / (2 * extent) for n, extent in zip(cells, shape, strict=True)]
    grid = np.meshgrid(*axes, indexing="ij")
    squared = np.sum([np.square(part) for part in grid], axis=0).ravel()
    # Sums over cells damp what varies inside of them.
    damped = np.prod(
        [np.sinc(part * extent / n) ** 2 for part, extent, n in zip(grid, shape, cells, strict=True)], axis=0
    ).ravel()
    rows = []
    for smoothness in _SMOOTHNESS:
        for length in _LENGTHS:
            x = (2 * np.pi * length) ** 2 * squared
            rows.append(damped * (np.exp(-x) if smoothness == math.inf else (1 + x) ** -(smoothness + len(shape) / 2)))
    return np.array(rows)
