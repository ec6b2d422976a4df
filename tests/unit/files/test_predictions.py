"""Files of predictions are read region by region; what is not there is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.files.prediction_writers import create_predictions
from noisebound.files.predictions import Predictions
from tests.unit.files.predicted import CHANNELS, settings, write


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
