"""Calibrated intervals, bounds and means of predicted images: where corrections are applied."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .calibration_file import CalibrationFile
from .groups import group_of
from .interval_ends import channel_bound, channel_interval
from .median_to_mean import shift_of
from .rounding import Doubles, Floats
from .signal_model import SignalModel, signal_models


class Calibration(CalibrationFile):
    """The corrections of ``calibration.json``, applied to images as the ensemble stores them.

    Images are float32 (C, ...) in the unit of the reference, with channels in the order of ``channels``.
    """

    def interval(
        self,
        lower: Floats,
        median: Floats,
        upper: Floats,
        nominal: float,
        tokens: NDArray[Any] | None = None,
        tie_draws: NDArray[np.floating[Any]] | None = None,
    ) -> tuple[Floats, Floats, Doubles]:
        """Compute the calibrated interval at a nominal coverage.

        Parameters
        ----------
        lower, median, upper
            Predicted quantiles (C, ...).
        nominal
            One of the coverages in the file.
        tokens
            Label image (...), needed where ``by_token``.
        tie_draws
            Uniform numbers between 0 and 1, (C, ...), which break ties where ``random_ties``; without them all ties are
            covered.

        Returns
        -------
        tuple of ndarray
            Lower and upper, (C, ...) float32, infinite where the correction is; and the share of pixels of each
            channel, (C,), with an end that had crossed the median and was put onto it.

        Raises
        ------
        InputError
            Where nothing was calibrated at ``nominal``, or tokens are missing.
        """
        entries = self.entries("corrections", nominal, "calibration.nominal")
        draws = tie_draws if self.random_ties else None
        parts = [
            channel_interval(
                entry,
                (lower[c], median[c], upper[c]),
                self.group_labels(c, median[c], tokens),
                self.scaled,
                None if draws is None else draws[c],
            )
            for c, entry in enumerate(entries)
        ]
        low, high, fraction = zip(*parts, strict=True)
        return self._floored(np.stack(low)), self._floored(np.stack(high)), np.array(fraction)

    def bound(
        self,
        side: str,
        lower: Floats,
        median: Floats,
        upper: Floats,
        confidence: float,
        channel: str | None = None,
        tokens: NDArray[Any] | None = None,
    ) -> Floats:
        """Compute a one-sided bound on the reference at a confidence.

        Parameters
        ----------
        side
            "lower": the reference is at least the bound with that confidence; "upper": at most.
        lower, median, upper
            Predicted quantiles (C, ...); with ``channel``, the images (...) of that channel alone.
        confidence
            One of the confidences in the file.
        channel
            Name of the only channel, or None for all.
        tokens
            Label image (...), needed where ``by_token``.

        Returns
        -------
        ndarray
            float32 of the shape of ``lower``. A bound may lie beyond the median.

        Raises
        ------
        InputError
            Where nothing was calibrated at ``confidence``, or tokens are missing.
        """
        if channel is not None:
            chosen, parts = [self.channels.index(channel)], [lower[None], median[None], upper[None]]
        else:
            chosen, parts = list(range(len(self.channels))), [lower, median, upper]
        entries = self.entries("one_sided", confidence, "decisions.exceed.confidence")
        bounds = [
            channel_bound(entries[c], side, (low, middle, high), self.group_labels(c, middle, tokens), self.scaled)
            for c, low, middle, high in zip(chosen, *parts, strict=True)
        ]
        return self._floored(bounds[0] if channel is not None else np.stack(bounds))

    @cached_property
    def signal(self) -> list[SignalModel] | None:
        """What is known of the error about the signal, per channel; None where the reference's noise is not known."""
        return signal_models(self.content, self.channels)

    def signal_interval(self, median: Floats, slope: Floats, nominal: float) -> tuple[Floats, Floats]:
        """Compute the interval in which the signal lies, at a nominal coverage.

        Parameters
        ----------
        median, slope
            Predicted median and its squared slope (see ``image_slope``), (C, ...) float32.
        nominal
            One of the coverages in the file.

        Returns
        -------
        lower, upper
            (C, ...) float32, not below the floor.

        Raises
        ------
        InputError
            Where the noise of the reference was not known.
        """
        ends = [
            model.interval(middle, steep, nominal)
            for model, middle, steep in zip(self._models(), median, slope, strict=True)
        ]
        lower, upper = zip(*ends, strict=True)
        return self._floored(np.stack(lower)), self._floored(np.stack(upper))

    def signal_bound(self, side: str, median: Floats, slope: Floats, confidence: float, channel: str) -> Floats:
        """Compute a one-sided bound on the signal of one channel at a confidence.

        Parameters
        ----------
        side
            "lower": the signal is at least the bound with that confidence; "upper": at most.
        median, slope
            Of the channel, as for :meth:`signal_interval`, without the axis of channels.
        confidence
            One of the confidences in the file.
        channel
            Name of the channel.

        Returns
        -------
        ndarray
            float32 of the shape of ``median``.

        Raises
        ------
        InputError
            Where the noise of the reference was not known.
        """
        model = self._models()[self.channels.index(channel)]
        return self._floored(model.bound(side, median, slope, confidence))

    def signal_spread(self, median: Floats, slope: Floats) -> Doubles:
        """Compute the standard deviation of the denoised value about the signal at every pixel.

        Parameters
        ----------
        median, slope
            As for :meth:`signal_interval`.

        Returns
        -------
        ndarray
            float64 (C, ...), in the unit of the reference.

        Raises
        ------
        InputError
            Where the noise of the reference was not known.
        """
        return np.stack(
            [model.spread(middle, steep) for model, middle, steep in zip(self._models(), median, slope, strict=True)]
        )

    def _models(self) -> list[SignalModel]:
        if self.signal is None:
            raise InputError(
                "there are no intervals for the signal",
                file=self.path,
                remedy=str(self.content.get("signal_missing") or "run the step fit_calibration again"),
            )
        return self.signal

    def centre(self, median: Floats) -> Floats:
        """Return the median as delivered, which is not below the floor.

        Parameters
        ----------
        median
            Predicted median, (C, ...) float32.

        Returns
        -------
        ndarray
            Of the same shape and type.
        """
        return self._floored(median)

    def mean(self, median: Floats) -> Floats:
        """Estimate the mean of the reference from the median of the ensemble.

        The median of skewed counts lies below their mean. What is added was fitted on the calibrate regions, as a
        piecewise linear function of the median (see ``median_to_mean``).

        Parameters
        ----------
        median
            Predicted median, (C, ...) float32.

        Returns
        -------
        ndarray
            (C, ...) float32, not below the floor.
        """
        knots, nothing = self.content.get("mean", {}), {"median": [0.0], "shift": [0.0]}
        images = [median[c] + shift_of(median[c], knots.get(name, nothing)) for c, name in enumerate(self.channels)]
        return self._floored(np.stack(images).astype(np.float32))

    def group_labels(self, c: int, median: Floats, tokens: NDArray[Any] | None) -> NDArray[np.intp] | None:
        """Sort the pixels of one channel into groups.

        Parameters
        ----------
        c
            Number of the channel.
        median
            Predicted median of that channel.
        tokens
            Label image, broadcast to ``median``; needed where ``by_token``.

        Returns
        -------
        ndarray or None
            Number of each pixel's group, from 0; None where the calibration has no groups.

        Raises
        ------
        InputError
            Where tokens are needed and missing.
        """
        groups = self.content.get("groups")
        if not groups:
            return None
        if self.by_token and tokens is None:
            raise InputError(
                "the corrections depend on tokens, and none are given",
                file=self.path,
                key="calibration.groups",
                value="token",
                remedy="give the token map of the scan",
            )
        return group_of(groups, self.channels[c], median, tokens)

    def _floored(self, values: Floats) -> Floats:
        return values if self.floor is None else np.maximum(values, np.float32(self.floor))
