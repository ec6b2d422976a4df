"""The pixels of a role: their own targets, counts made continuous, and nothing that the role cannot see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.geometry.boxes import Box
from noisebound.networks.normalisation import Normalisation
from noisebound.regions.divide import divide
from noisebound.training.patches import PatchSampler
from noisebound.training.role_images import dither, load_role
from tests.unit.learning_files import (
    write_regions,
    write_scan,
)


def plain(channels: int = 1) -> Normalisation:
    """Leaves every number as it is."""
    zero, one = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    return Normalisation("none", "none", False, zero, one, zero, one)


@pytest.mark.parametrize("frames", [2, 5])
def test_a_leave_one_out_target_never_contains_its_own_frame(tmp_path: Path, frames: int) -> None:
    # Each frame is a power of two everywhere: a target tells which frames it is made of.
    noisy = np.stack([np.full((1, 12, 12), 2**k, np.uint16) for k in range(frames)])
    scan = write_scan(tmp_path / "s.h5", noisy, noisy.sum(0, dtype=np.uint32), kind="leave-one-out")
    area = write_regions(tmp_path / "s.json", (12, 12), 1, [Box("train", (0, 0), (12, 12))])
    images = load_role(scan, area, "train", (1, 1), plain(), np.random.default_rng(0))
    assert images is not None and images.target.shape[0] == frames
    generator, seen = torch.Generator().manual_seed(1), set()
    for _ in range(40):
        inputs, targets, mask = PatchSampler([images], (6, 6), (1, 1)).batch(3, generator)
        for image, target, counts in zip(inputs, targets, mask, strict=True):
            own = int(image[counts].unique().item())
            others = round(float(target[counts].unique().item()) * (frames - 1))
            assert others == 2**frames - 1 - own
            seen.add(own)
    assert len(seen) == frames


def test_frames_that_share_a_measured_reference_are_paired_with_it(tmp_path: Path) -> None:
    noisy = np.stack([np.full((1, 12, 12), k, np.float32) for k in range(3)])
    scan = write_scan(tmp_path / "s.h5", noisy, np.full((1, 12, 12), 7, np.float32))
    area = write_regions(tmp_path / "s.json", (12, 12), 1, [Box("train", (0, 0), (12, 12))])
    images = load_role(scan, area, "train", (1, 1), plain(), np.random.default_rng(0))
    assert images is not None and images.target.shape[0] == 1
    batches = [PatchSampler([images], (6, 6), (1, 1)).batch(2, torch.Generator().manual_seed(s)) for s in range(20)]
    assert {float(v) for inputs, _, mask in batches for v in inputs[mask]} == {0, 1, 2}
    assert {float(v) for _, targets, mask in batches for v in targets[mask]} == {7}


@pytest.mark.parametrize("role", ["train", "select"])
def test_nothing_that_a_role_cannot_see_is_loaded(tmp_path: Path, role: str) -> None:
    shape, radius = (30, 40), 3
    boxes = divide(shape, ["TTSC", "TETT"], (radius, radius))
    random = np.random.default_rng(0)
    clean = random.normal(10, 1, (2, 2, *shape)).astype(np.float32)
    visible = np.zeros(shape, dtype=bool)
    owned = np.zeros(shape, dtype=bool)
    for box in boxes:
        if box.role == role:
            owned[box.slices] = True
    for y, x in np.argwhere(owned):
        visible[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1] = True
    spoilt, target = clean.copy(), clean[0].copy()
    spoilt[..., ~visible] = np.nan
    target[..., ~owned] = np.nan
    assert np.isnan(spoilt).any() and not visible.all()
    area = write_regions(tmp_path / "s.json", shape, radius, boxes)
    rim = (radius, radius)
    files = write_scan(tmp_path / "a.h5", clean, clean[0]), write_scan(tmp_path / "b.h5", spoilt, target)
    one, other = (load_role(file, area, role, rim, plain(2), np.random.default_rng(0)) for file in files)
    assert one is not None and other is not None
    assert torch.equal(one.noisy, other.noisy) and torch.equal(one.target, other.target)
    assert torch.equal(one.mask, other.mask) and one.pixels == owned.sum()


@pytest.mark.parametrize("exposures", [1, 9])
def test_the_median_of_dithered_poisson_counts_is_their_rate_and_without_dither_it_is_not(exposures: int) -> None:
    random = np.random.default_rng(0)
    plain_errors = []
    for total in (0.5, 0.7, 1, 1.3, 1.7, 2, 2.5, 3.3, 5, 7.5, 11.9, 20):
        counts = (random.poisson(total, (1, 400_000)) / exposures).astype(np.float32)
        dithered = dither(counts, exposures, random)
        assert dithered.dtype == np.float32
        error = float(np.median(dithered)) - total / exposures
        assert abs(error) < (0.03 + 0.006) / exposures, (total, error * exposures)
        plain_errors.append(abs(float(np.median(counts)) - total / exposures) * exposures)
    assert max(plain_errors) > 0.4 and np.mean(plain_errors) > 0.1


def test_dither_moves_no_count_past_another() -> None:
    counts = np.repeat(np.arange(50, dtype=np.float32), 1000)[None] / 4
    moved = dither(counts, 4, np.random.default_rng(0)) - counts
    assert moved.min() >= -1 / 12 - 1e-6 and moved.max() <= 2 / 12 + 1e-6
    assert abs(moved.mean() - 1 / 24) < 1e-3


def test_only_counts_are_dithered(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(4, (3, 1, 10, 10)).astype(np.uint16)
    scan = write_scan(tmp_path / "s.h5", counts, counts.sum(0, dtype=np.uint32), kind="leave-one-out", counts=True)
    area = write_regions(tmp_path / "s.json", (10, 10), 0, [Box("train", (0, 0), (10, 10))])
    expected = (counts.sum(0) - counts) / 2
    statistics = np.zeros(1, np.float32), np.ones(1, np.float32)
    for counted in (False, True):
        same = Normalisation("none", "none", counted, *statistics, *statistics)
        images = load_role(scan, area, "train", (0, 0), same, np.random.default_rng(0))
        assert images is not None
        np.testing.assert_array_equal(images.noisy, counts)
        moved = images.target.numpy() - expected
        if counted:
            assert moved.std() > 0.1 and moved.min() >= -1 / 6 - 1e-6 and moved.max() <= 1 / 3 + 1e-6
            assert len(np.unique(moved.round(4))) > 200  # every pixel of every target moves by its own draw
        else:
            np.testing.assert_allclose(moved, 0, atol=1e-6)


def test_a_scan_without_the_role_gives_nothing(tmp_path: Path) -> None:
    scan = write_scan(tmp_path / "s.h5", np.ones((1, 1, 8, 8), np.float32), None)
    area = write_regions(tmp_path / "s.json", (8, 8), 1, [Box("apply", (0, 0), (8, 8))])
    assert load_role(scan, area, "train", (1, 1), plain(), np.random.default_rng(0)) is None
