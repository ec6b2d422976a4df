"""Line cuts through the plane of a scan that is shown first: where they lie, and their figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from ..figures.scale_bar import physical
from ..figures.scan_figures import Cut, line_cut
from .numbers import nominal_percent
from .pictures import picture
from .scan_images import ScanImages


def cut_places(images: ScanImages) -> tuple[int, int]:
    """Find the row and the column of the first plane along which the images change most.

    Changes of the median between neighbouring pixels are summed over channels, each relative to its standard deviation.
    The outer eighth of the image at each side is left out.

    Parameters
    ----------
    images
        The shown planes of the scan.

    Returns
    -------
    tuple of int
        Row and column, in shown pixels.
    """
    median = images.layers["median"][images.first_plane]
    scale = np.maximum(median.reshape(len(median), -1).std(axis=1), 1e-12)[:, None, None]
    change = (
        np.abs(np.diff(median / scale, axis=2)).sum(axis=(0, 2)),
        np.abs(np.diff(median / scale, axis=1)).sum(axis=(0, 1)),
    )
    places = []
    for values in change:
        margin = len(values) // 8
        inner = values[margin : len(values) - margin]
        places.append(margin + int(np.argmax(inner)) if len(inner) else 0)
    return places[0], places[1]


def cuts(images: ScanImages, value_unit: str, primary: float) -> dict[str, Any]:
    """Draw line cuts along x and along y through the first plane.

    Parameters
    ----------
    images
        The shown planes of the scan.
    value_unit
        Unit of the intensities.
    primary
        Nominal coverage of the delivered intervals.

    Returns
    -------
    dict
        figures (by channel, one SVG for "x" and one for "y"), row and column (where the lines lie, in percent of the
        image), and where (the same in words).
    """
    row, column = cut_places(images)
    height, width = images.layers["median"].shape[-2:]
    percent = nominal_percent(primary) + (" signal" if images.denoised.has_signal else "")
    return {
        "figures": [
            {
                "x": _cut(images, c, "x", (row, slice(None)), label, percent),
                "y": _cut(images, c, "y", (slice(None), column), label, percent),
            }
            for c, label in enumerate(f"{channel} / {value_unit}" for channel in images.scan.channels)
        ],
        "row": 100 * (row + 0.5) / height,
        "column": 100 * (column + 0.5) / width,
        "where": _where(images, row, column),
    }


def _cut(
    images: ScanImages, c: int, axis: str, place: tuple[int | slice, ...], label: str, percent: str
) -> Markup | None:
    """The cut of channel ``c`` along an axis, as SVG; ``place`` picks its pixels in the first plane."""
    unit, factor = images.lengths
    channel = images.scan.channels[c]
    line = {name: layer[images.first_plane, c][place] for name, layer in images.layers.items()}
    cut = Cut(line["noisy"], line["lower"], line["median"], line["upper"], line.get("reference"))
    figure = line_cut(
        cut,
        pixel_size=images.scan.pixel_size[-1 if axis == "x" else -2] * images.view.step * factor,
        unit=unit,
        axis=axis,
        value_unit=label,
        percent=percent,
    )
    words = f"Line cut of {channel} along {axis}: noisy values, denoised median with its {percent} interval"
    return picture(figure, words + (" and the reference" if cut.reference is not None else ""), least=0.72)


def _where(images: ScanImages, row: int, column: int) -> str:
    """Where the cuts lie, in words: in px of the scan, and as a length where the pixel size is known."""
    scan, step = images.scan, images.view.step
    where = [
        f"along {along} at {line} = {place * step} px"
        + (f" ({physical(place * step * size, scan.pixel_unit)})" if scan.pixel_unit != "px" else "")
        for along, line, place, size in (
            ("x", "row y", row, scan.pixel_size[-2]),
            ("y", "column x", column, scan.pixel_size[-1]),
        )
    ]
    if images.view.slices is not None:
        where.append(f"in slice z\u00a0=\u00a0{images.view.slices[images.first_plane]}")
    return ", ".join(where)
