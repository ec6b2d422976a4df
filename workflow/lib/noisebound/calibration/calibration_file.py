"""The file ``calibration.json`` as read: its corrections, and what is promised of them.

``corrections[nominal][channel]`` and ``one_sided[confidence][channel]`` are entries {"lower", "upper", "n", "k"}.
"lower" and "upper" are the corrections, in the unit of the reference, or as multiples of the predicted width where
``scale`` is "width"; "n" and "k" are explained in ``thresholds.Threshold``. Where ``ties`` are broken at random,
entries also hold "lower_share" and "upper_share".

Where ``joint`` is true, all channels share one score, and so the corrections of intervals; one-sided bounds are always
those of a channel by itself.

``groups`` is {"by": "intensity", "edges": {channel: [...]}} (bins of the predicted median) or {"by": "token", "tokens":
[...]}; in the latter case one more group holds all other tokens. With groups, each entry also holds a list "groups"
with one such entry per group, and its own numbers are those of all pixels. A group that has too few pixels or scans
takes these numbers and is marked "of_all".

``others`` are the same for other modes: name, unit at the primary coverage, ``units``, and ``corrections`` at all
nominal coverages for which their intervals are finite.

``mean[channel]`` is {"median", "shift"}: knots of the piecewise line that is added to the median to estimate the mean.
``structure[channel]`` is {"signal", "rest", "structured"} and, for counts, ``noisy_scale[channel]`` is {"factor",
"error"}; ``channel_structure`` explains both.
``floor`` is the smallest value that an interval end may take (0 for counts), or null. Infinite numbers are the words
"inf" and "-inf". ``content`` writes the file; ``intervals`` applies it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..core.errors import InputError
from ..core.storage import read_json
from ..files.coverage_key import nominal_key

NEEDED = ("channels", "nominal", "primary", "corrections", "floor")


@dataclass(frozen=True)
class CalibrationFile:
    """The content of ``calibration/calibration.json``.

    Parameters
    ----------
    content
        The content, as the module describes it.
    path
        Path of the file for messages, or None.
    """

    content: dict[str, Any]
    path: Path | None = None

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read ``calibration.json``.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        CalibrationFile
            Its content, as the class that this is called on.

        Raises
        ------
        InputError
            Where the file is missing or lacks a key of ``NEEDED``.
        """
        content = read_json(path)
        missing = [key for key in NEEDED if key not in content]
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

    @property
    def scaled(self) -> bool:
        """Whether corrections are multiples of the predicted width."""
        return bool(self.content.get("scale") == "width")

    def structured(self, channel: str) -> bool:
        """Tell whether a channel shows structure in the calibrate regions.

        Parameters
        ----------
        channel
            Its name.

        Returns
        -------
        bool
            Whether it does; True where the file does not say.
        """
        return bool(self.content.get("structure", {}).get(channel, {}).get("structured", True))

    def noisy_scale(self, channel: str) -> float:
        """Look up how many counts of the reference stand for one count of a noisy frame.

        Parameters
        ----------
        channel
            Name of the channel.

        Returns
        -------
        float
            The factor; NaN where it is unknown.
        """
        factor = self.content.get("noisy_scale", {}).get(channel, {}).get("factor")
        return math.nan if factor is None else float(factor)

    @property
    def by_token(self) -> bool:
        """Whether corrections depend on tokens, which exist for the delivered frame alone."""
        return bool(self.content.get("groups")) and self.content["groups"]["by"] == "token"

    @property
    def random_ties(self) -> bool:
        """Whether ties are broken at random; intervals then need a uniform number per pixel."""
        return bool(self.content.get("ties"))

    @property
    def joint(self) -> bool:
        """Whether intervals of one nominal coverage hold the targets of all channels at once."""
        return bool(self.content.get("joint"))

    @property
    def about_scans(self) -> bool:
        """Whether the primary intervals promise something about further scans, and so may cover more than nominal."""
        return self.unit(self.primary) != "pixel"

    def unit(self, nominal: float) -> str:
        """Look up the unit of exchangeability at a nominal coverage.

        Parameters
        ----------
        nominal
            The coverage.

        Returns
        -------
        str
            "pixel", "scan" or "pac"; "pixel" where the file says nothing.
        """
        return str(self.content.get("units", {}).get(nominal_key(nominal), "pixel"))

    def check_channels(self, channels: Sequence[str], file: str | Path) -> None:
        """Check that a file has the calibrated channels in their order.

        Parameters
        ----------
        channels
            Names of its channels.
        file
            Path of the file, for the message.

        Raises
        ------
        InputError
            Where names or order differ.
        """
        if tuple(channels) != self.channels:
            raise InputError(
                f"channels {list(channels)} are not the calibrated ones {list(self.channels)}",
                file=file,
                key="data.channels",
                remedy="run the workflow again, so that all steps see the same channels",
            )

    def entries(self, table: str, value: float, key: str) -> list[Mapping[str, Any]]:
        """Look up the corrections of all channels at one coverage or confidence.

        Parameters
        ----------
        table
            "corrections" or "one_sided".
        value
            The coverage or confidence.
        key
            Key of the configuration that asks for such values, for the message.

        Returns
        -------
        list
            Entries as the module describes them, one per channel.

        Raises
        ------
        InputError
            Where there are no corrections at this value.
        """
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
