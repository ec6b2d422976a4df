"""Images as small PNG files: which planes and pixels are shown, colour maps, limits in physical units."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
MAX_SIDE = 1024
MAX_SLICES = 16
# Most pixels in all images of a page. A noisy pixel takes about one byte, so this is about the page's size in bytes.
PIXEL_BUDGET = 5_000_000


@dataclass(frozen=True)
class View:
    """What a page shows of a scan.

    Parameters
    ----------
    shape
        Spatial shape of the scan, ([z], y, x).
    step
        Every ``step``-th pixel along y and x is shown.
    slices
        Shown slices along z; ``None`` in 2-D.
    """

    shape: tuple[int, ...]
    step: int
    slices: tuple[int, ...] | None

    @property
    def planes(self) -> tuple[int | None, ...]:
        """Shown slices along z; a single ``None`` for a 2-D image."""
        return self.slices if self.slices is not None else (None,)

    def region(self, plane: int | None) -> tuple[slice, ...]:
        """Make the index of one shown plane, at full resolution.

        Parameters
        ----------
        plane
            One of ``planes``.

        Returns
        -------
        tuple of slice
            Index into an array of the spatial shape; along z, it spans one slice.
        """
        y, x = (slice(0, size) for size in self.shape[-2:])
        return (y, x) if plane is None else (slice(plane, plane + 1), y, x)

    def thin(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Keep every ``step``-th pixel. Pixels are left out, not averaged, because averaging would remove noise.

        Parameters
        ----------
        plane
            Planes (..., y, x).

        Returns
        -------
        ndarray
            Their shown pixels.
        """
        return plane[..., :: self.step, :: self.step]


def choose_view(shape: Sequence[int], images: int) -> View:
    """Choose planes and pixels that keep a page small.

    Of a volume, at most ``MAX_SLICES`` evenly spaced slices are shown. Every pixel of a plane is shown if its sides are
    at most ``MAX_SIDE`` px and all images together have at most ``PIXEL_BUDGET`` pixels; otherwise every second, third,
    ... pixel, but not fewer than about 64 px per side for the sake of ``PIXEL_BUDGET``.

    Parameters
    ----------
    shape
        Spatial shape of the scan, ([z], y, x).
    images
        Number of images per plane.

    Returns
    -------
    View
        What is shown.
    """
    shape = tuple(int(size) for size in shape)
    slices: tuple[int, ...] | None = None
    if len(shape) == 3:
        count = min(MAX_SLICES, shape[0])
        slices = tuple(int(z) for z in np.unique(((np.arange(count) + 0.5) * shape[0] / count).astype(int)))
    planes = len(slices) if slices else 1
    height, width = shape[-2:]
    step = max(1, math.ceil(max(height, width) / MAX_SIDE))
    while (height // step) * (width // step) * planes * images > PIXEL_BUDGET and min(height, width) // step > 64:
        step += 1
    return View(shape, step, slices)


@dataclass(frozen=True)
class Limits:
    """The values at the two ends of a colour map.

    Parameters
    ----------
    low, high
        The values, in physical units.
    """

    low: float
    high: float

    def scale(self, values: Floats) -> NDArray[np.uint8]:
        """Convert values to grey levels from 0 to 255.

        Parameters
        ----------
        values
            An image of any shape.

        Returns
        -------
        ndarray
            uint8 of the same shape. Values beyond the limits get the level of the nearer limit, NaN gets 0.
        """
        span = self.high - self.low
        with np.errstate(invalid="ignore", over="ignore"):
            level = np.nan_to_num(
                (np.asarray(values, dtype=np.float64) - self.low) / span, nan=0.0, posinf=1.0, neginf=0.0
            )
        return np.round(np.clip(level, 0.0, 1.0) * 255).astype(np.uint8)

    def ticks(self) -> list[str]:
        """Label the lower end, the middle and the upper end, with as many digits as tell them apart.

        Returns
        -------
        list of str
            Three labels.
        """
        values = (self.low, (self.low + self.high) / 2, self.high)
        return [short_number(value, self.high - self.low) for value in values]


def short_number(value: float, span: float | None = None) -> str:
    """Write a number with about three significant digits.

    Parameters
    ----------
    value
        The number; infinity and NaN become "∞" and "–".
    span
        The size that sets the number of digits; by default that of ``value``. Labels of a colour bar need enough digits
        to tell them apart.

    Returns
    -------
    str
        With thin spaces between thousands from 10 000 on, and as a power of ten where the size is 1e6 or more, or below
        1e-4.
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "–"
    # Rounded before its digits are counted, so that 0.09996 becomes 0.100, and not 0.1000.
    size = float(f"{abs(span if span else value):.2e}")
    if size == 0:
        return "0"
    if value == 0:
        return "0"
    if size >= 1e6 or size < 1e-4:
        mantissa, exponent = f"{value:.2e}".split("e")
        power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{mantissa}\u2009×\u200910{power}".replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:.{digits}f}" if abs(value) < 10_000 else f"{value:,.{digits}f}".replace(",", "\u202f")
    return text.replace("-", "−")


def robust_limits(values: Floats, *, zero: bool = False) -> Limits:
    """Choose limits of a colour map without outliers: the 0.2 % and 99.8 % quantiles of the finite values.

    Parameters
    ----------
    values
        An image.
    zero
        Whether to begin at 0 where no value is negative.

    Returns
    -------
    Limits
        The upper one is always larger. For a constant image the limits begin at its value; without finite values they
        are 0 and 1.
    """
    finite = np.asarray(values, dtype=np.float64)[np.isfinite(values)]
    if finite.size == 0:
        return Limits(0.0, 1.0)
    low, high = (float(v) for v in np.quantile(finite, (0.002, 0.998)))
    if zero and finite.min() >= 0:
        low = 0.0
    if high - low <= 1e-12 * max(1.0, abs(high)):
        return Limits(low, low + (abs(low) if low else 1.0))
    return Limits(low, high)


def image_uri(image: Image.Image) -> str:
    """Write an image as a data URI.

    Parameters
    ----------
    image
        The image.

    Returns
    -------
    str
        Data URI of an optimised PNG.
    """
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _palette(colormap: str) -> list[int]:
    colours = mpl.colormaps[colormap](np.arange(256), bytes=True)[:, :3]
    return [int(v) for v in colours.ravel()]


def colour_image(values: Floats, limits: Limits, colormap: str) -> Image.Image:
    """Colour an image by a colour map.

    Parameters
    ----------
    values
        Image (y, x).
    limits
        Values at the ends of the colour map.
    colormap
        Name of the colour map.

    Returns
    -------
    Image
        8-bit palette image.
    """
    image = Image.fromarray(limits.scale(values), mode=None)
    image.putpalette(_palette(colormap))
    return image


def png_uri(values: Floats, limits: Limits, colormap: str) -> str:
    """Colour an image by a colour map and write it as a data URI.

    Parameters
    ----------
    values, limits, colormap
        As for :func:`colour_image`.

    Returns
    -------
    str
        Data URI of an 8-bit PNG.
    """
    return image_uri(colour_image(values, limits, colormap))


def colour_stops(colormap: str, n: int = 12) -> list[str]:
    """Take evenly spaced colours from a colour map, for a gradient beside an image.

    Parameters
    ----------
    colormap
        Name of the colour map.
    n
        Number of colours.

    Returns
    -------
    list of str
        Colours as #rrggbb, from the lower end to the upper end.
    """
    colours = mpl.colormaps[colormap](np.linspace(0, 1, n), bytes=True)[:, :3]
    return ["#" + "".join(f"{int(v):02x}" for v in colour) for colour in colours]
