"""The U-Net: its stated radius and size, and that neither the tile, the turn nor the batch changes a pixel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.architecture.draw_architecture import draw_architecture
from noisebound.architecture.families import read_architecture
from noisebound.architecture.random_graph import Architecture, Edge
from noisebound.architecture.settings import UNetSettings
from noisebound.architecture.unet import UNetArchitecture, plan_unet
from noisebound.core.errors import InputError
from noisebound.ensemble.combine import combine_members
from noisebound.ensemble.ensemble_scan import EnsembleFiles, ensemble_scan
from noisebound.ensemble.fit_latent_basis import BasisFiles, fit_latent_basis
from noisebound.ensemble.members import Ensemble
from noisebound.ensemble.settings import BasisSettings, EnsembleSettings
from noisebound.figures.architecture_figures import architectures, describe
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.geometry.tiling import mirror, tiles
from noisebound.networks import engine
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.networks.space_to_depth import continue_to_multiples
from noisebound.networks.unet_network import UNet
from noisebound.regions.divide import divide
from noisebound.report.index_page import drawn_architectures
from noisebound.training.patches import check_patch
from noisebound.training.settings import DataSettings, TrainingSettings
from noisebound.training.train_member import TrainingFiles, train_member
from tests.unit.learning_files import (
    TRAINING,
    draw_small,
    give_weights,
    smooth_image,
    write_architecture,
    write_regions,
    write_scan,
)

CHANNELS = 2
shapes = pytest.mark.parametrize(
    ("dimensions", "levels", "convolutions"),
    [(2, 1, 1), (2, 1, 2), (2, 2, 1), (2, 2, 2), (2, 3, 1), (3, 1, 2), (3, 2, 1)],
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def plan(dimensions: int, levels: int, convolutions: int = 1, *, member: int = 0) -> UNetArchitecture:
    return plan_unet(
        UNetSettings(levels, width=3, convolutions=convolutions, latent=4, hidden=5, max_radius=99),
        seed=1,
        member=member,
        dimensions=dimensions,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
    )


def make_network(architecture: UNetArchitecture, seed: int = 0) -> UNet:
    return give_weights(UNet(architecture), seed)


@shapes
def test_the_parameter_count_is_that_of_the_module(dimensions: int, levels: int, convolutions: int) -> None:
    architecture = plan(dimensions, levels, convolutions)
    assert sum(p.numel() for p in UNet(architecture).parameters()) == architecture.parameter_count()


@shapes
def test_an_impulse_reaches_exactly_the_stated_radius(dimensions: int, levels: int, convolutions: int) -> None:
    architecture = plan(dimensions, levels, convolutions)
    network = make_network(architecture).double()
    for parameter in network.parameters():
        parameter.data.abs_().add_(0.01)  # positive everywhere, so that nothing cancels and no maximum is missed
    radius, alignment = architecture.radius(), architecture.alignment
    extent = 2 * (radius + -radius % alignment) + 2 * alignment
    farthest = 0
    with torch.no_grad():
        before = network.encode(torch.zeros((1, CHANNELS, *(extent,) * dimensions), dtype=torch.float64))
        for place in range(extent // 2, extent // 2 + alignment):
            image = torch.zeros((1, CHANNELS, *(extent,) * dimensions), dtype=torch.float64)
            image[(0, slice(None), *(place,) * dimensions)] = 1
            changed = ((network.encode(image) != before)[0].any(0)).nonzero() - place
            farthest = max(farthest, int(changed.abs().max()))
    assert farthest == radius


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 10**6))
def test_a_change_outside_of_the_radius_changes_nothing(
    dimensions: int, levels: int, convolutions: int, seed: int
) -> None:
    if dimensions == 3:
        convolutions = 1
    architecture = plan(dimensions, levels, convolutions)
    network, radius = make_network(architecture, seed), architecture.radius()
    random = np.random.default_rng(seed)
    extent = 2 * radius + 2 * architecture.alignment
    extent += -extent % architecture.alignment
    image = torch.from_numpy(random.normal(size=(1, CHANNELS, *(extent,) * dimensions)).astype(np.float32))
    pixel = random.integers(radius, extent - radius, dimensions)
    field = (slice(None), slice(None), *(slice(p - radius, p + radius + 1) for p in pixel))
    changed = torch.full_like(image, torch.nan)
    changed[field] = image[field]
    with torch.no_grad():
        for before, after in zip(network(image), network(changed), strict=True):
            where = (0, slice(None), *pixel)
            torch.testing.assert_close(after[where], before[where], rtol=1e-5, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.01, 1.0, 100.0]), st.sampled_from([0.1, 1e4]), st.integers(2, 3))
def test_quantiles_never_cross(seed: int, weights: float, inputs: float, dimensions: int) -> None:
    network = make_network(plan(dimensions, 2), seed)
    for parameter in network.parameters():
        parameter.data.mul_(weights)
    image = inputs * torch.randn((2, CHANNELS, *(7,) * dimensions), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        lower, median, upper = network(image)
    assert (lower <= median).all() and (median <= upper).all()
    assert lower.shape == median.shape == upper.shape == image.shape


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_rest_of_the_batch_changes_nothing(dimensions: int) -> None:
    network = make_network(plan(dimensions, 2))
    batch = torch.randn((3, CHANNELS, *(16,) * dimensions), generator=torch.Generator().manual_seed(1))
    spoilt = batch.clone()
    spoilt[1] = torch.nan
    latent, quantiles = engine.predict(network, batch)
    for after, before in zip(engine.predict(network, spoilt)[1], quantiles, strict=True):
        assert after[1].isnan().all()
        torch.testing.assert_close(after[[0, 2]], before[[0, 2]], rtol=1e-6, atol=1e-6)
    alone, _ = engine.predict(network, batch[2:])
    torch.testing.assert_close(alone[0], latent[2], rtol=1e-5, atol=1e-5)


def test_the_fast_execution_and_its_gradients_are_those_of_the_plain_network() -> None:
    for dimensions, extents in ((2, (13, 18)), (3, (5, 9, 12))):
        network = make_network(plan(dimensions, 2, 2)).double()
        image = torch.randn((2, CHANNELS, *extents), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        found = [network(image), engine.quantiles(network, image), engine.predict(network, image)[1]]
        for fast in found[1:]:
            torch.testing.assert_close(fast, found[0], rtol=1e-9, atol=1e-9)
        gradients = [torch.autograd.grad(sum(q.sum() for q in qs), network.parameters()) for qs in found[:2]]
        torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-9, atol=1e-9)


def test_images_continue_as_their_mirror_image_to_the_next_multiple() -> None:
    image = torch.arange(2 * 5 * 3, dtype=torch.float32).reshape(1, 2, 5, 3)
    continued = continue_to_multiples(image, 8).numpy()
    assert np.array_equal(continued, np.pad(image, [(0, 0), (0, 0), (0, 3), (0, 5)], mode="symmetric"))
    assert continue_to_multiples(continue_to_multiples(image, 8), 8).shape == (1, 2, 8, 8)
    assert continue_to_multiples(image[..., :1], 4).shape == (1, 2, 8, 4)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_tiles_begin_and_end_at_multiples_of_the_alignment(data: st.DataObject) -> None:
    ndim, alignment = data.draw(st.integers(2, 3)), 2 ** data.draw(st.integers(0, 3))
    shape, size, halo = (
        tuple(data.draw(st.integers(least, most)) for _ in range(ndim)) for least, most in ((1, 30), (1, 40), (0, 20))
    )
    scan, seen = np.arange(np.prod(shape)).reshape(1, *shape), np.zeros(shape, dtype=int)
    for tile in tiles(shape, size, halo, alignment):
        seen[tile.keep] += 1
        whole = tile.complete(scan[(slice(None), *tile.read)])
        assert np.array_equal(whole[(slice(None), *tile.inner)], scan[(slice(None), *tile.keep)])
        for keep, inner, extent, rim in zip(tile.keep, tile.inner, whole.shape[1:], halo, strict=True):
            assert (keep.start - inner.start) % alignment == 0 == extent % alignment
            assert inner.start >= rim and extent - inner.stop >= rim
    assert (seen == 1).all()


def by_tiles(network: UNet, image: np.ndarray, size: tuple[int, ...], alignment: int) -> np.ndarray:
    """Latents of a whole scan, computed tile by tile."""
    halo = (network.architecture.radius(),) * (image.ndim - 1)
    result = np.full((network.architecture.latent, *image.shape[1:]), np.nan, np.float32)
    for tile in tiles(image.shape[1:], size, halo, alignment):
        part = torch.from_numpy(tile.complete(image[(slice(None), *tile.read)]))[None]
        latent, _ = engine.predict(network, part)
        result[(slice(None), *tile.keep)] = latent[0].numpy()[(slice(None), *tile.inner)]
    return result


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 3), st.integers(1, 2), st.integers(0, 10**6))
def test_tiles_equal_the_whole_image_computed_far_from_any_border(dimensions: int, levels: int, seed: int) -> None:
    network, random = make_network(plan(dimensions, levels), seed), np.random.default_rng(seed)
    alignment = network.architecture.alignment
    most = 40 if dimensions == 2 else 14  # in places narrower than the receptive field
    image = random.normal(size=(CHANNELS, *random.integers(3, most, dimensions))).astype(np.float32)
    # Nothing of the convolutions' own padding can reach the scan, which begins at a multiple of the alignment.
    rim = 2 * (network.architecture.radius() + -network.architecture.radius() % alignment)
    wide = torch.from_numpy(mirror(image, [(rim, rim)] * dimensions))[None]
    window = (slice(None), *(slice(rim, rim + extent) for extent in image.shape[1:]))
    whole = network.encode(wide)[0].detach().numpy()[window]
    tiled = by_tiles(network, image, tuple(int(n) for n in random.integers(1, 2 * most // 3, dimensions)), alignment)
    np.testing.assert_allclose(tiled, whole, rtol=1e-5, atol=1e-5 * np.abs(whole).max())


def test_without_the_alignment_tiles_would_differ() -> None:
    network = make_network(plan(2, 2))
    image = np.random.default_rng(0).normal(size=(CHANNELS, 30, 30)).astype(np.float32)
    whole, odd = (by_tiles(network, image, size, 1) for size in ((30, 30), (7, 9)))
    assert np.abs(whole - odd).max() > 0.01 * np.abs(whole).max()


def make_members(folder: Path, dimensions: int) -> tuple[list[Path], list[Path]]:
    """Files of two members' weights and architectures."""
    folder.mkdir()
    zero, one = np.zeros(CHANNELS, np.float32), np.ones(CHANNELS, np.float32)
    normalisation = Normalisation("none", "none", False, zero, 4 * one, zero, 4 * one)
    weights, files = [], []
    for m in range(2):
        architecture = plan(dimensions, 2 if dimensions == 2 else 1, member=m)
        files.append(write_architecture(folder / f"{m}.json", architecture))
        weights.append(folder / f"{m}.pt")
        save_member(
            weights[m], make_network(architecture, m).state_dict(), architecture, normalisation, member=m, step=1
        )
    return weights, files


def test_a_member_file_gives_weights_and_architecture_back(tmp_path: Path) -> None:
    weights, files = make_members(tmp_path / "members", 3)
    network, _ = load_member(weights[1], files[1])
    assert isinstance(network, UNet) and network.architecture == plan(3, 1, member=1) == read_architecture(files[1])
    for name, value in make_network(plan(3, 1), 1).state_dict().items():
        assert torch.equal(network.state_dict()[name], value)
    other = write_architecture(tmp_path / "other.json", plan(3, 1, 2))
    graph = write_architecture(tmp_path / "graph.json", draw_small(dimensions=3, image_channels=CHANNELS))
    for wrong in (other, graph):
        with pytest.raises(InputError, match=r"1\.pt.*trained with another graph.*Remedy"):
            load_member(weights[1], wrong)


@pytest.mark.parametrize(
    "change", [{"levels": 2}, {"radius": [1, 1]}, {"alignment": 1}, {"width": "x"}, {"family": "u"}]
)
def test_files_changed_by_hand_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = write_architecture(tmp_path / "a.json", plan(2, 1))
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=r"a\.json.*Remedy: delete it and draw it again"):
        read_architecture(path)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("orientations", [1, 8])
def test_the_size_of_the_tiles_changes_no_result_of_the_ensemble(
    tmp_path: Path, dimensions: int, orientations: int
) -> None:
    weights, files = make_members(tmp_path / "members", dimensions)
    shape = {2: (37, 30), 3: (5, 14, 11)}[dimensions]
    noisy = smooth_image((1, CHANNELS, *shape), 1).astype(np.float32)
    scan = write_scan(tmp_path / "s.h5", noisy, None)
    area = write_regions(tmp_path / "s.json", shape, 0, [Box("train", (0,) * dimensions, shape)])
    basis = tmp_path / "basis.npz"
    fit_latent_basis(
        BasisFiles(weights, files, [scan], [area], basis, tmp_path / "sample.npz"),
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


def test_an_ensemble_may_hold_both_families(tmp_path: Path) -> None:
    weights, files = make_members(tmp_path / "members", 2)
    graph = draw_small(image_channels=CHANNELS, max_radius=6)
    network = engine.build_network(graph)
    _, normalisation = load_member(weights[0], files[0])
    files.append(write_architecture(tmp_path / "graph.json", graph))
    weights.append(tmp_path / "graph.pt")
    save_member(weights[2], network.state_dict(), graph, normalisation, member=2, step=1)
    ensemble = Ensemble(weights, files)
    assert ensemble.alignment == 4 and ensemble.halo == (plan(2, 2).radius(),) * 2
    image = smooth_image((CHANNELS, 32, 32), 1).astype(np.float32)
    (lower, median, upper), *_ = combine_members(ensemble, image, (slice(4, 28),) * 2, None, (0.05, 0.95), "average")
    assert (lower <= median).all() and (median <= upper).all() and median.shape == (CHANNELS, 24, 24)


@pytest.mark.parametrize(("dimensions", "patch"), [(2, [16, 20]), (3, [12, 16, 16])])
def test_it_trains_also_where_an_image_is_smaller_than_the_patch(
    tmp_path: Path, dimensions: int, patch: list[int]
) -> None:
    shape = (3, 19, 25)[3 - dimensions :]  # with its rims, Z is narrower than the patch, and of odd length
    architecture = plan(dimensions, 1)
    scene = smooth_image((CHANNELS, *shape), 1).astype(np.float32)
    noisy = scene + np.random.default_rng(0).normal(0, 2, (2, *scene.shape)).astype(np.float32)
    scan = write_scan(tmp_path / "s.h5", noisy.astype(np.float32), scene)
    radius = (architecture.radius(),) * dimensions
    area = write_regions(tmp_path / "s.json", shape, radius[0], divide(shape, ["TTS"], radius))
    graph = write_architecture(tmp_path / "0.json", architecture)

    def train(name: str, **changes: Any) -> bytes:
        ask = {**TRAINING, "patch": patch, **changes}
        files = TrainingFiles(graph, [scan], [area], tmp_path / f"{name}.pt", tmp_path / f"{name}.csv")
        settings, data = TrainingSettings(**ask), DataSettings("none", "none", counts=False)
        train_member(files, member=0, seed=1, settings=settings, data=data, checkpoint_every=5)
        return (tmp_path / f"{name}.pt").read_bytes()

    first = train("one")
    assert first == train("two")
    assert train("half", precision="bfloat16") != first
    with pytest.raises(InputError, match=r"'training\.patch'.*multiples of 2 px.*Remedy: for example \[1"):
        train("odd", patch=[size + 1 for size in patch])


def test_patches_are_multiples_of_the_alignment() -> None:
    check_patch([32, 36], [13, 13], 4)
    with pytest.raises(InputError, match=r"Remedy: for example \[32, 36\]"):
        check_patch([32, 34], [13, 13], 4)


def test_the_step_writes_what_the_settings_ask_for(tmp_path: Path) -> None:
    ask = UNetSettings(levels=2, width=8, convolutions=1, latent=4, hidden=5, max_radius=13)
    facts = {"seed": 1, "dimensions": 3, "in_channels": 1, "out_channels": 1}
    for member in (0, 1):
        draw_architecture(tmp_path / f"{member}.json", settings=ask, member=member, **facts)
    one, other = (read_architecture(tmp_path / f"{member}.json") for member in (0, 1))
    assert isinstance(one, UNetArchitecture) and (one.levels, one.width, one.alignment, one.radius()) == (2, 8, 4, 13)
    assert one.to_json()["digest"] == other.to_json()["digest"] and other.member == 1
    with pytest.raises(InputError, match=r"'architecture\.max_radius', value 12.*sees 13 px.*Remedy: raise it to 13"):
        draw_architecture(tmp_path / "2.json", settings=replace(ask, max_radius=12), member=2, **facts)


def test_random_graphs_keep_their_digest() -> None:
    graph = Architecture(0, 1, 2, 1, 1, 1, 4, 5, (Edge(0, 1, 1, 2), Edge(1, 2, 2, 3)))
    assert graph.to_json()["digest"] == "b9033838d15258088c1c02a67649d90c2d784363d78248acae7853660aa24a3a"
    assert "family" not in graph.to_json()


def test_pages_and_figures_draw_its_levels(tmp_path: Path) -> None:
    content = plan(2, 2).to_json()
    panel = architectures([content, {**content, "member": 1}]).axes[0]
    assert [text.get_text() for text in panel.texts if text.get_text().isdigit()] == ["3", "6", "12", "6", "3"]
    assert describe(content).endswith("2\u00a0levels")
    drawn = drawn_architectures([write_architecture(tmp_path / "0.json", plan(2, 2))])
    assert not drawn["random"] and "U-Net of member 0" in drawn["members"][0]["picture"]
