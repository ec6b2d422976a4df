"""Images come back as they were written, region by region, and are complete or an error."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.files.unfinished_images import UnfinishedImages

SHAPE = (6, 7)
LEFT, RIGHT = (slice(0, 6), slice(0, 3)), (slice(None), slice(3, None))


def begin(path: Path) -> tuple[h5py.File, UnfinishedImages]:
    file = h5py.File(path, "w")
    images = UnfinishedImages(file, "s.h5", SHAPE)
    images.create("median", (2,), (1, 4, 4), np.float32)
    images.create("frames/median", (3, 2), (1, 1, 256, 256), np.float32)
    return file, images


def test_regions_in_any_order_make_the_image(tmp_path: Path) -> None:
    file, images = begin(tmp_path / "a.h5")
    whole = np.random.default_rng(0).normal(size=(3, 2, *SHAPE)).astype(np.float32)
    with file:
        for region in (RIGHT, LEFT):
            images.put("median", (), region, whole[0][(..., *region)])
            for frame in (2, 0, 1):
                images.put("frames/median", (frame,), region, whole[frame][(..., *region)])
        images.check_complete()
        np.testing.assert_array_equal(file["median"][()], whole[0])
        np.testing.assert_array_equal(file["frames/median"][()], whole)
        assert file["median"].chunks == (1, 4, 4) and file["frames/median"].chunks == (1, 1, *SHAPE)


@pytest.mark.parametrize("lacking", ["median[]", "frames/median[1]"])
def test_an_image_with_holes_is_named_with_its_pixels(tmp_path: Path, lacking: str) -> None:
    file, images = begin(tmp_path / "a.h5")
    with file:
        for name, entries in (("median", [()]), ("frames/median", [(0,), (1,), (2,)])):
            for entry in entries:
                for region in (LEFT, RIGHT):
                    if region is LEFT or f"{name}{list(entry)}" != lacking:
                        size = (2, 6, region[1].indices(7)[1] - region[1].indices(7)[0])
                        images.put(name, entry, region, np.zeros(size, np.float32))
        with pytest.raises(RuntimeError, match=r"s\.h5: .* lacks 24 pixels") as raised:
            images.check_complete()
    assert lacking in str(raised.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_are_finite_unless_they_need_not_be(tmp_path: Path, value: float) -> None:
    file, images = begin(tmp_path / "a.h5")
    image = np.zeros((2, 6, 3), np.float32)
    image[1, 2, 0] = value
    with file:
        with pytest.raises(InputError, match=r"'s\.h5'.*median is not finite.*Remedy"):
            images.put("median", (), LEFT, image)
        images.put("median", (), LEFT, image, finite=False)
        with pytest.raises(ValueError, match=r"shape \(2, 6, 2\), the region needs \(2, 6, 3\)"):
            images.put("median", (), LEFT, image[..., :2])
