"""Intervals for the signal: where a noiseless measurement would lie, at a stated chance.

``calibration.json`` holds, as "signal", what ``fit_signal`` fitted: per channel the variance of the error of the
denoised value (see ``error_variance``) and the quantiles of the error in units of its standard deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..files.coverage_key import nominal_key
from .error_features import ErrorVariance

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SignalModel:
    """What is known of the error of one channel about the signal.

    Attributes
    ----------
    variance
        Variance of the error at every pixel.
    quantiles
        Per nominal coverage (as key) the two quantiles of the error, in units of its standard deviation.
    bounds
        Per confidence of one-sided bounds likewise: the quantile at 1 - confidence, and that at the confidence.
    factor
        Factor by which the mean variance is expected to exceed that of ``variance``.
    rare
        Least upper end of an interval: the most that the signal can be where counts are rarest. Below it a median near
        0 says nothing.
    """

    variance: ErrorVariance
    quantiles: Mapping[str, tuple[float, float]]
    bounds: Mapping[str, tuple[float, float]]
    factor: float
    rare: float = 0.0

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """Read the entry of one channel.

        Parameters
        ----------
        entry
            What :meth:`stored` returned.

        Returns
        -------
        SignalModel
            The model.
        """
        low, high = entry["knots"]
        return cls(
            ErrorVariance((low, high), tuple(entry["weights"]), entry["least"]),
            {key: (pair[0], pair[1]) for key, pair in entry["quantiles"].items()},
            {key: (pair[0], pair[1]) for key, pair in entry["bounds"].items()},
            float(entry["factor"]),
            float(entry.get("rare", 0.0)),
        )

    def stored(self) -> dict[str, Any]:
        """Convert to an entry of ``calibration.json``.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "knots": list(self.variance.knots),
            "weights": list(self.variance.weights),
            "least": self.variance.least,
            "quantiles": {key: list(pair) for key, pair in self.quantiles.items()},
            "bounds": {key: list(pair) for key, pair in self.bounds.items()},
            "factor": self.factor,
            "rare": self.rare,
        }

    def spread(self, median: Floats, slope: Floats) -> NDArray[np.float64]:
        """Compute the standard deviation of the error at every pixel.

        Parameters
        ----------
        median, slope
            Median and its squared slope (see ``image_slope``), of one shape.

        Returns
        -------
        ndarray
            float64 of the same shape, in the unit of the reference.
        """
        return np.sqrt(self.variance.of(median, slope) * self.factor)

    def interval(self, median: Floats, slope: Floats, nominal: float) -> tuple[Floats, Floats]:
        """Compute the interval for the signal.

        Parameters
        ----------
        median, slope
            As for :meth:`spread`.
        nominal
            Its coverage, one of those fitted.

        Returns
        -------
        lower, upper
            float32 of the same shape. The interval holds the median.
        """
        low, high = self.quantiles[nominal_key(nominal)]
        upper = self._end(median, slope, max(high, 0.0))
        return self._end(median, slope, min(low, 0.0)), self._not_below(upper)

    def bound(self, side: str, median: Floats, slope: Floats, confidence: float) -> Floats:
        """Compute a one-sided bound on the signal.

        Parameters
        ----------
        side
            "lower": the signal is at least the bound; "upper": at most.
        median, slope
            As for :meth:`spread`.
        confidence
            One of those fitted.

        Returns
        -------
        ndarray
            float32 of the same shape.
        """
        low, high = self.bounds[nominal_key(confidence)]
        if side == "lower":
            return self._end(median, slope, low)
        return self._not_below(self._end(median, slope, high))

    def _not_below(self, upper: Floats) -> Floats:
        return np.maximum(upper, np.float32(self.rare)) if self.rare > 0 else upper

    def _end(self, median: Floats, slope: Floats, quantile: float) -> Floats:
        end = median + quantile * np.sqrt(self.variance.of(median, slope))
        result: Floats = end.astype(np.float32)
        return result


def signal_models(content: Mapping[str, Any], channels: Sequence[str]) -> list[SignalModel] | None:
    """Read the models of all channels from the content of ``calibration.json``.

    Parameters
    ----------
    content
        Content of the file.
    channels
        Names of the channels, in order.

    Returns
    -------
    list of SignalModel or None
        None where the file holds none.
    """
    signal = content.get("signal")
    return None if not signal else [SignalModel.of(signal["channels"][name]) for name in channels]
