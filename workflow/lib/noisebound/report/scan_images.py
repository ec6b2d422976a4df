"""The images of one scan as a page shows them: planes, common limits, colour bars, boxes over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.length_units import reading_unit
from ..figures.images import Floats, Limits, View, choose_view, colour_stops, png_uri, robust_limits
from ..figures.scale_bar import physical, scale_bar
from ..figures.scan_figures import Overview
from ..files.labels import read_labels
from ..files.predictions import Predictions
from ..files.scan import Scan
from .numbers import integer, number

UNCERTAINTY_COLORMAP = "cividis"
# Width and height of the label of a box on a small image, both in percent of the width of the image.
LABEL = (7.0, 5.5)
LAYERS = ("noisy", "median", "mean", "lower", "upper", "reference", "width", "spread")


class ScanImages:
    """The shown planes of one scan: float32 (P, C, y, x) per layer, with limits per channel and layer.

    Layers are noisy, median, mean, lower, upper, width and spread, and reference where there is one. Planes are read
    one by one, so that memory holds only what is shown, not the scan.

    Parameters
    ----------
    scan, denoised
        The scan and its calibrated images, open for reading.

    Attributes
    ----------
    view
        Which planes and pixels are shown.
    layers
        Images by name of the layer; noisy ones are multiplied by ``gain``.
    gain
        Factor per channel (see :func:`display_gain`).
    value_limits, width_limits, spread_limits
        Limits of the colour maps, per channel.

    Raises
    ------
    InputError
        Where shape or channels of the two files differ.
    """

    def __init__(self, scan: Scan, denoised: Predictions) -> None:
        self.scan, self.denoised = scan, denoised
        if scan.shape != denoised.shape or scan.channels != denoised.channels:
            raise InputError(
                f"shape {denoised.shape} and channels {denoised.channels} are not those of the scan, {scan.shape} and "
                f"{scan.channels}",
                file=denoised.path,
                remedy="run the ensemble step again",
            )
        self.view: View = choose_view(scan.shape, len(scan.channels) * len(LAYERS))
        layers: dict[str, list[Floats]] = {}
        for plane in self.view.planes:
            region = self.view.region(plane)
            read = {kind: denoised.read(kind, region) for kind in ("lower", "median", "mean", "upper", "spread")}
            read["width"] = read["upper"] - read["lower"]
            read["noisy"] = scan.read_frame(denoised.frame, region)
            if scan.has_reference:
                read["reference"] = scan.read_target(denoised.frame, region)
            for name, image in read.items():
                if plane is not None:
                    image = image[:, 0]
                layers.setdefault(name, []).append(np.ascontiguousarray(self.view.thin(image)))
        self.layers: dict[str, Floats] = {name: np.stack(planes) for name, planes in layers.items()}
        self.gain = display_gain(self.layers["noisy"], self.layers["median"])
        self.layers["noisy"] = self.layers["noisy"] * np.asarray(self.gain, dtype=np.float32)[:, None, None]
        channels = range(len(scan.channels))
        self.value_limits = [robust_limits(self.layers["median"][:, c], zero=scan.counts) for c in channels]
        self.width_limits = [robust_limits(self.layers["width"][:, c]) for c in channels]
        self.spread_limits = [robust_limits(self.layers["spread"][:, c]) for c in channels]

    @property
    def lengths(self) -> tuple[str, float]:
        """Unit in which lengths in this scan are shown, and the factor to it from the unit of the pixel size."""
        scan = self.scan
        return reading_unit(
            max(n * s for n, s in zip(scan.shape[-2:], scan.pixel_size[-2:], strict=True)), scan.pixel_unit
        )

    def limits(self, layer: str) -> list[Limits]:
        """Return the limits of the colour maps of a layer.

        Parameters
        ----------
        layer
            Name of the layer. All layers of intensities share the same limits.

        Returns
        -------
        list of Limits
            One per channel.
        """
        return {"width": self.width_limits, "spread": self.spread_limits}.get(layer, self.value_limits)

    def most_structured(self) -> int:
        """Find the channel whose denoised image varies most, relative to the median width of its intervals.

        Returns
        -------
        int
            Number of the channel.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            median, width = self.layers["median"], self.layers["width"]
            scores = [median[:, c].std() / np.median(width[:, c]) for c in range(median.shape[1])]
        return int(np.argmax(np.nan_to_num(scores, posinf=0.0)))

    @property
    def first_plane(self) -> int:
        """Position of the plane that is shown first, which is the middle one."""
        return len(self.view.planes) // 2

    def uris(self, layer: str, colormap: str) -> list[list[str]]:
        """Make PNG data URIs of a layer.

        Parameters
        ----------
        layer
            Name of the layer.
        colormap
            Name of its colour map.

        Returns
        -------
        list of list of str
            Data URIs by channel and plane.
        """
        images = self.layers[layer]
        limits = self.limits(layer)
        return [
            [png_uri(images[p, c], limits[c], colormap) for p in range(images.shape[0])] for c in range(images.shape[1])
        ]


def display_gain(noisy: Floats, median: Floats) -> list[float]:
    """Compute factors that bring noisy values to the scale of the denoised ones, for display.

    A short scan in counts has another scale than its long reference.

    Parameters
    ----------
    noisy, median
        Images (P, C, y, x) of the same planes.

    Returns
    -------
    list of float
        Per channel, mean of the median over mean of the noisy image; 1 where an image has negative values or no
        positive mean, and where the means differ by a factor of 2 or less.
    """
    gains = []
    for c in range(noisy.shape[1]):
        a, b = float(noisy[:, c].mean()), float(median[:, c].mean())
        comparable = noisy[:, c].min() >= 0 and median[:, c].min() >= 0 and a > 0 and b > 0
        gains.append(b / a if comparable and not 0.5 <= b / a <= 2.0 else 1.0)
    return gains


def image_store(images: ScanImages, colormap: str) -> dict[str, Any]:
    """Make data URIs of all images of a scan.

    Parameters
    ----------
    images
        The shown planes of the scan.
    colormap
        Colour map of intensities; widths and spreads have ``UNCERTAINTY_COLORMAP``.

    Returns
    -------
    dict
        Data URIs by layer, channel and plane.
    """
    return {
        layer: images.uris(layer, UNCERTAINTY_COLORMAP if layer in ("width", "spread") else colormap)
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


def overview_rows(images: ScanImages) -> list[Overview]:
    """Take the first plane of every channel, for the overview figure.

    Parameters
    ----------
    images
        The shown planes of the scan.

    Returns
    -------
    list of Overview
        One per channel; infinite widths are replaced by the upper limit of their colour map.
    """
    p = images.first_plane
    return [
        Overview(
            channel=name,
            noisy=images.layers["noisy"][p, c],
            median=images.layers["median"][p, c],
            width=np.nan_to_num(images.layers["width"][p, c], posinf=images.width_limits[c].high),
            limits=images.value_limits[c],
            width_limits=images.width_limits[c],
        )
        for c, name in enumerate(images.scan.channels)
    ]


def area(size: float, images: ScanImages) -> str:
    """Write an area or, in 3-D, a volume in words.

    Parameters
    ----------
    size
        The area or volume, in the square or cube of the unit of the pixel size.
    images
        The shown planes of the scan, which has the unit.

    Returns
    -------
    str
        Number and unit.
    """
    unit, factor = images.lengths
    power = len(images.scan.shape)
    words = integer(round(size)) if unit == "px" else number(size * factor**power)
    return f"{words} {unit}{'²' if power == 2 else '³'}"


def box_over(bounds: Sequence[tuple[int, int]], shape: Sequence[int], label: str, colour: str = "") -> dict[str, Any]:
    """Describe a box that is drawn over an image.

    Parameters
    ----------
    bounds
        First pixel and the one after the last, per axis: y and x, or z, y and x.
    shape
        Shape of the scan, of the same axes.
    label
        Text that the page writes into the box.
    colour
        Colour of the box; empty for the default of the page.

    Returns
    -------
    dict
        left, top, width and height in percent of the plane; z, the slices it spans, or ``None``; label and colour; and
        beside, ``None`` until :func:`place_labels` sets it.
    """
    (y0, y1), (x0, x1) = bounds[-2:]
    height, width = shape[-2:]
    return {
        "left": 100 * x0 / width,
        "top": 100 * y0 / height,
        "width": 100 * (x1 - x0) / width,
        "height": 100 * (y1 - y0) / height,
        "z": list(bounds[0]) if len(bounds) == 3 else None,
        "beside": None,
        "label": label,
        "colour": colour,
    }


def place_labels(boxes: Sequence[dict[str, Any]], ratio: float) -> None:
    """Put the labels of small boxes beside them, because inside they would hide what is there.

    A label is placed where it hides no box and no other label; if that is impossible, where it hides no box; else
    inside the image, if possible.

    Parameters
    ----------
    boxes
        What :func:`box_over` returns. ``beside`` becomes right, left, below or above for small boxes.
    ratio
        Width of the image over its height.
    """
    label = (LABEL[0], LABEL[1] * ratio)
    taken = [(box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) for box in boxes]
    for box, (x0, y0, x1, y1) in zip(boxes, tuple(taken), strict=True):
        if x1 - x0 >= 1.5 * label[0] and y1 - y0 >= 1.5 * label[1]:
            continue
        corners = {"right": (x1, y0), "left": (x0 - label[0], y0), "below": (x0, y1), "above": (x0, y0 - label[1])}
        places = {side: (x, y, x + label[0], y + label[1]) for side, (x, y) in corners.items()}
        inside = [side for side, at in places.items() if min(at) >= 0 and max(at) <= 100]
        # First, places that hide nothing; second, places that hide labels only.
        free = [
            [side for side in inside if not any(_overlap(places[side], other) for other in others)]
            for others in (taken, taken[: len(boxes)])
        ]
        box["beside"] = next(iter([*free[0], *free[1], *inside, "left" if x1 > 50 else "right"]))
        taken.append(places[box["beside"]])


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def read_planes(tif: str | Path, view: View, shape: Sequence[int]) -> NDArray[Any]:
    """Read the shown planes of a label image.

    Parameters
    ----------
    tif
        TIFF file of integers.
    view
        Which planes and pixels are shown.
    shape
        Spatial shape of the scan.

    Returns
    -------
    ndarray
        Integers (P, y, x).

    Raises
    ------
    InputError
        Where the file cannot be read, or has another shape.
    """
    labels = read_labels(tif, shape)
    planes = labels if view.slices is None else labels[list(view.slices)]
    return view.thin(planes.reshape(-1, *shape[-2:]))
