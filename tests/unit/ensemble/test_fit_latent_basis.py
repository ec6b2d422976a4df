"""The basis: fitted on the members' latents at train pixels, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.core.errors import InputError
from noisebound.ensemble.members import Ensemble
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis, fit_basis
from noisebound.latent.sample import load_sample
from tests.unit.ensemble.member_files import (
    SHAPES,
    Members,
    apply,
    fit,
    little_memory,
    make_frames,
    make_members,
    near,
    watch_memory,
)
from tests.unit.learning_files import (
    write_regions,
    write_scan,
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


def test_the_sample_holds_the_members_latents_at_train_pixels(members: Members, tmp_path: Path) -> None:
    shape = SHAPES[members.dimensions]
    whole = tuple((0, extent) for extent in shape[:-2])

    def box(role: str, rows: tuple[int, int], columns: tuple[int, int]) -> Box:
        lower, upper = zip(*whole, rows, columns, strict=True)
        return Box(role, lower, upper)

    layouts = [
        [box("train", (0, 5), (0, 9)), box("train", (0, 2), (9, 11)), box("test", (8, 12), (0, 11))],
        [box("test", (0, shape[-2]), (0, shape[-1]))],
        [box("train", (0, shape[-2]), (0, shape[-1]))],
    ]
    scans, areas, frames = [], [], []
    for i, boxes in enumerate(layouts):
        frames.append(make_frames(members.dimensions, i))
        scans.append(write_scan(tmp_path / f"s{i}.h5", frames[-1], frames[-1][0].astype(np.float32)))
        areas.append(write_regions(tmp_path / f"s{i}.json", shape, 0, boxes))
    basis_path, sample_path = fit(members, scans, areas, tmp_path, sample_size=80)
    sample = load_sample(sample_path)
    assert sample.scans == ("s0", "s2") and sample.member_sizes.tolist() == [4, 7, 5]
    counts = np.bincount(sample.scan)
    assert counts.tolist() == pytest.approx([40, 40], abs=2)  # equally many of each scan with train boxes
    for number, i in enumerate((0, 2)):
        rows = sample.scan == number
        where = sample.coordinates[rows]
        assert len(np.unique(where, axis=0)) == len(where)
        trained = np.zeros(shape, dtype=bool)
        for b in layouts[i]:
            if b.role == "train":
                trained[b.slices] = True
        assert trained[tuple(where.T)].all()
        latents, quantiles = members.brute_force(frames[i][1].astype(np.float32))
        at = (slice(None), *where.T)
        near(sample.latents[rows].T, np.concatenate(latents)[at])
        near(sample.medians[rows].T, np.mean([q[1] for q in quantiles], axis=0)[at])
    small = np.isin(sample.coordinates[:, -1], (9, 10)) & (sample.scan == 0)
    assert small.sum() == pytest.approx(40 * 4 / 49, abs=1)  # boxes in proportion to their size
    # Noise-only input: no pixel keeps its latents, but they are of the same kind.
    assert sample.null.shape == sample.latents.shape and np.isfinite(sample.null).all()
    assert (np.abs(sample.null - sample.latents).max(axis=1) > 1e-3).all()
    expected = fit_basis(sample.latents, [4, 7, 5], 5)
    assert LatentBasis.load(basis_path).digest == expected.digest


def test_the_basis_fits_the_ensemble_and_the_same_seed_gives_the_same_bytes(members: Members, tmp_path: Path) -> None:
    shape = SHAPES[members.dimensions]
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    area = write_regions(tmp_path / "s.json", shape, 0, [Box("train", (0,) * len(shape), shape)])
    for name in ("one", "two", "other"):
        (tmp_path / name).mkdir()
        fit(members, [scan], [area], tmp_path / name, seed=2 if name == "other" else 1)
    for file in ("basis.npz", "sample.npz"):
        content = {name: (tmp_path / name / file).read_bytes() for name in ("one", "two", "other")}
        assert content["one"] == content["two"] != content["other"]
    fitted = Members(members.weights, members.architectures, tmp_path / "one" / "basis.npz", members.dimensions)
    with Predictions(apply(fitted, scan, tmp_path / "e.h5")) as found:
        latents, _ = members.brute_force(frames[0].astype(np.float32))
        near(found.read_latent(), LatentBasis.load(fitted.basis).project(np.concatenate(latents)), 2e-3)


def test_the_sample_is_drawn_within_the_memory(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = SHAPES[members.dimensions]
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    lower = (1,) * len(shape)
    area = write_regions(tmp_path / "s.json", shape, 0, [Box("train", lower, shape)])
    samples = []
    for name, memory in (("ample", None), ("little", little_memory(members))):
        (tmp_path / name).mkdir()
        with monkeypatch.context() as patch:
            excess = watch_memory(patch, memory)
            samples.append(load_sample(fit(members, [scan], [area], tmp_path / name)[1]))
        # 3 members see the box, noise in it, two frames of one window, and two images of noise.
        assert max(excess) <= 0 and (len(excess) > 18) == (name == "little")
    np.testing.assert_array_equal(samples[0].latents, samples[1].latents)
    np.testing.assert_array_equal(samples[0].medians, samples[1].medians)


def test_more_pixels_asked_for_than_there_are_gives_each_once(tmp_path: Path) -> None:
    members = make_members(tmp_path / "members", 2)
    frames = make_frames(2)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    area = write_regions(tmp_path / "s.json", SHAPES[2], 0, [Box("train", (2, 3), (9, 11))])
    _, path = fit(members, [scan], [area], tmp_path, sample_size=10_000, frame=100)
    sample = load_sample(path)
    expected = np.stack(np.meshgrid(np.arange(2, 9), np.arange(3, 11), indexing="ij"), -1).reshape(-1, 2)
    np.testing.assert_array_equal(sample.coordinates, expected)


def test_without_train_pixels_there_is_no_basis(members: Members, tmp_path: Path) -> None:
    shape = SHAPES[members.dimensions]
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    area = write_regions(tmp_path / "s.json", shape, 0, [Box("apply", (0,) * len(shape), shape)])
    with pytest.raises(InputError, match=r"no scan has a train region.*Remedy"):
        fit(members, [scan], [area], tmp_path)


def test_the_sample_holds_nothing_of_other_roles(members: Members, tmp_path: Path) -> None:
    shape, halo = SHAPES[members.dimensions], Ensemble(members.weights, members.architectures).halo[-1]
    rows = shape[-2] if members.dimensions == 3 else 12
    lower, upper = (0,) * len(shape), (*shape[:-2], rows, 4)
    frames = make_frames(members.dimensions).astype(np.float32)
    changed = frames.copy()
    changed[..., 4 + halo :] *= 100
    if members.dimensions == 2:
        changed[..., 12 + halo :, :] *= 100
    contents = []
    for name, values in (("clean", frames), ("changed", changed)):
        folder = tmp_path / name
        scan = write_scan(folder / "s.h5", values, values[0])
        area = write_regions(folder / "s.json", shape, 0, [Box("train", lower, upper)])
        contents.append([path.read_bytes() for path in fit(members, [scan], [area], folder, sample_size=30)])
        sample = load_sample(folder / "sample.npz")
        assert len(sample.null) == 30 and (sample.null.std(0) > 0).all()
    assert not np.array_equal(frames, changed) and contents[0] == contents[1]
