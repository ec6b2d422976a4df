"""What image files say of themselves: axes, channel names, pixel size; from JSON, ImageJ and OME metadata."""

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
    """What a file says of an image; None where it says nothing.

    Parameters
    ----------
    axes
        As the file spells them.
    channels
        Names of the channels.
    pixel_size
        By letter of the axis, in ``pixel_unit``.
    pixel_unit
        One unit for all.
    """

    axes: str | None = None
    channels: tuple[str, ...] | None = None
    pixel_size: dict[str, float] | None = None
    pixel_unit: str | None = None


def sizes_in_order(value: object) -> dict[str, float] | None:
    """Sizes by axis from one number for all axes, or from a list in the order [z,] y, x."""
    try:
        numbers = [float(entry) for entry in value] if isinstance(value, Sequence) else [float(value)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if len(numbers) == 1:
        return dict.fromkeys("ZYX", numbers[0])
    return dict(zip("ZYX"[-len(numbers) :], numbers, strict=True)) if 2 <= len(numbers) <= 3 else None


def names(value: object) -> tuple[str, ...] | None:
    """Channel names from a list of texts, from its JSON or from a text with commas; ``None`` for anything else.

    Hidden characters are left out; names are ``None`` where one of them holds nothing else.
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
    """The names in one line each, ``None`` where one is empty."""
    cleaned = tuple(one_line("" if name is None else name, NAME) for name in found)
    return cleaned if cleaned and all(cleaned) else None


def from_json(content: Mapping[str, Any]) -> Metadata:
    """Read ``axes``, ``channels``, and ``pixel_size`` with ``pixel_unit``, or ``pixel_um`` or ``pixel_nm``."""
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
    """Read what ImageJ writes: ``unit``, ``spacing`` and ``Labels``.

    Parameters
    ----------
    content
        ImageJ's metadata.
    resolution
        Pixels per unit, by letter of the axis.
    axes, shape
        Of the image; the channels among its axes tell which labels are names of channels.
    """
    unit = unit_name(content.get("unit"))
    sizes: dict[str, float] | None = None
    if unit is not None and all(resolution.get(axis, 0) > 0 for axis in "XY"):
        sizes = {axis: 1 / resolution[axis] for axis in "XY"}
        if isinstance(content.get("spacing"), int | float):
            sizes["Z"] = float(content["spacing"])
    return Metadata(axes, _imagej_channels(content.get("Labels"), axes, shape), sizes, unit if sizes else None)


def _imagej_channels(labels: object, axes: str, shape: Sequence[int]) -> tuple[str, ...] | None:
    """Channel names from slice labels, where every slice of a channel has one label and no two channels share it."""
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

    OME leaves a missing ``PhysicalSizeXUnit`` to mean µm. Sizes are put into the unit of X.

    Raises
    ------
    ValueError
        Where it is not XML.
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
