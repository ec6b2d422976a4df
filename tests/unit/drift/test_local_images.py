"""The noisy frame beside its prediction, in tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.drift import local_images
from noisebound.drift.local_images import block_sums, scales_of, thinned, tiles_of
from noisebound.geometry.boxes import Box
from tests.unit.drift.local_world import BOX, SIDE, grains, opened


@pytest.mark.parametrize("box", [Box("apply", (3, 5), (70, 96)), Box("apply", (0, 2, 0), (9, 40, 33))])
def test_tiles_cover_the_box_once_with_their_surroundings_inside(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_images, "_TILE", {2: 30, 3: 16})
    seen = np.zeros([high + 5 for high in box.upper], int)
    for tile in tiles_of(box):
        for outer, low, high in zip(tile.outer, box.lower, box.upper, strict=True):
            assert low <= outer.start < outer.stop <= high
        seen[
            tuple(slice(o.start + i.start, o.start + i.stop) for o, i in zip(tile.outer, tile.inner, strict=True))
        ] += 1
    inside = np.zeros_like(seen)
    inside[box.slices] = 1
    assert (seen == inside).all()


def test_a_volume_is_searched_for_small_objects_alone() -> None:
    assert scales_of(Box("apply", (0, 0, 0), (90, 90, 90)))[-1] < scales_of(Box("apply", (0, 0), (90, 90)))[-1]


@pytest.mark.parametrize("counts", [False, True])
def test_another_level_throughout_is_no_object(tmp_path: Path, counts: bool) -> None:
    rng = np.random.default_rng(0)
    truth = 5 * grains(rng)
    noisy = rng.poisson(0.7 * truth) if counts else truth + 3 + rng.normal(size=truth.shape)
    with opened(tmp_path, noisy.astype(np.float32), truth, counts) as (_, _, frame):
        for c, measured in enumerate(frame.read(BOX.slices)):
            assert measured.predicted.mean() == pytest.approx(noisy[c].mean(), rel=1e-4)
            assert measured.values == pytest.approx(noisy[c], rel=1e-6) and measured.counts is counts
            wanted = measured.predicted if counts else np.ones((SIDE, SIDE))
            assert measured.variance == pytest.approx(wanted, rel=0.25)


@pytest.mark.parametrize("counts", [False, True])
def test_a_defect_in_a_part_does_not_spoil_the_level_of_the_rest(tmp_path: Path, counts: bool) -> None:
    rng = np.random.default_rng(1)
    truth = 5 * grains(rng)
    noisy = rng.poisson(0.7 * truth).astype(float) if counts else truth + 3 + rng.normal(size=truth.shape)
    noisy[:, :32, :64] = 500
    with opened(tmp_path, noisy.astype(np.float32), truth, counts) as (_, _, frame):
        for measured, own in zip(frame.read(BOX.slices), truth, strict=True):
            assert measured.predicted == pytest.approx(0.7 * own if counts else own + 3, rel=0.02, abs=0.1)


def test_sums_of_blocks_hold_every_pixel_once() -> None:
    image = np.random.default_rng(2).normal(size=(2, 20, 35))
    sums = block_sums(image)
    assert sums.shape == (2, 2 * 3) and sums.sum(axis=1) == pytest.approx(image.sum(axis=(1, 2)))
    assert sums[1, 4] == pytest.approx(image[1, 16:, 16:32].sum())


def test_where_the_image_is_0_a_count_is_no_wonder(tmp_path: Path) -> None:
    noisy = np.ones((2, SIDE, SIDE))
    noisy[1] = 0
    median = noisy.copy()
    median[0, :40] = 0
    with opened(tmp_path, noisy, median) as (_, _, frame):
        first, second = frame.read(BOX.slices)
        assert first.variance.min() == pytest.approx(0.05) and second.variance.min() > 0


def test_noise_is_estimated_on_whole_lines_of_large_tiles() -> None:
    image = np.arange(2 * 1024 * 1024, dtype=float).reshape(2, 1024, 1024)
    lines = thinned(image)
    assert lines.shape == (2, 64, 1024) and (lines[0, 1] == image[0, 16]).all()
    assert thinned(image[:, :50, :50]).shape == (2, 50, 50)
