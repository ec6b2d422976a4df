"""The ensemble against brute force: members run one by one on the whole, mirrored scan with the plain network."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from noisebound.core.errors import InputError
from noisebound.ensemble.ensemble_scan import EnsembleFiles, ensemble_scan
from noisebound.ensemble.fit_latent_basis import BasisFiles, fit_latent_basis
from noisebound.ensemble.settings import BasisSettings, EnsembleSettings
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis
from tests.unit.ensemble.member_files import CHANNELS, COUNTS, TILES, Members, apply, make_frames, make_members, near
from tests.unit.learning_files import (
    smooth_image,
    write_regions,
    write_scan,
)
from tests.unit.unets import unet_members


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


@pytest.mark.parametrize("tile", range(3))
def test_every_image_is_the_brute_force_over_the_members(members: Members, tmp_path: Path, tile: int) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(
        tmp_path / "s.h5", frames, frames.sum(0, dtype=np.uint32), kind="leave-one-out", channels=["Mg", "Fe"]
    )
    output = apply(members, scan, tmp_path / "e.h5", tile=TILES[members.dimensions][tile], frame=1)
    basis = LatentBasis.load(members.basis)
    with Predictions(output) as found:
        assert (found.scan, found.channels, found.shape) == ("s", ("Mg", "Fe"), frames.shape[2:])
        assert (found.frame, found.levels, found.n_members) == (1, (0.05, 0.5, 0.95), 3)
        assert found.pixel_size == (0.5,) * members.dimensions and found.pixel_unit == "nm"
        assert found.n_frames == 3 and found.n_latent == 6 and found.has_members
        for k, frame in enumerate(frames.astype(np.float32)):
            latents, quantiles = members.brute_force(frame)
            averages = [np.mean([q[side] for q in quantiles], axis=0, dtype=np.float64) for side in range(3)]
            for actual, expected in zip(found.read_frame(k), averages, strict=True):
                near(actual, expected)
            assert (averages[1].std(axis=tuple(range(1, frame.ndim))) > 0.01).all()  # not a comparison of constants
            if k == found.frame:
                for kind, expected in zip(("lower", "median", "upper"), averages, strict=True):
                    near(found.read(kind), expected)
                medians = np.stack([q[1] for q in quantiles])
                near(found.read("spread"), np.sqrt(((medians - medians.mean(0)) ** 2).mean(0)), 2e-5)
                for m, median in enumerate(medians):
                    near(found.read_member(m), median)
                near(found.read_latent(), basis.project(np.concatenate(latents)), 2e-3)  # stored as float16
                width = np.square((np.stack([q[2] - q[0] for q in quantiles]) / (2 * 1.6448536)).astype(np.float64))
                for c, name in enumerate(found.channels):
                    parts = found.uncertainty[name]
                    assert parts["aleatoric"] == pytest.approx(np.sqrt(width[:, c].mean()), rel=1e-4)
                    spread = np.square(found.read("spread", channel=c), dtype=np.float64)
                    assert parts["epistemic"] == pytest.approx(np.sqrt(spread.mean()), rel=1e-4)
        lower, median, upper = (found.read(kind) for kind in ("lower", "median", "upper"))
        assert (lower <= median).all() and (median <= upper).all()
        if COUNTS[members.dimensions]:
            assert lower.min() >= 0


@pytest.mark.parametrize("orientations", [4, 8])
def test_orientations_are_averaged_so_that_a_turned_scan_gives_the_turned_result(
    members: Members, tmp_path: Path, orientations: int
) -> None:
    frame = make_frames(members.dimensions)[:1]
    turned = np.rot90(frame, 1, (-2, -1))
    if orientations == 8:
        turned = np.flip(turned, -1)
    results = []
    for name, frames in (("as", frame), ("turned", turned)):
        scan = write_scan(tmp_path / f"{name}.h5", np.ascontiguousarray(frames), None, channels=["Mg", "Fe"])
        output = apply(members, scan, tmp_path / f"{name}.out.h5", orientations=orientations)
        with Predictions(output) as found:
            results.append([found.read(kind) for kind in ("lower", "median", "upper")])
    for plain, other in zip(*results, strict=True):
        expected = np.rot90(plain, 1, (-2, -1))
        near(other, np.flip(expected, -1) if orientations == 8 else expected, 2e-5)
    # The networks themselves are not symmetric: averaging has changed something.
    single = apply(members, tmp_path / "as.h5", tmp_path / "single.h5")
    with Predictions(single) as found:
        assert np.abs(found.read("median") - results[0][1]).max() > 1e-3


def contents(path: Path) -> list[np.ndarray]:
    """Every image of a file of predictions of a scan with three frames."""
    with Predictions(path) as found:
        images = [found.read(kind) for kind in ("lower", "median", "upper", "spread")]
        frames = [part for k in range(3) for part in found.read_frame(k)]
        return [*images, found.read_latent(), *frames, *(found.read_member(m) for m in range(3))]


def test_the_size_of_the_tiles_changes_not_one_bit(members: Members, tmp_path: Path) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    outputs = [apply(members, scan, tmp_path / f"{i}.h5", tile=t) for i, t in enumerate(TILES[members.dimensions])]
    whole = contents(outputs[0])
    for path in outputs[1:]:
        for actual, expected in zip(contents(path), whole, strict=True):
            np.testing.assert_array_equal(actual, expected)


def test_little_memory_makes_small_tiles_and_the_same_result(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    caplog.set_level("INFO", "noisebound")
    whole = contents(apply(members, scan, tmp_path / "whole.h5"))
    assert "1 tiles of up to" in caplog.text
    caplog.clear()
    monkeypatch.setattr("noisebound.core.hardware.psutil.virtual_memory", lambda: SimpleNamespace(total=10**6))
    cut = contents(apply(members, scan, tmp_path / "cut.h5"))
    found = re.search(r"(\d+) tiles of up to", caplog.text)
    assert found is not None and int(found[1]) > 1
    for actual, expected in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_a_scan_without_reference_has_the_delivered_frame_only(members: Members, tmp_path: Path) -> None:
    frames = make_frames(members.dimensions)
    with_reference = write_scan(tmp_path / "a" / "s.h5", frames, frames[0].astype(np.float32))
    without = write_scan(tmp_path / "b" / "s.h5", frames, None)
    paths = [apply(members, scan, scan.with_name("e.h5"), frame=2) for scan in (with_reference, without)]
    with Predictions(paths[0]) as one, Predictions(paths[1]) as other:
        assert other.n_frames == 0 and not other.has_members and other.frame == 2
        for kind in ("lower", "median", "upper", "spread"):
            np.testing.assert_array_equal(other.read(kind), one.read(kind))
        np.testing.assert_array_equal(other.read_latent(), one.read_latent())
        with pytest.raises(InputError, match="Remedy"):
            other.read_frame(0)


def test_members_are_left_out_on_request_and_the_bytes_are_the_same_again(members: Members, tmp_path: Path) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    paths = [apply(members, scan, tmp_path / f"{i}.h5", keep_members=False) for i in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Predictions(paths[0]) as found:
        assert not found.has_members and found.n_frames == 3 and found.n_members == 3


@pytest.mark.parametrize("frame", [-1, 3, 100])
def test_a_frame_that_is_not_there_is_refused(members: Members, tmp_path: Path, frame: int) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    with pytest.raises(InputError, match=rf"s\.h5.*'ensemble.frame', value {frame}: the scan has 3 frames.*Remedy"):
        apply(members, scan, tmp_path / "e.h5", frame=frame)
    assert os.listdir(tmp_path) == ["s.h5"]


def test_scans_tiles_and_bases_that_do_not_fit_are_refused(members: Members, tmp_path: Path) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    narrow = write_scan(tmp_path / "narrow.h5", frames[:, :1], None)
    with pytest.raises(InputError, match=r"narrow\.h5.*has 1 channels.*trained on 2.*Remedy"):
        apply(members, narrow, tmp_path / "e.h5")
    with pytest.raises(InputError, match=rf"'ensemble.tile', value \[8\].*{members.dimensions}-D scan needs.*Remedy"):
        apply(members, scan, tmp_path / "e.h5", tile=[8])
    fewer = Members(members.weights[:2], members.architectures[:2], members.basis, members.dimensions)
    with pytest.raises(InputError, match=r"basis\.npz.*fitted on other members.*Remedy"):
        apply(fewer, scan, tmp_path / "e.h5")
    swapped = Members(members.weights, members.architectures[::-1], members.basis, members.dimensions)
    with pytest.raises(InputError, match=r"0\.pt.*trained with another graph.*Remedy"):
        apply(swapped, scan, tmp_path / "e.h5")
    assert not (tmp_path / "e.h5").exists()


def test_a_member_that_gives_no_numbers_is_never_delivered(tmp_path: Path) -> None:
    members = make_members(tmp_path / "members", 2, spoil=True)
    frames = make_frames(2)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    for tile in ("auto", [8, 8]):
        with pytest.raises(InputError, match=r"not finite.*Remedy"):
            apply(members, scan, tmp_path / "e.h5", tile=tile)
    assert sorted(os.listdir(tmp_path)) == ["members", "s.h5"]


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("orientations", [1, 8])
def test_the_size_of_the_tiles_changes_no_result_of_the_ensemble(
    tmp_path: Path, dimensions: int, orientations: int
) -> None:
    weights, files = unet_members(tmp_path / "members", dimensions)
    shape = {2: (37, 30), 3: (5, 14, 11)}[dimensions]
    noisy = smooth_image((1, CHANNELS, *shape), 1).astype(np.float32)
    scan = write_scan(tmp_path / "s.h5", noisy, None)
    area = write_regions(tmp_path / "s.json", shape, 0, [Box("train", (0,) * dimensions, shape)])
    basis = tmp_path / "basis.npz"
    fit_latent_basis(
        BasisFiles(weights, files, [scan], [area], basis, tmp_path / "sample.npz", tmp_path / "frames.npz"),
        settings=BasisSettings(components=3, sample_size=100, frame=0, seed=1),
    )
    found = []
    for tile in ("auto", {2: [9, 13], 3: [2, 6, 5]}[dimensions]):
        output = tmp_path / "ensemble.h5"
        ask = {
            "tile": tile,
            "overlap": "exact",
            "orientations": orientations,
            "combine": "average",
            "frame": 0,
            "keep_members": False,
            "levels": [0.05, 0.95],
        }
        paths = EnsembleFiles(weights, files, basis, scan, output)
        ensemble_scan(paths, settings=EnsembleSettings(**ask), counts=False)
        with Predictions(output) as images:
            found.append(np.concatenate([images.read(kind) for kind in ("lower", "median", "upper", "spread")]))
            latents = images.read_latent()
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-5 * np.abs(found[0]).max())
    assert np.isfinite(latents).all() and latents.std() > 0
