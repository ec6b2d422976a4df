"""The pieces of the benchmark that need no reference implementation: translation, scores, tables, and its processes."""

from __future__ import annotations

import copy
import re
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from benchmarks import protocol, quality, results, run, speed
from benchmarks.data import COUNTS, Scale, make_images, resident
from benchmarks.gpu import OnDevice, count_bytes
from benchmarks.graphs import count_parameters, translate
from benchmarks.ours import Trained, predict
from benchmarks.results import Row
from noisebound.networks import engine
from noisebound.simulation.filters import Filtered
from noisebound.training.patches import PatchSampler

# What the reference draws with seed 1: source, target, dilation, channels, size of the kernel.
EDGES_2D = (
    *((0, target, 1, 1, 3) for target in range(1, 11)),
    *((1, 2, 9, 3, 3), (1, 3, 4, 3, 3), (1, 10, 1, 3, 1), (2, 4, 10, 3, 3), (2, 10, 1, 3, 1), (3, 5, 9, 3, 3)),
    *((3, 10, 1, 3, 1), (4, 10, 1, 3, 1), (5, 6, 8, 3, 3), (5, 7, 4, 3, 3), (5, 10, 1, 3, 1), (6, 8, 7, 3, 3)),
    *((6, 10, 1, 3, 1), (7, 8, 6, 3, 3), (7, 10, 1, 3, 1), (8, 9, 2, 3, 3), (8, 10, 1, 3, 1), (9, 10, 1, 3, 1)),
)
EDGES_3D = tuple((0, 10, 1, 1, 1) if edge[:2] == (0, 10) else edge for edge in EDGES_2D)
PARAMETERS = {2: 1721, 3: 3654}


def make_graph(dimensions: int) -> dict[str, Any]:
    """The graph as the reference's process gives it."""
    names = ("source", "target", "dilation", "channels", "kernel")
    edges = [dict(zip(names, edge, strict=True)) for edge in (EDGES_2D if dimensions == 2 else EDGES_3D)]
    return {"dimensions": dimensions, "nodes": 11, "edges": edges, "latent": 10, "hidden": 5}


def make_member(spread: float, seed: int, cpu_seconds: float = 10.0, parameters: int = 5000) -> Trained:
    """Quantiles around the truth, wrong by a smooth error of ``spread``."""
    random = np.random.default_rng(seed)
    quantiles = {}
    for role in ("calibrate", "test"):
        median = make_images(role).truth + random.normal(0, spread, (COUNTS[role], 64, 64)).astype(np.float32)
        quantiles[role] = np.stack([median - spread, median, median + spread])
    return Trained(quantiles, cpu_seconds, parameters)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_translated_graph_has_the_nodes_and_widths_of_the_reference(dimensions: int) -> None:
    graph = make_graph(dimensions)
    assert count_parameters(graph) == PARAMETERS[dimensions]
    architecture = translate(graph)
    assert (architecture.depth, architecture.latent, architecture.hidden) == (9, 10, 5)
    assert len(architecture.edges) == len(graph["edges"])
    for node, width in architecture.widths().items():
        assert width == (sum(e["channels"] for e in graph["edges"] if e["target"] == node) if node else 1)
    assert {e.dilation for e in architecture.edges} == {e["dilation"] * (e["kernel"] > 1) for e in graph["edges"]}
    network = engine.build_network(architecture)
    assert sum(p.numel() for p in network.parameters()) == architecture.parameter_count()
    image = torch.zeros(1, 1, *[12] * dimensions)
    assert engine.predict(network, image)[1][1].shape == image.shape


def test_a_translated_graph_lacks_the_normalisation_and_what_else_the_heads_see() -> None:
    graph = make_graph(2)
    architecture = translate(graph)
    for edge, theirs in zip(architecture.edges, sorted(EDGES_2D, key=lambda e: (e[1], e[0])), strict=True):
        assert edge.taps(2) == theirs[4] ** 2
    convolutions = [e for e in graph["edges"] if e["kernel"] > 1]
    pointwise = [e for e in graph["edges"] if e["kernel"] == 1]
    difference = sum(2 * e["channels"] for e in convolutions) - sum(e["channels"] for e in pointwise)
    difference += 3 * (3 * graph["hidden"] + 1)
    assert count_parameters(graph) - architecture.parameter_count() == difference


def test_ratios_are_medians_of_pairs_with_the_range_over_graphs() -> None:
    found = speed.summarise("x", [[(2.0, 1.0), (9.0, 3.0), (8.0, 2.0)], [(5.0, 1.0)]], ">= 2", work=16)
    assert (found.median, found.low, found.high) == (3.5, 3.0, 5.0)
    assert found.rates == pytest.approx((16 / 6.5, 16 / 1.5))
    assert speed.summarise("memory", [[(4.0, 1.0)]], "").rates is None


def test_tables_say_what_is_met() -> None:
    rows = [Row("faster", "2.50", 2.5, ">= 2"), Row("width", "0.2", 0.2, "<= 0.190"), Row("other", "1", 1.0)]
    lines = results.table(("measure", "ours", "asked", "met"), (row.cells() for row in rows)).splitlines()
    assert lines[2:] == ["| faster | 2.50 | >= 2 | yes |", "| width | 0.2 | <= 0.190 | no |", "| other | 1 |  |  |"]
    assert lines[1] == "|---|---:|---:|---:|"
    shown = [row.shown for row in results.speed_rows([speed.Ratio("a", 3.5, 3, 5), speed.Ratio("b", 3.5, 3.5, 3.5)])]
    assert shown == ["3.50 (3.00 to 5.00)", "3.50"]


def test_calibrated_intervals_cover_and_their_width_is_that_of_the_error() -> None:
    member = make_member(0.1, seed=0)
    found = quality.judge(member.quantiles["calibrate"], member.quantiles["test"])
    assert_allclose([found.coverage, found.coverage_asymmetric, found.coverage_scaled], 0.9, atol=0.005)
    assert_allclose([found.width, found.width_asymmetric, found.width_scaled], 2 * 1.645 * 0.1, rtol=0.01)
    assert_allclose(found.rmse, 0.1, rtol=0.01)
    assert found.correlation > 0.9


def test_scaled_intervals_are_as_wide_as_each_half_of_an_image_needs() -> None:
    random = np.random.default_rng(3)
    spread = np.where(np.arange(64) < 32, 0.02, 0.2)
    calibrate, test = (
        make_images(role).truth
        + spread * (random.normal(size=(COUNTS[role], 64, 64)) + np.reshape((-1, 0, 1), (3, 1, 1, 1)))
        for role in ("calibrate", "test")
    )
    found = quality.judge(calibrate, test)
    assert_allclose([found.coverage, found.coverage_scaled], 0.9, atol=0.005)
    assert_allclose(found.width_scaled, 2 * 1.645 * spread.mean(), rtol=0.01)
    # One correction for all: nine of ten pixels are covered where the left half always is, and 0.8 of the right.
    assert_allclose(found.width, 2 * (spread.mean() + 1.2816 * 0.2 - 0.2), rtol=0.01)


def test_members_with_errors_of_their_own_average_to_a_smaller_one() -> None:
    members = [make_member(0.1, seed) for seed in range(2)]
    assert_allclose(quality.judge_ensemble(members, 2).rmse, 0.1 / np.sqrt(2), rtol=0.01)
    assert_allclose(quality.error_correlation(members), 0, atol=0.01)
    assert np.isnan(quality.error_correlation(members[:1]))
    assert_allclose(quality.judge_seeds([members[:1], members[1:]], 1).rmse, 0.1, rtol=0.01)


def test_results_hold_every_method_and_compare_with_what_is_asked() -> None:
    found = quality.Ensembles(
        [make_member(0.2, seed, 20.0) for seed in range(2)],
        {
            "U-Net, as many parameters": [[make_member(0.16, 5)]],
            "U-Net, 100 times the parameters, for the reference's time": [[make_member(0.05, 6)]],
            "U-Net, 100 times the parameters": [[make_member(0.08, 7, parameters=450_000)]],
        },
        [[make_member(0.1, 10 + seed) for seed in range(6)]],
    )
    text = results.quality_table(found, [Filtered("Gaussian filter", 2.5, 0.9642, 0.1116)])
    names = [line.split(" | ")[0].strip("| ") for line in text.splitlines()[2:]]
    assert names == ["reference"] * 2 + list(found.unets) + ["noisebound"] * 3 + ["Gaussian filter, setting 2.5"]
    assert len({line.count("|") for line in text.splitlines()}) == 1
    rows = {row.measure: row for row in results.quality_rows(found)}
    assert rows["correlation with the truth, 5 members : 2"].met()
    assert rows["correlation with the truth, 6 members : 2"].asked == ""
    assert rows["processor time to train a member, ratio"].shown == "0.500"
    assert_allclose(rows["width at 0.90, ratio, 5 members : 2"].value, 0.5 * np.sqrt(2 / 5), rtol=0.02)
    # As many members of both sides: one here.
    beside = [(row.value, row.asked) for name, row in rows.items() if "ratio, 1 members" in name]
    assert [asked for _, asked in beside] == ["<= 0.95", "<= 0.95", "", "", "", "", "<= 1", "<= 1", ""]
    assert_allclose([value for value, _ in beside], np.repeat([0.1 / 0.16, 0.1 / 0.05, 0.1 / 0.08], 3), rtol=0.03)


def test_widths_are_compared_seed_by_seed() -> None:
    theirs = [[make_member(0.2, 0)], [make_member(0.1, 1)]]
    ours = [[make_member(0.1, 10)], [make_member(0.2, 11)]]
    row, *_ = results.widths_beside("U-Net, as many parameters", theirs, ours)
    # Not the ratio of the means, which is 1.
    assert_allclose(row.value, (0.5 + 2) / 2, rtol=0.02)
    low, high = row.shown.partition("(")[2].rstrip(")").split(" to ")
    assert_allclose([float(low), float(high)], [0.5, 2], rtol=0.02)
    assert not row.met()


def test_results_say_whether_there_was_a_gpu() -> None:
    assert "No GPU" in results.gpu_text([], None)
    alone = OnDevice("some GPU", 4e3, 0.8, 60.0)
    ratios = [speed.Ratio("prediction", 11, 11, 11, ">= 10", (1.0, 11.0)), speed.Ratio("memory", 2, 2, 2)]
    text = results.gpu_text(ratios, alone)
    assert "some GPU" in text and "| prediction | 1.0 | 11.0 |" in text and "memory |" not in text
    assert all(row.met() for row in results.gpu_rows(ratios, alone) if row.asked)


def test_the_page_has_a_place_for_everything_that_is_measured() -> None:
    names = set(re.findall(r"{(\w+)", results.TEMPLATE))
    assert names == {
        "command",
        "minutes",
        "machine",
        "shortened",
        "readme",
        "seeds",
        "quality",
        "notes",
        "gpu",
        "pairs",
        "ratios",
    }
    assert "cores" in run.describe_machine()


def test_the_least_traffic_of_a_prediction_grows_with_its_pixels() -> None:
    architecture = translate(make_graph(2))
    assert count_bytes(architecture, 200) == 2 * count_bytes(architecture, 100)
    widths = architecture.widths()
    least = 4 * (sum(widths.values()) + architecture.latent)
    assert count_bytes(architecture, 1) > least


def test_settings_are_changed_by_name_and_unknown_names_refused() -> None:
    settings = quality.read_settings()
    quality.change(settings, ["training.steps=7", "architecture.channels=[4, 8]"])
    assert settings["training"]["steps"] == 7 and settings["architecture"]["channels"] == [4, 8]
    with pytest.raises(KeyError, match=r"training\.stepz"):
        quality.change(settings, ["training.stepz=7"])


def test_the_u_net_replaces_the_architecture_and_the_quick_run_shortens_every_training() -> None:
    settings = quality.read_settings()
    before = copy.deepcopy(settings)
    own = [entry for entry in settings["unets"] if "reference" not in entry]
    for entry in own:
        unet = quality.unet_settings(settings, entry)
        assert unet["architecture"]["family"] == "unet" and unet["training"]["steps"] == before["training"]["steps"]
    assert settings == before
    quality.shorten(settings)
    assert settings["training"]["steps"] < before["training"]["steps"]
    assert 1 <= settings["reference"]["epochs"] < before["reference"]["epochs"]


@pytest.mark.parametrize("margin", [0, 5])
def test_whole_images_are_resident_and_every_pixel_of_them_teaches(margin: int) -> None:
    images = make_images("calibrate")
    noisy, truth = Scale.of(images).normalise(images)
    assert_allclose([noisy.mean(), noisy.std(), truth.mean(), truth.std()], [0, 1, 0, 1], atol=1e-4)
    found = resident(noisy, truth, margin)
    assert found.noisy.shape == found.target.shape == (100, 1, 64 + 2 * margin, 64 + 2 * margin)
    patch = tuple(found.mask.shape)
    batch, _, mask = PatchSampler([found], patch, [0, 0]).batch(3, torch.Generator().manual_seed(0))
    assert batch.shape == (3, 1, *patch)
    assert mask.sum() == 3 * 64 * 64


@pytest.mark.parametrize("orientations", [4, 8])
def test_predictions_averaged_over_orientations_turn_with_the_image(orientations: int) -> None:
    network = engine.build_network(translate(make_graph(2)))
    noisy = np.random.default_rng(0).normal(size=(2, 20, 20)).astype(np.float32)
    straight = predict(network, noisy, 6, orientations)
    turned = predict(network, np.rot90(noisy, 1, (1, 2)).copy(), 6, orientations)
    assert_allclose(turned, np.rot90(straight, 1, (2, 3)), atol=1e-5)


def test_the_process_of_the_engine_answers_and_its_end_is_an_error() -> None:
    with protocol.engine() as worker:
        built = worker.call("build", graph=make_graph(2))
        assert built == {"parameters": translate(make_graph(2)).parameter_count(), "radius": built["radius"]}
        for name, arguments in (("train_step", {"repeats": 2}), ("predict", {}), ("deliver", {})):
            shape = [2, 24, 24] if name != "deliver" else [1, 70, 70]
            assert worker.call(name, shape=shape, **arguments) > 0
        assert worker.call("memory", shape=[1, 128, 128]) >= 0
        with pytest.raises(RuntimeError, match="unknown"):
            worker.call("unknown")
