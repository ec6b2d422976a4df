"""Digests of all channels of a scan, and a check for frames of the scan that hold the same pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.errors import LeakageError
from .pixel_digests import pixel_digest, varies


class ChannelDigests:
    """Collects the digests of what was read of a scan, frame by frame.

    Parameters
    ----------
    channels
        Names of the channels.

    Attributes
    ----------
    arrays : list of dict
        Every channel with more than one value: its ``part``, ``frame`` and ``channel``, and the digest ``sha256``.
    """

    def __init__(self, channels: Sequence[str]) -> None:
        self.channels = channels
        self.arrays: list[dict[str, Any]] = []
        self._places: dict[str, str] = {}
        self._frames: dict[tuple[str, ...], str] = {}

    def add(self, part: str, number: int, frame: np.ndarray) -> list[str | None]:
        """Digest the channels of an image.

        Parameters
        ----------
        part
            What the image is: noisy, reference, truth, or the sum or mean of the frames.
        number
            Number of the frame, from 0.
        frame
            (C, [Z], Y, X).

        Returns
        -------
        list of (str or None)
            The digest of each channel; None for a channel of one value.
        """
        digests = [pixel_digest(image) if varies(image) else None for image in frame]
        for channel, digest in zip(self.channels, digests, strict=True):
            if digest is not None:
                self.arrays.append({"part": part, "frame": number, "channel": channel, "sha256": digest})
        return digests

    def add_noisy(self, count: int, frame: np.ndarray, source: str, number: int, *, alone: bool) -> None:
        """Digest the channels of a noisy frame.

        Parameters
        ----------
        count
            Number of the frame in the scan, from 0.
        frame
            (C, [Z], Y, X).
        source, number
            Its file, and its number there.
        alone
            Whether no other frame may be equal, as in a leave-one-out scan.

        Raises
        ------
        LeakageError
            If no other frame may be equal, and one is equal in all channels.
        """
        here = f"frame {number} of {source!r}"
        digests = self.add("noisy", count, frame)
        for digest in digests:
            if digest is not None:
                self._places.setdefault(digest, here)
        if alone:
            key = tuple(digest or f"{float(image.flat[0])}" for digest, image in zip(digests, frame, strict=True))
            if key in self._frames:
                raise LeakageError(
                    f"{here} equals {self._frames[key]}, so that the target of one would contain the other",
                    file=source,
                    remedy="list every frame once",
                )
            self._frames[key] = here

    def add_reference(self, number: int, frame: np.ndarray, source: str) -> None:
        """Digest the channels of a frame of the reference.

        Parameters
        ----------
        number
            Number of the frame in the reference, from 0.
        frame
            (C, [Z], Y, X).
        source
            Its file.

        Raises
        ------
        LeakageError
            If one of its channels equals a channel of a noisy frame.
        """
        for channel, digest in zip(self.channels, self.add("reference", number, frame), strict=True):
            if digest in self._places:
                raise LeakageError(
                    f"frame {number} of the reference equals noisy {self._places[digest]} in the channel {channel}",
                    file=source,
                    remedy="set `reference` to leave-one-out, or give an independent measurement",
                )
