"""Files of predictions are written tile by tile, whole or not at all, the same bytes for the same images."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.files.prediction_writers import create_denoised, create_predictions
from noisebound.files.predictions import Predictions
from noisebound.files.predictions_about import PredictionsAbout
from tests.unit.files.predicted import settings, write


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


def test_facts_may_be_given_as_a_record_or_by_name(tmp_path: Path) -> None:
    named = settings((4, 6), n_frames=0, n_latent=0, keep_members=False)
    image, region = np.ones((2, 4, 6), np.float32), (slice(0, 4), slice(0, 6))
    about = PredictionsAbout(**{field.name: named[field.name] for field in fields(PredictionsAbout)})
    rest = {key: value for key, value in named.items() if key not in vars(about)}
    for name, arguments in (("a.h5", ((), named)), ("b.h5", ((about,), rest))):
        with create_predictions(tmp_path / name, *arguments[0], **arguments[1]) as writer:
            writer.write(region, image, image, image, image)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    with pytest.raises(TypeError, match="levels"), create_predictions(tmp_path / "c.h5", **rest, scan="s"):
        pass


def test_a_denoised_file_says_what_its_ensemble_said(tmp_path: Path) -> None:
    image, region = np.ones((2, 4, 6), np.float32), (slice(0, 4), slice(0, 6))
    about = settings((4, 6), n_frames=0, n_latent=0, keep_members=False)
    with create_predictions(tmp_path / "e.h5", **about) as writer:
        writer.write(region, image, image, image, image)
        writer.set_uncertainty({"Mg": {"aleatoric": 0.5, "epistemic": 0.25}})
        writer.set_overlap_error({"Mg": {"rms": 0.1, "largest": 0.2, "width": 3.0}})
    with Predictions(tmp_path / "e.h5") as ensemble:
        with create_denoised(tmp_path / "d.h5", ensemble, nominal=[0.9], primary=0.9) as out:
            out.write(region, image, image, image, {0.9: (image, image)})
        with Predictions(tmp_path / "d.h5") as denoised:
            assert denoised.about == ensemble.about and denoised.shape == ensemble.shape
            assert denoised.uncertainty == {"Mg": {"aleatoric": 0.5, "epistemic": 0.25}}
            assert (
                denoised.overlap_error == ensemble.overlap_error == {"Mg": {"rms": 0.1, "largest": 0.2, "width": 3.0}}
            )


def test_values_beyond_float16_are_cut_to_its_range(tmp_path: Path) -> None:
    about = settings((2, 2), n_frames=0, n_latent=1, keep_members=False)
    region, image = (slice(0, 2), slice(0, 2)), np.zeros((2, 2, 2), np.float32)
    with create_predictions(tmp_path / "e.h5", **about) as writer:
        writer.write(region, image, image, image, image)
        writer.write_latent(region, np.array([[[1e9, -1e9], [0.5, 65504]]], np.float32))
    with Predictions(tmp_path / "e.h5") as found:
        np.testing.assert_array_equal(found.read_latent()[0], [[65504, -65504], [0.5, 65504]])
