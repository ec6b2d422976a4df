"""Pairs of frames: the members' own scores and medians at held-out pixels, beside two images of noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from noisebound.core.errors import InputError
from noisebound.ensemble.frame_pairs import _shared, draw_noise
from noisebound.ensemble.frame_windows import within
from noisebound.geometry.boxes import Box
from noisebound.geometry.tiling import tiles
from noisebound.latent.basis import LatentBasis, fit_basis
from noisebound.latent.frames import FramePairs, load_pairs
from noisebound.latent.sample import load_sample
from tests.unit.ensemble.member_files import SHAPES, Members, fit, little_memory, make_frames, make_members
from tests.unit.learning_files import write_regions, write_scan


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


def halves(shape: tuple[int, ...], first: str, second: str) -> list[Box]:
    """Two boxes that meet in the middle of the last axis."""
    middle = shape[-1] // 2
    return [
        Box(first, (0,) * len(shape), (*shape[:-1], middle)),
        Box(second, (*(0,) * (len(shape) - 1), middle), shape),
    ]


def pairs_of(
    members: Members, folder: Path, frames: np.ndarray, boxes: list[Box], counts: bool = False, **changes: Any
) -> FramePairs:
    scan = write_scan(folder / "s.h5", frames, None, counts=counts)
    area = write_regions(folder / "s.json", frames.shape[2:], 0, boxes)
    fit(members, [scan], [area], folder, **changes)
    return load_pairs(folder / "frames.npz")


def check_scores(members: Members, pairs: FramePairs, images: list[np.ndarray], folder: Path) -> None:
    basis = LatentBasis.load(folder / "basis.npz")
    at = (slice(None), *pairs.coordinates.T)
    for which, image in enumerate(images):
        latents, quantiles = members.brute_force(image.astype(np.float32))
        expected = basis.project(np.concatenate(latents))[at].T
        np.testing.assert_allclose(pairs.scores[which], expected, atol=2e-3 * np.abs(expected).max())
        medians = np.mean([q[1] for q in quantiles], axis=0)[at].T
        np.testing.assert_allclose(pairs.medians[which], medians, rtol=1e-4, atol=1e-4 * np.abs(medians).max())


def test_two_repeats_are_predicted_at_held_out_pixels(members: Members, tmp_path: Path) -> None:
    shape, frames = SHAPES[members.dimensions], make_frames(members.dimensions)
    pairs = pairs_of(members, tmp_path, frames, halves(shape, "train", "test"), frame=1)
    assert (pairs.source, pairs.place, pairs.scans) == ("repeats", "held-out", ("s",))
    assert (pairs.coordinates[:, -1] >= shape[-1] // 2).all() and len(np.unique(pairs.coordinates, axis=0)) > 100
    check_scores(members, pairs, [frames[1], frames[2]], tmp_path)


def test_a_small_memory_changes_nothing(members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shape, frames = SHAPES[members.dimensions], make_frames(members.dimensions)
    found = []
    for memory in (None, little_memory(members)):
        with monkeypatch.context() as patch:
            if memory is not None:
                patch.setattr("noisebound.core.hardware.usable_memory", lambda *_, m=memory: m)
            found.append(pairs_of(members, tmp_path, frames[:1], halves(shape, "train", "test"), counts=True))
    for name in ("scores", "medians", "coordinates"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))


def test_one_frame_of_counts_is_divided(members: Members, tmp_path: Path) -> None:
    shape, frames = SHAPES[members.dimensions], make_frames(members.dimensions)
    pairs = pairs_of(members, tmp_path, frames[:1], halves(shape, "train", "select"), counts=True)
    assert (pairs.source, pairs.place) == ("thinned", "held-out")
    assert not np.array_equal(pairs.scores[0], pairs.scores[1])
    # Doubled halves are as bright as the frame, which single halves are not.
    _, quantiles = members.brute_force(frames[0].astype(np.float32))
    bright = np.mean([q[1] for q in quantiles], axis=0)[(slice(None), *pairs.coordinates.T)].mean()
    half = np.mean([q[1] for q in members.brute_force(frames[0] / np.float32(2))[1]], axis=0).mean()
    found = float(pairs.medians.mean())
    assert abs(found - bright) < abs(found - half)


def test_without_other_pixels_those_of_train_are_compared(members: Members, tmp_path: Path) -> None:
    shape, frames = SHAPES[members.dimensions], make_frames(members.dimensions)
    pairs = pairs_of(members, tmp_path, frames, [Box("train", (0,) * len(shape), shape)], frame=0, sample_size=70)
    assert pairs.place == "train" and len(pairs.coordinates) == 70
    check_scores(members, pairs, [frames[0], frames[1]], tmp_path)


def test_a_single_frame_of_intensities_gives_no_pairs(members: Members, tmp_path: Path) -> None:
    shape, frames = SHAPES[members.dimensions], make_frames(members.dimensions)
    pairs = pairs_of(members, tmp_path, frames[:1], halves(shape, "train", "test"))
    assert pairs.source == "none" and pairs.scores.shape == (2, 0, 5)


def test_scans_that_only_select_give_pixels_and_must_fit_the_members(tmp_path: Path) -> None:
    members = make_members(tmp_path / "members", 2)
    shape, frames = SHAPES[2], [make_frames(2, seed) for seed in (0, 1)]
    roles = ("train", "select")
    scans = [write_scan(tmp_path / f"{r}.h5", f, None) for r, f in zip(roles, frames, strict=True)]
    areas = [write_regions(tmp_path / f"{r}.json", shape, 0, [Box(r, (0, 0), shape)]) for r in roles]
    fit(members, scans, areas, tmp_path, frame=0)
    pairs = load_pairs(tmp_path / "frames.npz")
    assert pairs.scans == ("select",) and pairs.place == "held-out" and not pairs.scan.any()
    check_scores(members, pairs, list(frames[1][:2]), tmp_path)
    write_scan(tmp_path / "select.h5", frames[1][:, :1], None)
    with pytest.raises(InputError, match=r"select\.h5.*1 channels"):
        fit(members, scans, areas, tmp_path)


def test_held_out_pixels_shape_neither_basis_nor_sample(tmp_path: Path) -> None:
    members = make_members(tmp_path / "members", 2)
    shape, frames = SHAPES[2], make_frames(2)
    boxes = [Box("train", (0, 0), (29, 6)), Box("test", (0, 17), shape)]
    contents, pairs = [], []
    for name, factor in (("one", 1), ("other", 5)):
        changed = frames.copy()
        changed[..., 17:] *= factor
        (tmp_path / name).mkdir()
        pairs.append(pairs_of(members, tmp_path / name, changed, boxes))
        contents.append([(tmp_path / name / file).read_bytes() for file in ("basis.npz", "sample.npz")])
    assert contents[0] == contents[1]
    assert not np.array_equal(pairs[0].scores, pairs[1].scores)
    np.testing.assert_array_equal(pairs[0].null, pairs[1].null)


def test_the_two_images_of_noise_share_nothing_and_lie_in_the_basis_of_the_sample_s_noise(tmp_path: Path) -> None:
    members = make_members(tmp_path / "members", 2)
    pairs = pairs_of(members, tmp_path, make_frames(2), halves(SHAPES[2], "train", "test"))
    sample = load_sample(tmp_path / "sample.npz")
    basis = fit_basis(sample.null, sample.member_sizes.tolist(), 5)
    np.testing.assert_allclose(pairs.null_fit, basis.project(sample.null.T).T, atol=5e-3)
    first, second = (scores.astype(float) for scores in pairs.null)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.35  # neighbours share what a network sees
    np.testing.assert_allclose(first.mean(axis=0), pairs.null_fit.astype(float).mean(axis=0), atol=0.3)


def test_noise_has_the_values_of_its_pool_and_no_bonds_between_pixels_or_channels() -> None:
    random = np.random.default_rng(4)
    pool = np.stack([random.choice([1.0, 2.0, 7.0], 500, p=[0.5, 0.3, 0.2])] * 2).astype(np.float32)
    noise = draw_noise(pool, (150, 150), random)
    assert noise.dtype == np.float32 and noise.shape == (2, 150, 150)
    for channel in noise:
        shares = [(channel == value).mean() for value in (1, 2, 7)]
        np.testing.assert_allclose(shares, [(pool[0] == value).mean() for value in (1, 2, 7)], atol=0.02)
    for one, other in ((noise[0], noise[1]), (noise[0, 1:], noise[0, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / 150


@pytest.mark.parametrize("alignment", [1, 4])
def test_aligned_tiles_fill_a_region_once(alignment: int) -> None:
    """Tiles of networks that downsample begin before the region; each pixel of it comes from its own place."""
    image = np.random.default_rng(0).normal(size=(1, 50, 61)).astype(np.float32)
    region = (slice(13, 39), slice(7, 58))
    found = np.full((1, 26, 51), np.nan, np.float32)
    for tile in tiles((50, 61), (16, 12), (5, 3), alignment, region):
        values = tile.complete(image[(slice(None), *tile.read)])
        kept, inner = _shared(tile, region)
        found[(slice(None), *within(kept, region))] = values[(slice(None), *inner)]
    np.testing.assert_array_equal(found, image[(slice(None), *region)])
