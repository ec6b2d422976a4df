"""What the viewer of a page needs of the images: pictures, colour bars, sizes."""

from __future__ import annotations

from typing import Any

from ..core.length_units import reading_unit
from ..figures.images import colour_stops
from ..figures.scale_bar import physical, scale_bar
from .numbers import number
from .scan_images import LAYERS, UNCERTAINTY_COLORMAP, ScanImages

UNCERTAINTIES = ("width", "repeat_width", "spread")


def image_store(images: ScanImages, colormap: str) -> dict[str, Any]:
    """Make data URIs of all images of a scan.

    Parameters
    ----------
    images
        The shown planes of the scan.
    colormap
        Colour map of intensities; ``UNCERTAINTIES`` have ``UNCERTAINTY_COLORMAP``.

    Returns
    -------
    dict
        Data URIs by layer, channel and plane.
    """
    return {
        layer: images.uris(layer, UNCERTAINTY_COLORMAP if layer in UNCERTAINTIES else colormap)
        for layer in LAYERS
        if layer in images.layers
    }


def colour_bars(images: ScanImages, layer: str, colormap: str) -> list[dict[str, Any]]:
    """Make the colour bars of a layer.

    Parameters
    ----------
    images
        The shown planes of the scan.
    layer
        Name of the layer, whose limits are used.
    colormap
        Name of its colour map.

    Returns
    -------
    list of dict
        Per channel: ticks (labels of the lower end, the middle and the upper end) and gradient (CSS).
    """
    gradient = ", ".join(colour_stops(colormap))
    return [
        {"ticks": limits.ticks(), "gradient": f"linear-gradient(90deg, {gradient})"} for limits in images.limits(layer)
    ]


def geometry(images: ScanImages) -> dict[str, Any]:
    """Gather facts about the size of a scan.

    Parameters
    ----------
    images
        The shown planes of the scan.

    Returns
    -------
    dict
        ratio (width of a plane over its height, as lengths), pixels_across (shown pixels along x), bar (scale bar:
        percent of the width, and label), step (1 where every pixel is shown, 2 for every second, ...), and in words
        pixels, extent and pixel.
    """
    scan = images.scan
    height, width = scan.shape[-2:]
    unit = scan.pixel_unit
    bar = scale_bar(width, scan.pixel_size[-1], unit)
    extents = [
        physical(n * size, unit) for n, size in zip(reversed(scan.shape), reversed(scan.pixel_size), strict=True)
    ]
    sizes = sorted(set(scan.pixel_size))
    shown, factor = reading_unit(sizes[0], unit)
    return {
        "ratio": width * scan.pixel_size[-1] / (height * scan.pixel_size[-2]),
        "pixels_across": width // images.view.step,
        "bar": {"percent": 100 * bar.fraction, "label": bar.label},
        "pixels": " × ".join(str(n) for n in reversed(scan.shape)) + " px",
        "extent": " × ".join(extents),
        "pixel": " × ".join(number(size * factor) for size in sizes) + f" {shown}" if unit != "px" else "not known",
        "step": images.view.step,
    }
