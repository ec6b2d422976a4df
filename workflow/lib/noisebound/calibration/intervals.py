"""Conformalised quantile regression: what the predicted intervals need to cover the reference at a stated rate.

Here the corrections are applied; ``calibration_fit`` makes them. Scores were taken from the stored float32 images, and
every rounding on the way to the delivered float32 goes outwards, so that what was counted during calibration also holds
for the delivered numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.storage import read_json
from ..files.coverage_key import nominal_key
from .conformal import Doubles, Floats
from .groups import group_of
from .median_to_mean import shift_of
from .rounding import round_outwards, up, width_of

SIDES = ("lower", "upper")


@dataclass(frozen=True)
class Calibration:
    """The content of ``calibration/calibration.json``, and its application to predicted images.

    ``corrections[nominal][channel]`` and ``one_sided[confidence][channel]`` hold {"lower", "upper", "n", "k"}: the
    corrections in the unit of the reference, or as multiples of the predicted width where ``scale`` is "width". With
    ``groups``, each entry also holds a list "groups" of such entries, one per group; its own numbers are those of all
    pixels, which groups marked "of_all" take for want of pixels or scans. ``groups`` is {"by": "intensity", "edges":
    {channel: [...]}} (bins of the predicted median) or {"by": "token", "tokens": [...]}, where one more group holds
    all other tokens. Where ``ties`` are broken at random, entries hold "lower_share" and "upper_share".
    ``mean`` holds per channel {"median", "shift"}, the knots of what is added to the median to estimate the mean.
    ``floor`` is the smallest value an interval end may take (0 for counts) or None.
    """

    content: dict[str, Any]
    path: Path | None = None

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read ``calibration.json``. Raises ``InputError`` where it is missing or lacks a key."""
        content = read_json(path)
        missing = [key for key in ("channels", "nominal", "primary", "corrections", "floor") if key not in content]
        if missing:
            raise InputError(
                f"not a calibration, {', '.join(missing)} missing",
                file=path,
                remedy="delete it and run the step fit_calibration again",
            )
        return cls(content, Path(path))

    @property
    def channels(self) -> tuple[str, ...]:
        """Names in the order of the images' first axis."""
        return tuple(self.content["channels"])

    @property
    def nominal(self) -> tuple[float, ...]:
        """Nominal coverages that intervals exist for."""
        return tuple(self.content["nominal"])

    @property
    def primary(self) -> float:
        """Nominal coverage of the interval that is delivered as lower and upper."""
        return float(self.content["primary"])

    @property
    def floor(self) -> float | None:
        """Smallest value an interval end may take, or None."""
        return None if self.content["floor"] is None else float(self.content["floor"])

    @property
    def target(self) -> str:
        """What is covered, in words."""
        return str(self.content["target"])

    @property
    def guarantee(self) -> str:
        """What is promised, in words."""
        return str(self.content["guarantee"])

    def unit(self, nominal: float) -> str:
        """The unit of exchangeability at a ``nominal`` coverage: pixel, scan or pac."""
        return str(self.content.get("units", {}).get(nominal_key(nominal), "pixel"))

    @property
    def about_scans(self) -> bool:
        """Whether the primary intervals promise something about further scans, and so may cover more than nominal."""
        return self.unit(self.primary) != "pixel"

    @property
    def by_token(self) -> bool:
        """Whether corrections depend on tokens, which exist for the delivered frame alone."""
        return bool(self.content.get("groups")) and self.content["groups"]["by"] == "token"

    @property
    def random_ties(self) -> bool:
        """Whether ties are broken at random, for which intervals need a uniform number per pixel."""
        return bool(self.content.get("ties"))

    def check_channels(self, channels: Sequence[str], file: str | Path) -> None:
        """Raise ``InputError`` unless ``channels`` are the calibrated ones in their order."""
        if tuple(channels) != self.channels:
            raise InputError(
                f"channels {list(channels)} are not the calibrated ones {list(self.channels)}",
                file=file,
                key="data.channels",
                remedy="run the workflow again, so that all steps see the same channels",
            )

    def _entries(self, table: str, value: float, key: str) -> list[Mapping[str, Any]]:
        """The entry of each channel at one coverage or confidence."""
        entries = self.content.get(table, {}).get(nominal_key(value))
        if entries is None:
            raise InputError(
                f"calibrated are only {', '.join(self.content.get(table, {})) or 'none'}",
                file=self.path,
                key=key,
                value=value,
                remedy="add the value to the configuration and run the step fit_calibration again",
            )
        return [entries[name] for name in self.channels]

    def group_labels(self, c: int, median: Floats, tokens: NDArray[Any] | None) -> NDArray[np.intp] | None:
        """The group of each pixel of channel ``c``, counted from 0; None without groups.

        ``median`` is that channel's image, ``tokens`` the label image, broadcast against it. Raises ``InputError``
        where ``by_token`` and no tokens are given.
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

    @staticmethod
    def _amount(entry: Mapping[str, Any], name: str, labels: NDArray[np.intp] | None) -> Any:
        """One number of an entry, or of each pixel's group."""
        if labels is None:
            return float(entry[name])
        return np.array([float(part[name]) for part in entry["groups"]])[labels]

    def _end(
        self, side: str, values: Floats, width: Doubles | None, amount: Any, drop: NDArray[np.bool_] | None
    ) -> Floats:
        """One end of an interval as delivered, except for the floor.

        ``drop`` marks the pixels whose end is taken a hair further in, so that a target right on it is outside: inside
        of all roundings, where the other ends are outside of them.
        """
        sign = {"lower": -1.0, "upper": 1.0}[side]
        moved = values.astype(np.float64)
        with np.errstate(invalid="ignore"):
            exact = amount if width is None else amount * width
            shift = exact if width is None else up(exact)
        end = moved + sign * shift
        if width is not None:
            # Beside a target of 0, the last bit of a sum of large numbers is not small.
            end = np.nextafter(end, sign * np.inf)
        result = round_outwards(end, sign * np.inf)
        if drop is not None:
            with np.errstate(invalid="ignore"):
                # Scores and sums are rounded by less than 8 units in the last place of the largest number in them.
                hair = 8 * np.spacing(np.maximum(np.abs(moved), np.abs(exact)))
                inner = round_outwards(moved + sign * exact - sign * hair, -sign * np.inf)
            result = np.where(drop & np.isfinite(hair), inner, result)
        return result

    def _floored(self, values: Floats) -> Floats:
        return values if self.floor is None else np.maximum(values, np.float32(self.floor))

    def centre(self, median: Floats) -> Floats:
        """The median as delivered, (C, ...) float32: not below the floor."""
        return self._floored(median)

    def mean(self, median: Floats) -> Floats:
        """Estimate of the mean of the reference, (C, ...) float32, from the ``median`` of the ensemble.

        The median of skewed counts lies below their mean. Added is what the reference exceeds the median by on the
        calibrate regions, as a piecewise linear function of the median (see ``median_to_mean``).
        """
        knots, nothing = self.content.get("mean", {}), {"median": [0.0], "shift": [0.0]}
        images = [median[c] + shift_of(median[c], knots.get(name, nothing)) for c, name in enumerate(self.channels)]
        return self._floored(np.stack(images).astype(np.float32))

    def interval(
        self,
        lower: Floats,
        median: Floats,
        upper: Floats,
        nominal: float,
        tokens: NDArray[Any] | None = None,
        chance: NDArray[np.floating[Any]] | None = None,
    ) -> tuple[Floats, Floats, Doubles]:
        """Calibrated interval at a ``nominal`` coverage.

        ``lower``, ``median``, ``upper`` are (C, ...) float32 as the ensemble stores them; ``tokens`` (...) is needed
        where ``by_token``. Returns lower and upper, (C, ...) float32, and per channel the share of pixels whose
        corrected end had crossed the median; such an end is put onto the median, which only widens the interval. Ends
        are infinite where the correction is. ``chance`` (C, ...), uniform between 0 and 1, breaks ties where
        ``random_ties``; without it, all ties are covered.
        """
        entries = self._entries("corrections", nominal, "calibration.nominal")
        ends: dict[str, list[Floats]] = {side: [] for side in SIDES}
        fraction = np.zeros(len(entries))
        for c, entry in enumerate(entries):
            labels = self.group_labels(c, median[c], tokens)
            width = width_of(lower[c], upper[c]) if self.content.get("scale") == "width" else None
            crossed = np.zeros(median[c].shape, dtype=bool)
            for side, values, sign in (("lower", lower[c], -1), ("upper", upper[c], 1)):
                amount = self._amount(entry, side, labels)
                drop = None
                if chance is not None and self.random_ties:
                    drop = chance[c] > self._amount(entry, f"{side}_share", labels)
                end = self._end(side, values, width, amount, drop)
                crossed |= sign * end < sign * median[c]
                ends[side].append(end)
            fraction[c] = crossed.mean() if crossed.size else 0.0
        low, high = np.stack(ends["lower"]), np.stack(ends["upper"])
        return self._floored(np.minimum(low, median)), self._floored(np.maximum(high, median)), fraction

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
        """One-sided bound on the reference at a ``confidence``, float32 of the shape of ``lower``.

        ``side`` "lower": the reference is at least the bound with that confidence; "upper": at most. ``lower``,
        ``median`` and ``upper`` are as for ``interval`` or, with ``channel``, that channel's images alone. A bound may
        lie beyond the median, which is a statement about one side only.
        """
        if channel is not None:
            chosen, parts = [self.channels.index(channel)], [lower[None], median[None], upper[None]]
        else:
            chosen, parts = list(range(len(self.channels))), [lower, median, upper]
        entries = self._entries("one_sided", confidence, "decisions.exceed.confidence")
        bounds = []
        for c, low, middle, high in zip(chosen, *parts, strict=True):
            width = width_of(low, high) if self.content.get("scale") == "width" else None
            amount = self._amount(entries[c], side, self.group_labels(c, middle, tokens))
            bounds.append(self._end(side, {"lower": low, "upper": high}[side], width, amount, None))
        return self._floored(bounds[0] if channel is not None else np.stack(bounds))
