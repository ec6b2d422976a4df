"""OME-TIFF files that hold the same bytes whenever they hold the same images."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import DTypeLike, NDArray

from .storage import atomic_path
from .texts import one_line

# Units of length of the OME schema (2016-06) with the spellings that scans bring along.
_UNITS = {unit: unit for unit in ("m", "dm", "cm", "mm", "\u00b5m", "nm", "pm", "fm", "\u00c5", "in")} | {
    "um": "\u00b5m",
    "\u03bcm": "\u00b5m",
    "micron": "\u00b5m",
    "microns": "\u00b5m",
    "micrometer": "\u00b5m",
    "micrometre": "\u00b5m",
    "nanometer": "nm",
    "nanometre": "nm",
    "angstrom": "\u00c5",
    "A": "\u00c5",
    "inch": "in",
}
_BIG = 2**32 - 2**25


def ome_unit(unit: str) -> str | None:
    """Name of a unit of length in the OME schema, or None where there is none ("px", unknown units)."""
    return _UNITS.get(unit, _UNITS.get(unit.lower()))


def write_ome_tiff(
    path: str | Path,
    planes: Iterable[NDArray[Any]],
    *,
    shape: Sequence[int],
    channels: Sequence[str],
    pixel_size: Sequence[float],
    pixel_unit: str,
    digest: str,
    dtype: DTypeLike = np.float32,
) -> None:
    """Write ``planes`` ((Y, X) of ``dtype`` each, in the order of C, Z) as an OME-TIFF of ``shape`` (C, [Z], Y, X).

    ``pixel_size`` has one number per spatial axis, [z], y, x; sizes in pixels or in a unit that OME does not know are
    left out rather than given a wrong unit. ``digest`` of the content makes the file's UUID, so that no random number
    or date enters. Atomic.
    """
    metadata: dict[str, Any] = {
        "axes": "CYX" if len(shape) == 3 else "CZYX",
        "Channel": {"Name": [one_line(channel) for channel in channels]},
        "UUID": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
    }
    unit = ome_unit(pixel_unit)
    if unit is not None:
        for axis, size in zip("ZYX"[-len(pixel_size) :], pixel_size, strict=True):
            metadata[f"PhysicalSize{axis}"] = float(size)
            metadata[f"PhysicalSize{axis}Unit"] = unit
    with atomic_path(path) as temporary:
        tifffile.imwrite(
            temporary,
            iter(planes),
            shape=tuple(shape),
            dtype=np.dtype(dtype),
            ome=True,
            bigtiff=np.dtype(dtype).itemsize * math.prod(shape) > _BIG,
            photometric="minisblack",
            compression="zlib",
            metadata=metadata,
        )
