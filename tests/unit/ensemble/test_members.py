"""The members: halo and memory follow from their graphs, and those of different kinds are refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError
from noisebound.ensemble.members import Ensemble, exact_tiles, tile_size
from tests.unit.ensemble.member_files import Members, make_frames, make_members, near


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


def test_members_of_different_kinds_are_no_ensemble(tmp_path: Path) -> None:
    flat, deep = make_members(tmp_path / "2", 2), make_members(tmp_path / "3", 3)
    with pytest.raises(InputError, match=r"members differ in dimensions or channels.*Remedy"):
        Ensemble([flat.weights[0], deep.weights[0]], [flat.architectures[0], deep.architectures[0]])
    with pytest.raises(InputError, match="no member is given"):
        Ensemble([], [])


def test_the_halo_is_the_largest_radius_of_the_members(members: Members) -> None:
    radii = [Architecture.read(path).radius() for path in members.architectures]
    ensemble = Ensemble(members.weights, members.architectures)
    assert len(set(radii)) > 1 and ensemble.halo == (max(radii),) * members.dimensions and len(ensemble) == 3


@pytest.mark.parametrize(("orientations", "flips"), [(4, (False,)), (8, (False, True))])
def test_orientations_are_the_mean_over_turned_and_mirrored_images(
    members: Members, orientations: int, flips: tuple[bool, ...]
) -> None:
    image = make_frames(members.dimensions)[0].astype(np.float32)
    plain = Ensemble(members.weights, members.architectures)
    latent, (lower, _, upper) = Ensemble(members.weights, members.architectures, orientations).member(1, image)
    seen = []
    for flip in flips:
        for turns in range(4):
            turned = np.rot90(image[..., ::-1] if flip else image, turns, (-2, -1))
            found, _ = plain.member(1, np.ascontiguousarray(turned))
            back = np.rot90(found, -turns, (-2, -1))
            seen.append(back[..., ::-1] if flip else back)
    near(latent, np.mean(seen, axis=0), 2e-5)
    assert np.std(seen, axis=0).max() > 1e-3  # not a mean of equal things
    assert (lower <= upper).all()


def test_more_memory_holds_more_pixels_and_more_members_leave_room_for_fewer(members: Members) -> None:
    every = Ensemble(members.weights, members.architectures)
    two = Ensemble(members.weights[:2], members.architectures[:2])
    assert every.pixels_within(0) == 1
    assert every.pixels_within(2 * 10**7) == pytest.approx(2 * every.pixels_within(10**7), rel=1e-3)
    assert every.pixels_within(10**7) < two.pixels_within(10**7)


def test_tiles_fit_into_the_memory_and_a_scan_smaller_than_it_is_one_tile(members: Members) -> None:
    ensemble = Ensemble(members.weights, members.architectures)
    shape, halo = (200, 300) if members.dimensions == 2 else (40, 50, 60), ensemble.halo
    memory = 2 * 10**7
    size = tile_size("auto", ensemble, shape, halo, memory)
    read = math.prod(extent + 2 * rim for extent, rim in zip(size, halo, strict=True))
    assert read <= ensemble.pixels_within(memory // 2)
    small = (4,) * members.dimensions
    assert tile_size("auto", ensemble, small, halo, 10**9) == small
    assert tile_size([7] * members.dimensions, ensemble, shape, halo, memory) == (7,) * members.dimensions
    with pytest.raises(InputError, match=r"'ensemble\.tile'.*Remedy"):
        tile_size([7], ensemble, shape, halo, memory)


def test_exact_tiles_cover_a_region_once_and_read_the_whole_halo(members: Members) -> None:
    ensemble = Ensemble(members.weights, members.architectures)
    shape = (60, 70) if members.dimensions == 2 else (9, 30, 35)
    region = tuple(slice(extent // 4, extent // 4 + extent // 2) for extent in shape)
    pixels = math.prod(8 + 2 * rim for rim in ensemble.halo)
    memory = int(2 * pixels * 10**6 / ensemble.pixels_within(10**6)) + 10**4
    times, scan = np.zeros(shape, dtype=int), np.zeros((1, *shape), dtype=np.float32)
    count = 0
    for tile in exact_tiles(ensemble, shape, region, memory):
        times[tile.keep] += 1
        count += 1
        whole = tile.complete(scan[(slice(None), *tile.read)])
        for inner, rim, extent in zip(tile.inner, ensemble.halo, whole.shape[1:], strict=True):
            assert inner.start >= rim and extent - inner.stop >= rim
    assert count > 1 and (times[region] == 1).all() and times.sum() == times[region].sum()
