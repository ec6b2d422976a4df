"""Label images: written plane by plane, read whole, with units that ImageJ understands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given

from noisebound.core.errors import InputError
from noisebound.files.labels import create_label_tiff, imagej_unit, read_labels, read_tokens
from noisebound.files.prediction_writers import create_predictions
from noisebound.files.predictions import Predictions
from noisebound.scans.readers import read_header
from tests.unit.core.hostile import hostile
from tests.unit.files.predicted import settings


@pytest.mark.parametrize("unit", ["Å", "µm", "nm", "光年"])
def test_units_beyond_ascii_survive_the_way_through_imagej(tmp_path: Path, unit: str) -> None:
    """A unit of ångström ended the step that writes the token map, after all training."""
    metadata = {"axes": "YX", "unit": imagej_unit(unit)}
    tifffile.imwrite(tmp_path / "a.tif", np.eye(4, dtype=np.uint8), imagej=True, resolution=(2, 2), metadata=metadata)
    assert read_header(tmp_path / "a.tif").pixel_unit == unit


@given(hostile)
def test_units_are_plain_ascii_in_one_line(unit: str) -> None:
    plain = imagej_unit(unit)
    assert plain.isascii() and plain.isprintable()


@pytest.mark.parametrize("shape", [(9, 14), (3, 9, 14)])
def test_label_images_are_filled_in_any_order_and_read_back(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image, region = np.ones((2, *shape), np.float32), tuple(slice(0, size) for size in shape)
    sizes = tuple(0.5 * 2**axis for axis in range(len(shape)))
    about = settings(shape, n_frames=0, n_latent=0, keep_members=False, pixel_size=sizes)
    with create_predictions(tmp_path / "e.h5", **about) as writer:
        writer.write(region, image, image, image, image)
    labels = np.random.default_rng(0).integers(0, 300, shape).astype(np.uint16)
    with Predictions(tmp_path / "e.h5") as file:
        stored = create_label_tiff(tmp_path / "t.tif", file, np.dtype(np.uint16))
    for row in reversed(range(shape[-2])):
        stored[..., row, :] = labels[..., row, :]
    stored.flush()
    for found in (read_labels(tmp_path / "t.tif", shape), read_tokens(tmp_path / "t.tif", shape)):
        assert found is not None and found.dtype == np.uint16
        np.testing.assert_array_equal(found, labels)
    header = read_header(tmp_path / "t.tif")
    assert header.pixel_unit == "nm" and header.pixel_size == pytest.approx(sizes)


def test_labels_of_another_scan_are_refused_and_stacks_are_not(tmp_path: Path) -> None:
    stack = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    tifffile.imwrite(tmp_path / "a.tif", stack)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif", (3, 4)), stack)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif", (2, 3, 4)), stack)
    with pytest.raises(InputError, match=r"a\.tif.*does not fit the scan's \(5, 5\).*Remedy"):
        read_labels(tmp_path / "a.tif", (5, 5))
    assert read_tokens(None, (3, 4)) is None
