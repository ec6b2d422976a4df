"""What image files say of themselves: axes, channel names and pixel size, from JSON, ImageJ and OME metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ..core.length_units import in_one_unit, unit_name
from ..core.texts import NAME, one_line


@dataclass(frozen=True)
class Metadata:
    """What a file says of an image; None if it says nothing.

    Parameters
    ----------
    axes
        One letter per axis, as the file spells them.
    channels
        Names of the channels.
    pixel_size
        By letter of the axis, in ``pixel_unit``.
    pixel_unit
        The unit of all sizes.
    """

    axes: str | None = None
    channels: tuple[str, ...] | None = None
    pixel_size: dict[str, float] | None = None
    pixel_unit: str | None = None


def sizes_in_order(value: object) -> dict[str, float] | None:
    """Assign sizes to the axes.

    Parameters
    ----------
    value
        One number for all axes, or 2 or 3 numbers in the order [z,] y, x.

    Returns
    -------
    dict or None
        Size by letter of the axis; None for any other value.
    """
    if isinstance(value, str | bytes):
        return None  # "12" are not two numbers
    try:
        numbers = [float(entry) for entry in value] if isinstance(value, Sequence) else [float(value)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if len(numbers) == 1:
        return dict.fromkeys("ZYX", numbers[0])
    return dict(zip("ZYX"[-len(numbers) :], numbers, strict=True)) if 2 <= len(numbers) <= 3 else None


def names(value: object) -> tuple[str, ...] | None:
    """Read channel names.

    Parameters
    ----------
    value
        A list of texts, JSON of such a list, or a text with commas.

    Returns
    -------
    tuple of str or None
        The names without hidden characters; None for any other value, and if a name is empty.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            value = [part.strip() for part in str(value).split(",")]
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not value:
        return None
    return _all_named(value)


def _all_named(found: Sequence[object]) -> tuple[str, ...] | None:
    """Return each name in one line; None if one is empty."""
    cleaned = tuple(one_line("" if name is None else name, NAME) for name in found)
    return cleaned if cleaned and all(cleaned) else None


def from_json(content: Mapping[str, Any]) -> Metadata:
    """Read metadata from JSON.

    Parameters
    ----------
    content
        May hold ``axes``, ``channels``, and the pixel size: ``pixel_size`` with ``pixel_unit``, or ``pixel_um``, or
        ``pixel_nm``.

    Returns
    -------
    Metadata
        What it says.
    """
    axes = content.get("axes")
    size, unit = content.get("pixel_size"), unit_name(content.get("pixel_unit"))
    for key, key_unit in (("pixel_um", "µm"), ("pixel_nm", "nm")):
        if size is None and key in content:
            size, unit = content[key], key_unit
    sizes = sizes_in_order(size) if size is not None and unit is not None else None
    return Metadata(axes if isinstance(axes, str) else None, names(content.get("channels")), sizes, unit)


def from_imagej(
    content: Mapping[str, Any], resolution: Mapping[str, float], axes: str, shape: Sequence[int]
) -> Metadata:
    """Read metadata of ImageJ.

    Parameters
    ----------
    content
        ImageJ's metadata, of which ``unit``, ``spacing`` and ``Labels`` are used.
    resolution
        Pixels per unit, by letter of the axis.
    axes, shape
        Axes and shape of the image. The number of channels tells which labels are names of channels.

    Returns
    -------
    Metadata
        What it says.
    """
    unit = unit_name(content.get("unit"))
    sizes: dict[str, float] | None = None
    if unit is not None and all(resolution.get(axis, 0) > 0 for axis in "XY"):
        sizes = {axis: 1 / resolution[axis] for axis in "XY"}
        if isinstance(content.get("spacing"), int | float):
            sizes["Z"] = float(content["spacing"])
    return Metadata(axes, _imagej_channels(content.get("Labels"), axes, shape), sizes, unit if sizes else None)


def _imagej_channels(labels: object, axes: str, shape: Sequence[int]) -> tuple[str, ...] | None:
    """Return channel names from slice labels, if the slices of a channel share one label that no other channel has."""
    if not isinstance(labels, Sequence) or isinstance(labels, str) or "C" not in axes:
        return None
    count = shape[axes.index("C")]
    if len(labels) < count or len(labels) % count:
        return None
    # ImageJ orders planes with the channel running fastest and puts "c:1/3 z:1/5 - " before the name.
    plain = [re.sub(r"^(?:[czt]:\d+/\d+ ?)+(?:- )?", "", str(label)) for label in labels]
    first = plain[:count]
    whole = all(label == first[index % count] for index, label in enumerate(plain))
    return _all_named(first) if whole and len(set(first)) == count else None


def from_ome(xml: str, axes: str) -> Metadata:
    """Read the channel names and physical pixel sizes of the first image in OME-XML.

    In OME, a missing ``PhysicalSizeXUnit`` means µm.

    Parameters
    ----------
    xml
        The OME-XML.
    axes
        Axes of the image.

    Returns
    -------
    Metadata
        What it says. All sizes are in the unit of X.

    Raises
    ------
    ValueError
        If it is not XML.
    """
    try:
        pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    except ElementTree.ParseError as error:
        raise ValueError(f"OME metadata that is not XML: {error}") from None
    if pixels is None:
        return Metadata(axes)
    channels = _all_named([channel.get("Name") for channel in pixels.findall("{*}Channel")])
    sizes, units = {}, {}
    for axis in "XYZ":
        try:
            sizes[axis] = float(pixels.get(f"PhysicalSize{axis}", ""))
        except ValueError:
            continue
        units[axis] = unit_name(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    converted = in_one_unit(sizes, units)
    return Metadata(axes, channels, *(converted or (None, None)))
