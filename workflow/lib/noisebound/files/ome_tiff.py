"""OME-TIFF files: the same images always give the same bytes."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import DTypeLike, NDArray

from ..core.length_units import ome_unit
from ..core.storage import atomic_path
from ..core.texts import one_line

_BIG = 2**32 - 2**25


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
    """Write an OME-TIFF, atomically; the same images and the same digest give the same bytes.

    Parameters
    ----------
    path
        The file to write.
    planes
        Planes (Y, X) of ``dtype``, Z running faster than C.
    shape
        Shape of the whole image, (C, [Z], Y, X).
    channels
        Names of the channels.
    pixel_size, pixel_unit
        One number per spatial axis ([z], y, x) and their unit. Sizes in pixels, or in a unit that OME does not know,
        are left out.
    digest
        Digest of the content. The UUID of the file is derived from it, so the file holds no random number and no date.
    dtype
        Type of the values.
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
