"""The images of one scan as a page shows them: planes, common limits, colour bars, boxes over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.length_units import reading_unit
from ..figures.images import Floats, Limits, View, choose_view, png_uri, robust_limits
from ..figures.scan_figures import Overview
from ..files.labels import read_labels
from ..files.predictions import Predictions
from ..files.scan import Scan
from .numbers import integer, number

UNCERTAINTY_COLORMAP = "cividis"
LAYERS = (
    *("noisy", "median", "mean", "lower", "upper", "repeat_lower", "repeat_upper"),
    *("reference", "width", "repeat_width", "spread"),
)


class ScanImages:
    """The shown planes of one scan: float32 (P, C, y, x) per layer, with limits per channel and layer.

    Layers are noisy, median, mean, lower, upper, width and spread, and reference where there is one. Lower, upper and
    width are those of the interval for the signal; the interval for a repeat measurement is then in repeat_lower,
    repeat_upper and repeat_width. Where no interval for the signal is known, they are those for a repeat measurement.
    Planes are read one by one, so that memory holds only what is shown, not the scan.

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
    value_limits, width_limits, repeat_width_limits, spread_limits
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
            if denoised.has_signal:
                read |= {f"repeat_{side}": read[side] for side in ("lower", "upper")}
                read["lower"], read["upper"] = denoised.read_signal(denoised.primary or 0, region)
                read["repeat_width"] = read["repeat_upper"] - read["repeat_lower"]
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
        self.repeat_width_limits = self.width_limits
        if denoised.has_signal:
            self.repeat_width_limits = [robust_limits(self.layers["repeat_width"][:, c]) for c in channels]
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
        own = {"width": self.width_limits, "repeat_width": self.repeat_width_limits, "spread": self.spread_limits}
        return own.get(layer, self.value_limits)

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
