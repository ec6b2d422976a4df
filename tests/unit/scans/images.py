"""Image files of every dialect, read or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError
from noisebound.scans.readers import Image, read_image

DEMO = Path(__file__).parents[3] / "resources" / "demo"


def values(*shape: int, dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def refused(source: object, *words: str, axes: str | None = None) -> str:
    """The message of the InputError that reading ``source`` must raise; it names the file and a remedy."""
    with pytest.raises(InputError) as raised:
        read_image(str(source), axes=axes)
    message = str(raised.value)
    assert Path(str(source).split(":/")[0]).name in message
    assert "Remedy: " in message and len(raised.value.remedy) > 10
    for word in words:
        assert word in message, message
    return message


def attempt(source: Path) -> Image | InputError:
    """What reading gives: the image, or the error meant for the user; any other exception fails the test."""
    try:
        return read_image(source)
    except InputError as error:
        return error


def write_tiff(path: Path, kind: str, array: np.ndarray) -> None:
    """A TIFF of (T or R, C, Y, X) values in one of the dialects."""
    if kind == "ome":
        channel = {"Name": ["Mg_Ka", "Si_Ka", "Fe_Ka"]}
        metadata = {
            "axes": "TCYX",
            "Channel": channel,
            "PhysicalSizeX": 2.5,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 0.005,
            "PhysicalSizeYUnit": "µm",
        }
        tifffile.imwrite(path, array, ome=True, metadata=metadata, photometric="minisblack")
    elif kind == "imagej":
        labels = ["Mg", "Si", "Fe"] * len(array)
        metadata = {"axes": "TCYX", "unit": "um", "Labels": labels}
        tifffile.imwrite(path, array, imagej=True, metadata=metadata, resolution=(4.0, 2.0))
    else:
        compression = "zlib" if kind == "zlib" else None
        metadata = {"axes": "RCYX", "channels": ["Mg", "Si", "Fe"], "pixel_um": 0.25}
        tifffile.imwrite(path, array, metadata=metadata, compression=compression, photometric="minisblack")


def changed(path: Path, *changes: tuple[bytes, bytes]) -> Path:
    content = path.read_bytes()
    for old, new in changes:
        assert content.count(old) == 1 and len(old) == len(new)
        content = content.replace(old, new)
    path.write_bytes(content)
    return path
