"""Label images, ``tokens/<scan>.tif``: written plane by plane, read whole or in parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.texts import one_line
from .predictions import Predictions

# The most bytes of ImageJ's variant of TIFF; larger label images become BigTIFF.
_IMAGEJ_LIMIT = 2**31


def read_tokens(path: str | Path | None, shape: Sequence[int]) -> NDArray[Any] | None:
    """Read the token map of a scan.

    Parameters
    ----------
    path
        ``tokens/<scan>.tif``, or None.
    shape
        Pixels of the scan per spatial axis.

    Returns
    -------
    array or None
        Labels of ``shape``; None if ``path`` is None.
    """
    if path is None:
        return None
    labels: NDArray[Any] = tifffile.imread(path).reshape(tuple(shape))
    return labels


def create_label_tiff(path: Path, file: Predictions, dtype: np.dtype) -> np.memmap:
    """Create an uncompressed label TIFF that is mapped into memory and can be filled in any order.

    Parameters
    ----------
    path
        The file to write.
    file
        The predictions of the scan, which give shape and pixel size.
    dtype
        Type of the labels.

    Returns
    -------
    memmap
        The labels, of the scan's spatial shape.
    """
    unit = imagej_unit(file.pixel_unit)
    axes = "YX" if file.ndim == 2 else "ZYX"
    metadata: dict[str, object] = {"axes": axes, "unit": unit}
    if file.ndim == 3:
        metadata["spacing"] = file.pixel_size[0]
    return tifffile.memmap(
        path,
        shape=file.shape,
        dtype=dtype,
        imagej=math.prod(file.shape) * dtype.itemsize < _IMAGEJ_LIMIT,
        resolution=(1 / file.pixel_size[-1], 1 / file.pixel_size[-2]),
        metadata=metadata,
    )


def imagej_unit(unit: str) -> str:
    """Spell a unit as ImageJ does in files: in ASCII.

    Parameters
    ----------
    unit
        Any unit.

    Returns
    -------
    str
        The unit with "um" for µm, and escapes such as "\\u00C5" for other characters.
    """
    plain = one_line(unit).replace("µ", "u").replace("μ", "u")
    # ImageJ splits its metadata at line breaks and knows no character beyond the first 65536.
    return "".join(c if c.isascii() else f"\\u{ord(c):04X}" if ord(c) < 1 << 16 else "?" for c in plain)


def read_labels(tif: str | Path, shape: Sequence[int]) -> NDArray[Any]:
    """Read a label TIFF, or a stack of them.

    Parameters
    ----------
    tif
        The file.
    shape
        Pixels of the scan per spatial axis.

    Returns
    -------
    array
        (*shape), or (N, *shape) for N images.

    Raises
    ------
    InputError
        If the number of pixels is not a multiple of that of ``shape``.
    """
    labels = np.asarray(tifffile.imread(tif))
    size = int(np.prod(shape))
    if labels.size == 0 or labels.size % size:
        raise InputError(
            f"shape {labels.shape} does not fit the scan's {tuple(shape)}",
            file=tif,
            remedy="delete it and run the step that writes it again",
        )
    return labels.reshape(tuple(shape) if labels.size == size else (-1, *shape))
