"""Tokens on simulated latents whose truth is known: recovery, order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from sklearn.metrics import adjusted_rand_score

from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis, fit_basis
from noisebound.latent.frames import no_pairs, save_pairs
from noisebound.regions.regions import Regions
from noisebound.structure.fit_tokens import ordered_model
from noisebound.structure.segment_scan import segment_scan
from noisebound.structure.train_pixels import DeliveredPixels
from tests.unit.structure.simulated import ORDER, PHASES, SIZES, World, fit, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_known_phases_come_back_in_the_stated_order(world: World) -> None:
    folder, _, _, phases = world
    model = fit(folder)
    assert (np.diff(model.intensity) > 0).all()
    # In both scans as many pixels are drawn: the means of both weigh the same.
    trained = [phase[:40] for phase in phases.values()]
    shares = np.mean([np.bincount(phase.ravel(), minlength=4) / phase.size for phase in trained], axis=0)
    np.testing.assert_allclose(model.share, shares[ORDER], atol=0.03)
    mean = shares @ PHASES
    deviation = np.sqrt(shares @ (PHASES - mean) ** 2 + 0.2**2)
    np.testing.assert_allclose(model.intensity, ((PHASES - mean) / deviation).sum(axis=1)[ORDER], atol=0.1)
    for scan, phase in phases.items():
        segment_scan(folder / f"{scan}.h5", folder / "model.npz", folder / "a.tif", folder / "a.csv")
        tokens = tifffile.imread(folder / "a.tif")
        assert adjusted_rand_score(phase.ravel(), tokens.ravel()) > 0.99
        assert np.mean(np.argsort(ORDER)[phase] == tokens) > 0.99


def test_token_numbers_do_not_depend_on_the_seed_and_bytes_only_on_it(world: World) -> None:
    folder, *_ = world
    first, second = fit(folder, "first", seed=1), fit(folder, "second", seed=2)
    np.testing.assert_allclose(first.centres, second.centres, atol=0.1)
    fit(folder, "again", seed=1)
    assert (folder / "again.npz").read_bytes() == (folder / "first.npz").read_bytes()
    assert (folder / "again.csv").read_bytes() == (folder / "first.csv").read_bytes()
    assert first.scans == ("left", "right")


def test_wrong_input_is_named_before_anything_is_written(world: World) -> None:
    folder, *_ = world
    with pytest.raises(InputError, match=r"structure\.tokens"):
        fit(folder, tokens=0)
    with pytest.raises(InputError, match=r"structure\.tokens"):
        fit(folder, tokens=50, sample=20)
    Regions("right", (80, 96), (0, 0), "given", (Box("test", (0, 0), (80, 96)),)).write(folder / "right.json")
    assert fit(folder, repeats=1).scans == ("left",)
    (folder / "model.npz").unlink()
    Regions("left", (80, 64), (0, 0), "given", (Box("calibrate", (0, 0), (80, 64)),)).write(folder / "left.json")
    with pytest.raises(InputError, match="train region"):
        fit(folder)
    Regions("elsewhere", (80, 64), (0, 0), "given", ()).write(folder / "left.json")
    with pytest.raises(InputError, match=r"left\.h5"):
        fit(folder)
    assert not (folder / "model.npz").exists()


def test_files_that_do_not_belong_together_are_refused(world: World) -> None:
    folder, simulation, _, phases = world
    phase = phases["left"]
    fit_basis(simulation.latents(phase, 3).reshape(15, -1).T, [5, 5, 5], 3).save(folder / "basis.npz")
    with pytest.raises(InputError, match=r"sample\.npz.*other members"):
        fit(folder)
    fit_basis(simulation.latents(phase, 3).reshape(15, -1).T, SIZES, 2).save(folder / "basis.npz")
    with pytest.raises(InputError, match=r"basis\.npz"):
        fit(folder)


def test_frames_of_another_basis_are_refused(world: World) -> None:
    folder, *_ = world
    save_pairs(folder / "frames.npz", no_pairs(2, 2, 2))
    with pytest.raises(InputError, match=r"frames\.npz"):
        fit(folder)


def test_the_model_names_its_basis(world: World) -> None:
    folder, _, basis, _ = world
    assert fit(folder, repeats=1).basis == basis.digest == LatentBasis.load(folder / "basis.npz").digest


def test_tokens_are_numbered_by_their_brightness_whatever_the_order_of_the_centres() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(5, 3)) * 9
    labels = rng.integers(0, 5, 400)
    scores = (centres[labels] + 0.1 * rng.normal(size=(400, 3))).astype(np.float32)
    medians = rng.normal(size=(400, 2)).astype(np.float32) + labels[:, None] % 3
    pixels = DeliveredPixels(scores, medians, None, None, np.zeros((400, 3), np.int64), ("a",))
    brightness = ((medians - medians.mean(axis=0, dtype=float)) / medians.std(axis=0, dtype=float)).sum(axis=1)
    mean = np.array([brightness[labels == token].mean() for token in range(5)])
    for _ in range(3):
        shuffled = rng.permutation(5)
        model = ordered_model(centres[shuffled], pixels, "digest", 1)
        np.testing.assert_array_equal(model.centres, centres[np.argsort(mean)])
        np.testing.assert_allclose(model.intensity, np.sort(mean), rtol=1e-5)
        np.testing.assert_array_equal(model.share, np.bincount(labels)[np.argsort(mean)] / 400)


def test_tokens_that_are_equally_bright_are_numbered_by_their_centres() -> None:
    centres = np.array([[1.0, 5.0], [1.0, -5.0], [-9.0, 0.0]])
    flat = np.full((6, 1), 7, np.float32)
    pixels = DeliveredPixels(np.repeat(centres, 2, axis=0).astype(np.float32), flat, None, None, np.zeros((6, 3)), ())
    assert ordered_model(centres, pixels, "digest", 1).centres.tolist() == [[-9, 0], [1, -5], [1, 5]]
