"""Channels by name: which channel of a file is which of the run's."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import InputError
from .readers import Header


def channel_names(header: Header, wanted: Sequence[str] | None, file_channels: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of a scan's channels.

    Parameters
    ----------
    header
        The first file of the scan.
    wanted
        The names in the configuration, which are taken if given.
    file_channels
        The names in the scan sheet, which are taken next. Names in the file come last.

    Returns
    -------
    tuple of str
        One name per channel; "channel 0" and so on if no names are given anywhere.
    """
    if wanted is not None:
        return tuple(wanted)
    return tuple(file_channels or header.channels or [f"channel {number}" for number in range(header.length("C"))])


def match_channels(found: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...] | None:
    """Find each wanted channel among those of a file.

    "Mg" matches the names "Mg" and "Mg_Ka": a name may have a suffix after "_". If every channel matches the one in its
    place, the order of the file is kept. Otherwise every wanted name has to match exactly one channel.

    Parameters
    ----------
    found
        Names in the file, in its order.
    wanted
        Names in the configuration.

    Returns
    -------
    tuple of int or None
        For each wanted name its index in ``found``; None if the names do not match one to one.
    """

    def fits(name: str, other: str) -> bool:
        return other in (name, name.split("_", 1)[0])

    if len(found) != len(wanted):
        return None
    if all(fits(name, other) for name, other in zip(found, wanted, strict=True)):
        return tuple(range(len(wanted)))
    places = [[place for place, name in enumerate(found) if fits(name, other)] for other in wanted]
    order = tuple(place[0] for place in places if len(place) == 1)
    return order if len(set(order)) == len(wanted) else None


def channel_order(header: Header, names: tuple[str, ...], file_channels: Sequence[str] | None) -> tuple[int, ...]:
    """Find each channel of a scan in a file.

    Parameters
    ----------
    header
        The file.
    names
        Names of the channels of the scan.
    file_channels
        Names that the scan sheet gives the channels of the file.

    Returns
    -------
    tuple of int
        For each channel of the scan its index in the file; the order of the file if its channels have no names.

    Raises
    ------
    InputError
        If the file has another number of channels, or channels of other names.
    """
    count = header.length("C")
    if file_channels is not None and len(file_channels) != count:
        raise InputError(
            f"{len(file_channels)} channel names for {count} channels",
            file=header.source,
            key="channels",
            value=";".join(file_channels),
            remedy="give one name per channel of the file, in the file's order",
        )
    if count != len(names):
        raise InputError(
            f"{count} channels (axes {header.axes}, shape {header.shape}) where {len(names)} are configured: {names}",
            file=header.source,
            remedy="list the file's channels under `data.channels`, or set the `axes` column if C is another axis",
        )
    found = tuple(file_channels) if file_channels is not None else header.channels
    if found is None:
        return tuple(range(count))
    order = match_channels(found, names)
    if order is None:
        raise InputError(
            f"channels {', '.join(found)} in the file do not pair up with the configured {', '.join(names)}",
            file=header.source,
            remedy="correct `data.channels`, or name the file's channels in the `channels` column",
        )
    return order
