"""Patches: pixels of the right roles with their whole receptive field, all of them about as often."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from noisebound.geometry.tiling import mirror
from noisebound.networks.normalisation import Normalisation
from noisebound.regions.divide import divide
from noisebound.training.patches import PatchSampler, check_patch
from noisebound.training.role_images import RoleImages, load_role
from tests.unit.learning_files import (
    write_regions,
    write_scan,
)


def plain(channels: int = 1) -> Normalisation:
    """Leaves every number as it is."""
    zero, one = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    return Normalisation("none", "none", False, zero, one, zero, one)


def number_pixels(shape: Sequence[int], first: int) -> np.ndarray:
    """An image (1, *shape) in which each pixel is named by a number of its own, from ``first`` on; exact in float32."""
    return (first + np.arange(np.prod(shape), dtype=np.float32)).reshape(1, *shape)


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, int, list[tuple[tuple[int, ...], list[str]]], tuple[int, ...], int]:
    """Dimensions, radius, scans (shape and layout), patch size and seed; scans also smaller than patch and radius."""
    ndim = draw(st.integers(2, 3))
    radius = draw(st.integers(0, 3 if ndim == 3 else 5))
    scans = []
    for _ in range(draw(st.integers(1, 3))):
        shape = (draw(st.integers(1, 6)),) * (ndim - 2) + (draw(st.integers(4, 26)), draw(st.integers(4, 26)))
        columns = draw(st.integers(1, 3))
        layout = draw(st.lists(st.text("TTTE.", min_size=columns, max_size=columns), min_size=1, max_size=3))
        scans.append((shape, layout))
    patch = tuple(2 * radius + draw(st.integers(1, 9)) for _ in range(ndim))
    return ndim, radius, scans, patch, draw(st.integers(0, 2**31))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=splits())
def test_pixels_that_count_are_train_pixels_and_see_what_they_see_at_inference(
    tmp_path_factory: pytest.TempPathFactory,
    case: tuple[int, int, list[tuple[tuple[int, ...], list[str]]], tuple[int, ...], int],
) -> None:
    ndim, radius, scans, patch, seed = case
    folder = tmp_path_factory.mktemp("case")
    rim = (radius,) * ndim
    images, fields, first = [], {}, 1
    for number, (shape, layout) in enumerate(scans):
        try:
            boxes = divide(shape, layout, rim)
        except InputError:
            continue
        pixels = number_pixels(shape, first)
        first += pixels.size
        scan = write_scan(folder / f"s{number}.h5", pixels[None], pixels)
        area = write_regions(folder / f"s{number}.json", shape, radius, boxes)
        loaded = load_role(scan, area, "train", rim, plain(), np.random.default_rng(0))
        if loaded is None:
            assert not any(box.role == "train" for box in boxes)
            continue
        images.append(loaded)
        whole = mirror(pixels[0], [(radius, radius)] * ndim)
        for box in boxes:
            if box.role == "train":
                for index in np.ndindex(*box.shape):
                    y = tuple(i + low for i, low in zip(index, box.lower, strict=True))
                    fields[float(pixels[(0, *y)])] = whole[tuple(slice(i, i + 2 * radius + 1) for i in y)]
    assume(images)
    assert sum(image.pixels for image in images) == len(fields)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(4):
        noisy, target, mask = (part.numpy() for part in PatchSampler(images, patch, rim).batch(2, generator))
        assert noisy.shape == target.shape == mask.shape
        assert all(extent <= max(patch) for extent in noisy.shape[2:])
        for b in range(2):
            assert mask[b].any()
            for index in np.argwhere(mask[b, 0]):
                assert (index >= radius).all() and (index + radius < mask.shape[2:]).all()
                seen = noisy[(b, 0, *(slice(i - radius, i + radius + 1) for i in index))]
                name = float(target[(b, 0, *index)])
                assert name == noisy[(b, 0, *index)]
                # Flips and right-angle turns keep what is seen, not where.
                np.testing.assert_array_equal(np.sort(seen, axis=None), np.sort(fields[name], axis=None))


def test_every_train_pixel_is_learned_from(tmp_path: Path) -> None:
    pixels = number_pixels((21, 17), 1)
    boxes = divide((21, 17), ["TT", "ET", "T."], (3, 3))
    scan = write_scan(tmp_path / "s.h5", pixels[None], pixels)
    area = write_regions(tmp_path / "s.json", (21, 17), 3, boxes)
    images = load_role(scan, area, "train", (3, 3), plain(), np.random.default_rng(0))
    assert images is not None
    generator, seen = torch.Generator().manual_seed(1), set()
    for _ in range(300):
        _, target, mask = PatchSampler([images], (11, 11), (3, 3)).batch(2, generator)
        seen |= set(target[mask].tolist())
    expected = {float(value) for box in boxes if box.role == "train" for value in pixels[0][box.slices].ravel()}
    assert seen == expected


def test_flips_and_turns_are_the_same_for_input_target_and_mask_and_reach_all_orientations(tmp_path: Path) -> None:
    pixels = number_pixels((5, 9, 9), 1)
    scan = write_scan(tmp_path / "s.h5", pixels[None], pixels)
    area = write_regions(tmp_path / "s.json", (5, 9, 9), 0, [Box("train", (0, 0, 0), (5, 9, 9))])
    images = load_role(scan, area, "train", (0, 0, 0), plain(), np.random.default_rng(0))
    assert images is not None
    generator, orientations = torch.Generator().manual_seed(1), set()
    for _ in range(200):
        noisy, target, mask = PatchSampler([images], (5, 9, 9), (0, 0, 0)).batch(1, generator)
        assert torch.equal(noisy, target) and mask.all()
        orientations.add(tuple(noisy[0, 0, :2, :2, :2].flatten().tolist()))
    assert len(orientations) == 2 * 8  # Z up or down, and the symmetries of a square


@pytest.mark.parametrize(("patch", "fits"), [((11, 11), True), ((10, 11), False), ((40, 8), False)])
def test_patches_too_small_for_the_receptive_field_are_refused(patch: tuple[int, int], fits: bool) -> None:
    if fits:
        check_patch(patch, (5, 5))
        return
    with pytest.raises(InputError, match=r"'training.patch'.*at least \[11, 11\].*Remedy"):
        check_patch(patch, (5, 5))


def test_scans_are_sampled_in_proportion_to_their_train_pixels(tmp_path: Path) -> None:
    images: list[RoleImages] = []
    for number, (shape, box) in enumerate([((40, 40), (40, 30)), ((12, 40), (12, 25)), ((40, 40), (10, 10))]):
        noisy = np.full((1, 1, *shape), number, np.float32)
        scan = write_scan(tmp_path / f"{number}.h5", noisy, noisy[0])
        area = write_regions(tmp_path / f"{number}.json", shape, 2, [Box("train", (0, 0), box)])
        loaded = load_role(scan, area, "train", (2, 2), plain(), np.random.default_rng(0))
        assert loaded is not None
        images.append(loaded)
    generator, found = torch.Generator().manual_seed(0), np.zeros(3)
    for _ in range(500):
        noisy, _, mask = PatchSampler(images, (20, 20), (2, 2)).batch(2, generator)
        for image, counts in zip(noisy, mask, strict=True):
            found[int(image[counts][0])] += 1
    np.testing.assert_allclose(found / 1000, np.array([1200, 300, 100]) / 1600, atol=0.06)


def test_boxes_teach_in_proportion_to_their_pixels() -> None:
    """Also across scans: 16, 48 and 96 pixels; every pixel says in the target to which box it belongs."""
    boxes = [[((0, 0), (4, 4)), ((8, 0), (16, 6))], [((2, 2), (10, 14))]]
    images, number = [], 0
    for own in boxes:
        target, mask = torch.zeros(1, 1, 20, 20), torch.zeros(20, 20, dtype=torch.bool)
        for lower, upper in own:
            inside = tuple(slice(*ends) for ends in zip(lower, upper, strict=True))
            number += 1
            target[(0, 0, *inside)], mask[inside] = number, True
        images.append(RoleImages(target, target, mask, tuple(Box("train", *ends) for ends in own)))
    _, target, mask = PatchSampler(images, (1, 1), (0, 0)).batch(3000, torch.Generator().manual_seed(0))
    assert mask.all()
    shares = torch.bincount(target.flatten().long(), minlength=4)[1:] / 3000
    # Four standard errors of a share of 0.6.
    torch.testing.assert_close(shares, torch.tensor([0.1, 0.3, 0.6]), rtol=0, atol=4 * (0.24 / 3000) ** 0.5)


def test_patches_are_multiples_of_the_alignment() -> None:
    check_patch([32, 36], [13, 13], 4)
    with pytest.raises(InputError, match=r"Remedy: for example \[32, 36\]"):
        check_patch([32, 34], [13, 13], 4)
