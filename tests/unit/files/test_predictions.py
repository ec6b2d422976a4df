"""The prediction files: what is written tile by tile comes back, whole or not at all."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.files.coverage_key import nominal_key
from noisebound.files.prediction_writers import create_denoised, create_predictions
from noisebound.files.predictions import Predictions

CHANNELS = ("Mg", "Fe")


def settings(shape: tuple[int, ...], **changes: Any) -> dict[str, Any]:
    return {
        "scan": "s",
        "channels": CHANNELS,
        "pixel_size": (0.5,) * len(shape),
        "pixel_unit": "nm",
        "shape": shape,
        "levels": (0.05, 0.5, 0.95),
        "frame": 1,
        "n_frames": 3,
        "n_members": 4,
        "n_latent": 5,
        "counts": True,
        "keep_members": True,
    } | changes


def tiles(shape: tuple[int, ...], tile: int) -> list[tuple[slice, ...]]:
    per_axis = [[slice(a, min(a + tile, size)) for a in range(0, size, tile)] for size in shape]
    return list(itertools.product(*per_axis))


def write(path: Path, shape: tuple[int, ...], tile: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    data = {
        "images": rng.normal(size=(4, 2, *shape)).astype(np.float32),
        "latent": rng.normal(size=(5, *shape)).astype(np.float32),
        "frames": rng.normal(size=(3, 3, 2, *shape)).astype(np.float32),
        "members": rng.normal(size=(4, 2, *shape)).astype(np.float32),
    }
    with create_predictions(path, **settings(shape)) as writer:
        for region in tiles(shape, tile):
            at = (..., *region)
            writer.write(region, *data["images"][at])
            writer.write_latent(region, data["latent"][at])
            for k in range(3):
                writer.write_frame(k, region, *data["frames"][k][at])
            for m in range(4):
                writer.write_member(m, region, data["members"][m][at])
    return data


@pytest.mark.parametrize("shape", [(37, 300), (9, 40, 70)])
def test_tiles_come_back_whole(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "new" / "s.h5"
    data = write(path, shape, 19)
    part = tuple(slice(2, size - 3) for size in shape)
    with Predictions(path) as predictions:
        assert (predictions.scan, predictions.channels, predictions.pixel_unit) == ("s", CHANNELS, "nm")
        assert (predictions.shape, predictions.ndim, predictions.frame) == (shape, len(shape), 1)
        assert (predictions.n_frames, predictions.n_members, predictions.n_latent) == (3, 4, 5)
        assert predictions.levels == (0.05, 0.5, 0.95)
        assert predictions.counts
        assert predictions.has_members
        for i, kind in enumerate(("lower", "median", "upper", "spread")):
            assert predictions.read(kind).dtype == np.float32
            np.testing.assert_array_equal(predictions.read(kind), data["images"][i])
            np.testing.assert_array_equal(predictions.read(kind, part), data["images"][i][(..., *part)])
            np.testing.assert_array_equal(predictions.read(kind, part, 1), data["images"][i][(1, *part)])
        for k in range(3):
            for got, expected in zip(predictions.read_frame(k, part), data["frames"][k], strict=True):
                np.testing.assert_array_equal(got, expected[(..., *part)])
        np.testing.assert_array_equal(predictions.read_member(3, part), data["members"][3][(..., *part)])
        np.testing.assert_array_equal(
            predictions.read_latent(part), data["latent"].astype(np.float16).astype(np.float32)[(..., *part)]
        )
        with pytest.raises(IndexError):
            predictions.read_frame(3)


def test_same_writes_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", (50, 60), 20)
    write(tmp_path / "b.h5", (50, 60), 20)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_holes_nan_and_wrong_shapes_leave_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    minimal = settings((8, 8), n_frames=0, n_latent=0, keep_members=False)
    left = (slice(0, 8), slice(0, 4))
    image = np.zeros((2, 8, 4), np.float32)
    with pytest.raises(RuntimeError, match="lacks 32 pixels"), create_predictions(path, **minimal) as writer:
        writer.write(left, image, image, image, image)
    with pytest.raises(InputError, match="median is not finite"), create_predictions(path, **minimal) as writer:
        writer.write(left, image, image * np.nan, image, image)
    with pytest.raises(ValueError, match="shape"), create_predictions(path, **minimal) as writer:
        writer.write(left, image[:1], image, image, image)
    assert list(tmp_path.iterdir()) == []


def test_absent_parts_and_bad_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    image = np.ones((2, 8, 8), np.float32)
    with create_predictions(path, **settings((8, 8), n_frames=0, n_latent=0, keep_members=False)) as writer:
        writer.write((slice(None), slice(None)), image, image, image, image)
    with Predictions(path) as predictions:
        assert (predictions.n_frames, predictions.n_latent, predictions.has_members) == (0, 0, False)
        for ask in (lambda: predictions.read_frame(0), lambda: predictions.read_member(0), predictions.read_latent):
            with pytest.raises(InputError, match=r"s.h5"):
                ask()
    with pytest.raises(InputError, match="does not exist"):
        Predictions(tmp_path / "none.h5")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match="not a readable HDF5"):
        Predictions(path)


def test_denoised_links_primary(tmp_path: Path) -> None:
    data = write(tmp_path / "e.h5", (20, 30), 30)
    lower, median, upper, spread = data["images"]
    region = (slice(0, 20), slice(0, 30))
    with Predictions(tmp_path / "e.h5") as ensemble:
        with create_denoised(tmp_path / "d.h5", ensemble, nominal=[0.5, 0.9], primary=0.9) as writer:
            infinite = np.full_like(lower, np.inf)
            writer.write(region, median, median + 1, spread, {0.5: (lower, upper), 0.9: (lower - 1, infinite)})
            writer.set_projected_fraction({"0.5": {"Mg": 0.25}})
            writer.set_zero_width({"0.5": {"Mg": 0.125}})
    with Predictions(tmp_path / "d.h5") as denoised:
        assert (denoised.nominal, denoised.primary, denoised.n_frames) == ((0.5, 0.9), 0.9, 0)
        assert denoised.projected_fraction == {"0.5": {"Mg": 0.25}}
        assert denoised.zero_width == {"0.5": {"Mg": 0.125}}
        np.testing.assert_array_equal(denoised.read("mean"), median + 1)
        np.testing.assert_array_equal(denoised.read("lower"), lower - 1)
        np.testing.assert_array_equal(denoised.read_interval(0.9)[1], infinite)
        np.testing.assert_array_equal(denoised.read_interval(0.5)[1], upper)
        with pytest.raises(InputError, match=r"calibration.nominal"):
            denoised.read_interval(0.8)


@pytest.mark.parametrize(("value", "key"), [(0.9, "0.9"), (0.95, "0.95"), (0.5, "0.5"), (0.9999999, "0.9999999")])
def test_nominal_key(value: float, key: str) -> None:
    assert nominal_key(value) == key
