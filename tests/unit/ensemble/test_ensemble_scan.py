"""The ensemble against brute force: members run one by one on the whole, mirrored scan with the plain network."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError
from noisebound.ensemble.ensemble_scan import EnsembleFiles, ensemble_scan
from noisebound.ensemble.fit_latent_basis import BasisFiles, fit_latent_basis
from noisebound.ensemble.members import Ensemble
from noisebound.ensemble.pooling import pool_quantiles
from noisebound.ensemble.settings import BasisSettings, EnsembleSettings
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis, fit_basis
from noisebound.latent.sample import load_sample
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from tests.unit.learning_files import draw_small, smooth_image, write_architecture, write_regions, write_scan

CHANNELS = 2
SHAPES = {2: (29, 23), 3: (5, 12, 11)}
COUNTS = {2: True, 3: False}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle runs on the CPU; a GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@dataclass
class Members:
    """Files of trained members with different graphs, radii, latent sizes and statistics."""

    weights: list[Path]
    architectures: list[Path]
    basis: Path
    dimensions: int

    def brute_force(self, frame: np.ndarray) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
        """Each member's latents (L, *spatial) and quantiles, 3 times (C, *spatial), for a raw frame."""
        latents, quantiles = [], []
        for weights, graph in zip(self.weights, self.architectures, strict=True):
            network, norm = load_member(weights, graph)
            rim = 2 * network.architecture.radius()
            root = np.sqrt(np.maximum(frame, 0)) if norm.input_transform == "sqrt" else frame
            across = (CHANNELS, *(1,) * self.dimensions)
            values = (root - norm.input_mean.reshape(across)) / norm.input_spread.reshape(across)
            wide = np.pad(values, [(0, 0), *[(rim, rim)] * self.dimensions], mode="symmetric").astype(np.float32)
            inner = (slice(None), *(slice(rim, rim + extent) for extent in frame.shape[1:]))
            with torch.no_grad():
                latents.append(network.encode(torch.from_numpy(wide)[None])[0].numpy()[inner])
                parts = [q[0].numpy()[inner] for q in network(torch.from_numpy(wide)[None])]
            restored = [p * norm.target_spread.reshape(across) + norm.target_mean.reshape(across) for p in parts]
            if norm.target_transform == "anscombe":
                restored = [(np.maximum(p, 0) / 2) ** 2 - 0.375 for p in restored]
            quantiles.append([np.maximum(p, 0) if norm.counts else p for p in restored])
        return latents, quantiles


def make_members(folder: Path, dimensions: int, *, spoil: bool = False) -> Members:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(dimensions)
    members = Members([], [], folder / "basis.npz", dimensions)
    for m, (latent, radius) in enumerate([(4, 3), (7, 6), (5, 5)]):
        graph = draw_small(
            dimensions=dimensions, image_channels=CHANNELS, seed=5, member=m, latent=latent, max_radius=radius
        )
        network = MemberNetwork(graph)
        generator = torch.Generator().manual_seed(m)
        network.initialise(generator)
        for head in network.heads:
            head[-1].weight.data.normal_(generator=generator)
        if spoil and m == 1:
            network.projection.bias.data[0] = torch.nan  # type: ignore[union-attr]
        counts = COUNTS[dimensions]
        statistics = random.uniform(2, 4, (4, CHANNELS)).astype(np.float32)
        norm = Normalisation("sqrt" if counts else "none", "anscombe" if counts else "none", counts, *statistics)
        members.architectures.append(write_architecture(folder / f"{m}.json", graph))
        members.weights.append(folder / f"{m}.pt")
        save_member(members.weights[-1], network.state_dict(), graph, norm, member=m, step=1)
    fit_basis(random.normal(size=(300, 16)) @ random.normal(size=(16, 16)), [4, 7, 5], 6).save(members.basis)
    return members


def make_frames(dimensions: int, seed: int = 0) -> np.ndarray:
    scene = smooth_image((3, CHANNELS, *SHAPES[dimensions]), seed)
    return np.random.default_rng(seed).poisson(scene).astype(np.uint16)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-D", "3-D"])
def members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Members:
    return make_members(tmp_path_factory.mktemp("members"), request.param)


def apply(members: Members, scan: Path, output: Path, **changes: Any) -> Path:
    plain = {"tile": "auto", "overlap": "exact", "orientations": 1, "combine": "average", "frame": 0}
    settings = EnsembleSettings(**{**plain, "keep_members": True, "levels": [0.05, 0.95], **changes})
    files = EnsembleFiles(members.weights, members.architectures, members.basis, scan, output)
    ensemble_scan(files, settings=settings, counts=COUNTS[members.dimensions])
    return output


def near(actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


TILES = {2: ["auto", [8, 8], [29, 3], [1, 23]], 3: ["auto", [2, 5, 4], [5, 12, 2]]}


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


def test_a_narrow_overlap_says_what_it_changes(
    members: Members, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None, channels=["Mg", "Fe"])
    extents = SHAPES[members.dimensions]
    tile = [*extents[:-1], -(-extents[-1] // 3)]  # as many tiles as are measured
    exact = apply(members, scan, tmp_path / "exact.h5", tile=tile)
    caplog.set_level("INFO", "noisebound")
    narrow = apply(members, scan, tmp_path / "narrow.h5", tile=tile, overlap=1)
    assert caplog.text.count("instead of") == 2  # once per channel
    with Predictions(exact) as one, Predictions(narrow) as other:
        assert one.overlap_error == {}
        difference = other.read("median") - one.read("median")
        width = one.read("upper") - one.read("lower")
        assert list(other.overlap_error) == ["Mg", "Fe"]
        for c, found in enumerate(other.overlap_error.values()):
            assert found["largest"] == pytest.approx(np.abs(difference[c]).max(), rel=1e-5) and found["largest"] > 0
            assert found["rms"] == pytest.approx(np.sqrt(np.mean(difference[c] ** 2, dtype=np.float64)), rel=1e-5)
            assert found["width"] == pytest.approx(width[c].mean(), rel=1e-5)
    wide = apply(members, scan, tmp_path / "wide.h5", tile=tile, overlap=1000)
    with Predictions(exact) as one, Predictions(wide) as other:
        assert other.overlap_error == {}
        np.testing.assert_array_equal(other.read("median"), one.read("median"))


def watch_memory(monkeypatch: pytest.MonkeyPatch, memory: int | None) -> list[int]:
    """Have jobs use so much memory; the list grows by how many pixels too many members were given at a time."""
    excess: list[int] = []
    member = Ensemble.member

    def watched(self: Ensemble, m: int, image: np.ndarray) -> Any:
        excess.append(image[0].size - self.pixels_within((memory or 10**12) // 2))
        return member(self, m, image)

    monkeypatch.setattr(Ensemble, "member", watched)
    if memory is not None:
        monkeypatch.setattr("noisebound.core.hardware.usable_memory", lambda *_: memory)
    return excess


@pytest.fixture
def roomy(members: Members) -> int:
    """Memory in bytes that holds tiles of a few pixels with the exact halo, and not the whole scan."""
    ensemble = Ensemble(members.weights, members.architectures)
    pixels = np.prod([8 + 2 * rim for rim in ensemble.halo])
    return int(2 * pixels * 10**6 / ensemble.pixels_within(10**6)) + 10**4


def test_the_error_of_a_narrow_overlap_is_measured_within_the_memory(
    members: Members, roomy: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    tile = list(SHAPES[members.dimensions])
    errors = []
    for name, memory in (("ample", None), ("little", roomy)):
        with monkeypatch.context() as patch:
            excess = watch_memory(patch, memory)
            with Predictions(apply(members, scan, tmp_path / f"{name}.h5", tile=tile, overlap=0)) as found:
                errors.append(found.overlap_error)
        # The tile that was asked for, by each of three members, comes first and last.
        assert max(excess[3:-3]) <= 0
        assert (len(excess) > 9) == (name == "little")
    for ample, little in zip(*(error.values() for error in errors), strict=True):
        assert little == pytest.approx(ample, rel=1e-5) and little["largest"] > 0


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


def test_members_of_different_kinds_are_no_ensemble(tmp_path: Path) -> None:
    flat, deep = make_members(tmp_path / "2", 2), make_members(tmp_path / "3", 3)
    with pytest.raises(InputError, match=r"members differ in dimensions or channels.*Remedy"):
        Ensemble([flat.weights[0], deep.weights[0]], [flat.architectures[0], deep.architectures[0]])
    with pytest.raises(InputError, match="no member is given"):
        Ensemble([], [])


def test_a_member_that_gives_no_numbers_is_never_delivered(tmp_path: Path) -> None:
    members = make_members(tmp_path / "members", 2, spoil=True)
    frames = make_frames(2)
    scan = write_scan(tmp_path / "s.h5", frames, frames[0].astype(np.float32))
    for tile in ("auto", [8, 8]):
        with pytest.raises(InputError, match=r"not finite.*Remedy"):
            apply(members, scan, tmp_path / "e.h5", tile=tile)
    assert sorted(os.listdir(tmp_path)) == ["members", "s.h5"]


@pytest.mark.parametrize("tile", ["auto", "small"])
def test_pooled_members_are_the_quantiles_of_their_mixture(members: Members, tmp_path: Path, tile: str) -> None:
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None, channels=["Mg", "Fe"])
    size: Any = "auto" if tile == "auto" else TILES[members.dimensions][1]
    output = apply(members, scan, tmp_path / "e.h5", tile=size, combine="pool")
    _, quantiles = members.brute_force(frames[0].astype(np.float32))
    lower, median, upper = (np.stack([q[side] for q in quantiles]) for side in range(3))
    with Predictions(output) as found:
        expected = pool_quantiles(lower, median, upper, (0.05, 0.95))
        for kind, values in zip(("lower", "median", "upper"), expected, strict=True):
            near(found.read(kind), values, 1e-4)
        near(found.read("spread"), median.std(axis=0), 2e-5)
        averaged = upper.mean(axis=0) - lower.mean(axis=0)
        assert not np.allclose(found.read("upper") - found.read("lower"), averaged, rtol=1e-3)


def fit(members: Members, scans: list[Path], regions: list[Path], folder: Path, **changes: Any) -> tuple[Path, Path]:
    settings = {"components": 5, "sample_size": 240, "seed": 1, "frame": 1, **changes}
    paths = folder / "basis.npz", folder / "sample.npz"
    files = BasisFiles(members.weights, members.architectures, scans, regions, *paths)
    fit_latent_basis(files, settings=BasisSettings(**settings))
    return paths


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
    members: Members, roomy: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = SHAPES[members.dimensions]
    frames = make_frames(members.dimensions)
    scan = write_scan(tmp_path / "s.h5", frames, None)
    lower = (1,) * len(shape)
    area = write_regions(tmp_path / "s.json", shape, 0, [Box("train", lower, shape)])
    samples = []
    for name, memory in (("ample", None), ("little", roomy)):
        (tmp_path / name).mkdir()
        with monkeypatch.context() as patch:
            excess = watch_memory(patch, memory)
            samples.append(load_sample(fit(members, [scan], [area], tmp_path / name)[1]))
        assert max(excess) <= 0 and (len(excess) > 6) == (name == "little")
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


def test_the_halo_is_the_largest_radius_of_the_members(members: Members) -> None:
    radii = [Architecture.read(path).radius() for path in members.architectures]
    ensemble = Ensemble(members.weights, members.architectures)
    assert len(set(radii)) > 1 and ensemble.halo == (max(radii),) * members.dimensions and len(ensemble) == 3


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
