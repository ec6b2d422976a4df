"""The pinball loss: its definition pixel by pixel, its minimiser, and pixels that do not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats.mstats import mquantiles

from noisebound.networks.losses import pinball_loss, quantile_loss


def test_the_loss_is_the_definition_summed_pixel_by_pixel() -> None:
    random = np.random.default_rng(0)
    for spatial in ((4, 5), (2, 3, 4)):
        prediction, target = random.normal(size=(2, 2, 3, *spatial))
        mask = random.random((2, 1, *spatial)) < 0.4
        losses = []
        for level in (0.05, 0.5, 0.9):
            total, n = 0.0, 0
            for b, c, *where in np.ndindex(2, 3, *spatial):
                if mask[(b, 0, *where)]:
                    error = target[(b, c, *where)] - prediction[(b, c, *where)]
                    total += level * error if error >= 0 else (level - 1) * error
                    n += 1
            parts = torch.tensor(prediction), torch.tensor(target)
            losses.append(float(pinball_loss(*parts, level, torch.tensor(mask))))
            assert losses[-1] == pytest.approx(total / n, rel=1e-12)
        together = quantile_loss([parts[0]] * 3, parts[1], (0.05, 0.5, 0.9), torch.tensor(mask))
        assert float(together) == pytest.approx(sum(losses), rel=1e-12)


@pytest.mark.parametrize("level", [0.05, 0.25, 0.5, 0.95])
@pytest.mark.parametrize("name", ["normal", "exponential", "poisson"])
def test_the_minimiser_is_the_quantile(level: float, name: str) -> None:
    sample = getattr(np.random.default_rng(4), name)(5, size=1001)
    target = torch.tensor(sample).reshape(1, 1, 7, 143)
    everywhere = torch.ones_like(target, dtype=torch.bool)
    candidates = np.unique(np.concatenate([sample, np.linspace(sample.min(), sample.max(), 2001)]))
    losses = [float(pinball_loss(torch.full_like(target, c), target, level, everywhere)) for c in candidates]
    best = candidates[np.argmin(losses)]
    assert best == pytest.approx(np.quantile(sample, level, method="inverted_cdf"), abs=1e-12)
    # Definitions of a sample quantile differ by less than the gap between neighbours.
    ordered = np.sort(sample)
    position = np.searchsorted(ordered, best)
    assert ordered[max(position - 1, 0)] <= mquantiles(sample, level)[0] <= ordered[min(position + 1, 1000)]


def test_pixels_outside_of_the_mask_do_not_count_not_even_nan() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randn((2, 3, 6, 7), generator=generator)
    mask = torch.rand((2, 1, 6, 7), generator=generator) < 0.5
    spoilt = target.masked_fill(~mask, torch.nan)
    results = []
    for truth in (target, spoilt):
        prediction = torch.zeros_like(target, requires_grad=True)
        loss = pinball_loss(prediction, truth, 0.3, mask)
        loss.backward()
        assert prediction.grad is not None
        assert (prediction.grad[~mask.expand_as(target)] == 0).all()
        assert (prediction.grad[mask.expand_as(target)] != 0).all()
        results.append((float(loss.detach()), prediction.grad))
    assert results[0][0] == results[1][0] and torch.equal(results[0][1], results[1][1])
    assert float(pinball_loss(target, spoilt, 0.3, torch.zeros_like(mask))) == 0
