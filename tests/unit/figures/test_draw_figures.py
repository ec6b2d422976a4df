"""Figures: what they show against the numbers they were given, and the same bytes on every run."""

from __future__ import annotations

import base64
import io
import math
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Circle, PathPatch
from PIL import Image

from noisebound.figures import coverage_figures, training_figures
from noisebound.figures.architecture_figures import architecture, architectures, describe, dilation_colours
from noisebound.figures.draw_figures import draw_figures
from noisebound.figures.images import Limits, choose_view, colour_stops, png_uri, robust_limits, short_number
from noisebound.figures.labels import label_uri
from noisebound.figures.scale_bar import physical, scale_bar
from noisebound.figures.scan_figures import Cut, line_cut, thumbnail
from noisebound.figures.style import inline_svg, save_svg, to_png, to_svg, token_colours
from tests.unit.example_run import random_graph, write_run_files

HOSTILE = "<script>alert(1)</script>"


def coverage_table(names: tuple[str, ...] = ("Mg", "Fe")) -> pd.DataFrame:
    rows = [
        {"channel": name, "nominal": n, "coverage": n + shift, "low": n - 0.03, "high": min(1.0, n + 0.04)}
        for name, shift in zip(names, (0.01, -0.02), strict=True)
        for n in (0.5, 0.9)
    ]
    return pd.DataFrame(rows)


def opened(uri: str) -> Image.Image:
    assert uri.startswith("data:image/png;base64,")
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def error_bars(axes: object) -> list[ErrorbarContainer]:
    return [c for c in axes.containers if isinstance(c, ErrorbarContainer)]  # type: ignore[attr-defined]


def test_reliability_shows_the_table() -> None:
    table = coverage_table()
    axes = coverage_figures.reliability(table).axes[0]
    bars = error_bars(axes)
    assert [bar.get_label() for bar in bars] == ["Mg", "Fe"]
    for bar, name in zip(bars, ("Mg", "Fe"), strict=True):
        rows = table[table.channel == name]
        assert np.allclose(bar.lines[0].get_ydata(), rows.coverage)
        assert np.array_equal(bar.lines[0].get_xdata(), rows.nominal)
        segments = np.array(bar.lines[2][0].get_segments())
        assert np.allclose(segments[:, 0, 1], rows.low)
        assert np.allclose(segments[:, 1, 1], rows.high)
    assert axes.get_xlim() == axes.get_ylim()


def test_the_gap_is_the_difference_in_percentage_points() -> None:
    table = coverage_table()
    bars = error_bars(coverage_figures.reliability_gap(table).axes[0])
    assert np.allclose(bars[0].lines[0].get_ydata(), [1.0, 1.0])
    assert np.allclose(bars[1].lines[0].get_ydata(), [-2.0, -2.0])
    assert np.allclose(np.array(bars[0].lines[2][0].get_segments())[:, 0, 1], -3.0)


def test_conditional_coverage_uses_only_the_nominal_value_and_the_channel_asked_for() -> None:
    rows = [
        {"channel": c, "nominal": n, "decile": d, "coverage": n - 0.01 * d - k, "low": 0.1, "high": 1.0}
        for k, c in enumerate(("a", "b"))
        for n in (0.5, 0.9)
        for d in (1, 2, 3)
    ]
    figure = coverage_figures.conditional_panel(pd.DataFrame(rows), "a", "intensity", 0.9)
    assert figure is not None
    (bar,) = error_bars(figure.axes[0])
    assert np.allclose(bar.lines[0].get_ydata(), [0.89, 0.88, 0.87])
    assert coverage_figures.conditional_panel(pd.DataFrame(rows), "c", "intensity", 0.9) is None
    assert coverage_figures.conditional_panel(pd.DataFrame(), "a", "intensity", 0.9) is None


def test_blocks_are_counted_by_their_coverage() -> None:
    values = [1.0, 0.995, 0.9, 0.9, 0.42, 0.7]
    rows = [
        {
            "channel": c,
            "nominal": 0.9,
            "scan": "s",
            "y": 16 * i,
            "x": 0,
            "coverage": v - k,
            "mean_width": 1,
            "n_pixels": 9,
        }
        for k, c in enumerate(("a", "b"))
        for i, v in enumerate(values)
    ]
    figure = coverage_figures.conditional_panel(pd.DataFrame(rows), "a", "block", 0.9)
    assert figure is not None
    bars = [bar for bar in figure.axes[0].patches if bar.get_height()]
    for bar in bars:
        inside = [v for v in values if bar.get_x() - 1e-9 <= v <= bar.get_x() + bar.get_width() + 1e-9]
        assert bar.get_height() == len(inside)
    assert sum(bar.get_height() for bar in bars) == len(values)
    assert bars[0].get_x() <= 0.42 and bars[-1].get_x() + bars[-1].get_width() == pytest.approx(1)


def test_training_marks_the_weights_that_were_kept() -> None:
    table = pd.DataFrame(
        {"step": [0, 100, 200], "train_loss": [1, 0.5, 0.4], "select_loss": [np.nan, 0.5, 0.6], "best": [0, 1, 0]}
    )
    axes = training_figures.training({"member 0": table}).axes[0]
    rings = [line for line in axes.lines if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in rings] == [(100, 0.5)]
    assert list(axes.lines[1].get_xdata()) == [100, 200]


def test_training_without_a_select_region_speaks_of_none() -> None:
    table = pd.DataFrame({"step": [0, 100], "train_loss": [1, 0.5], "select_loss": np.nan, "best": 0})
    axes = training_figures.training({"member 0": table, "member 1": table}).axes[0]
    assert axes.get_title(loc="left") == "training patches"
    assert all(line.get_alpha() in (None, 1.0) for line in axes.lines)


def test_bars_of_stability_stand_around_the_label_of_their_row() -> None:
    table = pd.DataFrame(
        {
            "comparison": ["seeds", "latents against baseline", "reference variance explained (share)"],
            "latents": [0.9, 0.4, 0.3],
            "baseline": [0.8, np.nan, 0.2],
            "null": [0.1, np.nan, np.nan],
        }
    )
    axes = training_figures.stability(table).axes[0]
    labels = dict(zip(axes.get_yticks(), (text.get_text() for text in axes.get_yticklabels()), strict=True))
    bars = [patch for patch in axes.patches if np.isfinite(patch.get_width())]
    assert sorted(bar.get_width() for bar in bars) == [0.1, 0.4, 0.8, 0.9]
    for place, label in labels.items():
        own = [bar for bar in bars if abs(bar.get_y() + bar.get_height() / 2 - place) < 0.5]
        middle = np.mean([bar.get_y() + bar.get_height() / 2 for bar in own])
        assert middle == pytest.approx(place), label
        assert len(own) == (3 if label == "seeds" else 1)
    assert axes.get_ylim()[0] < min(labels)


def test_ensemble_size_shows_the_change_from_one_member() -> None:
    table = pd.DataFrame(
        {"channel": "Fe", "members": [1, 2, 3], "correlation": [0.9, 0.95, 0.96], "rmse": [4.0, 3.0, 2.0]}
    )
    left, right = training_figures.ensemble_size(table).axes
    assert np.allclose(left.lines[0].get_ydata(), [0.0, 0.05, 0.06])
    assert np.allclose(right.lines[0].get_ydata(), [1.0, 0.75, 0.5])
    small = table.assign(correlation=[0.9, 0.90002, 0.90007])
    axes = training_figures.ensemble_size(small).axes[0]
    axes.figure.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == ""
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert np.allclose([float(text.replace("−", "-")) for text in labels], axes.get_yticks())


def test_every_node_and_every_connection_is_drawn_in_the_colour_of_its_dilation() -> None:
    content = random_graph(0, 6, 2, np.random.default_rng(0))
    figure = architecture(content)
    patches = figure.axes[0].patches
    curves = [patch for patch in patches if isinstance(patch, PathPatch)]
    assert sum(isinstance(patch, Circle) for patch in patches) == len(content["nodes"]) == 8
    colours = dilation_colours([edge["dilation"] for edge in content["edges"]])
    assert [to_hex(curve.get_edgecolor()) for curve in curves] == [colours[e["dilation"]] for e in content["edges"]]
    for curve, edge in zip(curves, content["edges"], strict=True):
        assert curve.get_path().vertices[0].tolist() == [edge["source"], 0]
        assert curve.get_path().vertices[-1].tolist() == [edge["target"], 0]
    assert len(set(colours.values())) == len(colours)
    facts = describe({**content, "parameters": 11_234, "radius": [14, 14]})
    assert "11\u202f234\u00a0parameters" in facts and "radius\u00a014\u00a0px" in facts


def test_line_cut_draws_band_median_and_reference() -> None:
    values = np.linspace(0, 1, 20, dtype=np.float32)
    cut = Cut(values, values - 0.5, values, values + 0.5, values + 0.1)
    axes = line_cut(cut, pixel_size=2.0, unit="nm", axis="x", value_unit="Fe / counts", percent="90 %").axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert math.isclose(band[:, 1].min(), -0.5, abs_tol=1e-6)
    assert math.isclose(band[:, 1].max(), 1.5, abs_tol=1e-6)
    lines = {line.get_label(): line for line in axes.lines}
    assert np.allclose(lines["denoised (median)"].get_xdata(), np.arange(20) * 2.0)
    assert np.allclose(lines["reference"].get_ydata(), values + 0.1)
    without = line_cut(
        Cut(values, values, values, values, None), pixel_size=1, unit="px", axis="y", value_unit="", percent=""
    )
    assert "reference" not in {line.get_label() for line in without.axes[0].lines}


def test_same_bytes_again_and_in_another_process(tmp_path: Path) -> None:
    table = coverage_table()
    assert to_svg(coverage_figures.reliability(table)) == to_svg(coverage_figures.reliability(table))
    assert to_png(coverage_figures.reliability(table)) == to_png(coverage_figures.reliability(table))
    save_svg(coverage_figures.reliability(table), tmp_path / "here.svg")
    table.to_csv(tmp_path / "table.csv", index=False)
    code = (
        "import sys; from pathlib import Path; from noisebound.core.data_frames import read_table; "
        "from noisebound.figures.coverage_figures import reliability; from noisebound.figures.style import to_svg; "
        "Path(sys.argv[2]).write_bytes(to_svg(reliability(read_table(sys.argv[1])), 'here.svg'))"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "table.csv"), str(tmp_path / "there.svg")]
    subprocess.run(arguments, check=True, env={"PYTHONPATH": ":".join(sys.path), "PATH": "", "HOME": str(tmp_path)})
    assert (tmp_path / "here.svg").read_bytes() == (tmp_path / "there.svg").read_bytes()
    assert b"<dc:date>" not in (tmp_path / "here.svg").read_bytes()


@pytest.mark.parametrize("name", [HOSTILE, '" onmouseover="x', "$\\frac{", "a$b$c", "&amp;"])
def test_names_are_text_and_nothing_else(name: str) -> None:
    text = inline_svg(coverage_figures.reliability(coverage_table((name, "Fe"))), name)
    root = ElementTree.fromstring(text.replace("xlink:href", "href"))
    assert root.get("aria-label") == name
    words = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]
    assert name in words
    assert not any(element.tag.endswith("script") for element in root.iter())
    assert not any(key.startswith("on") for element in root.iter() for key in element.attrib)


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(mpl.rcParams)
    to_svg(coverage_figures.reliability(coverage_table()))
    assert dict(mpl.rcParams) == before


def test_inline_svgs_of_one_page_share_no_identifier() -> None:
    pictures = [inline_svg(coverage_figures.reliability(coverage_table()), f"picture {i}") for i in range(2)]
    clips = [set(re.findall(r'<clipPath id="([^"]+)"', text)) for text in pictures]
    assert clips[0]
    assert not clips[0] & clips[1]


def test_draw_figures_writes_all_files(tmp_path: Path) -> None:
    files = write_run_files(tmp_path / "run", ["Mg", "Fe"], "map", 3, 2)
    names = ("reliability", "conditional_coverage", "training", "architectures", "ensemble_size")
    draw_figures(
        coverage_csv=files["coverage_csv"],
        conditional_csv=files["conditional_csv"],
        ensemble_size_csv=files["ensemble_size_csv"],
        histories=files["histories"],
        architectures=files["architectures"],
        primary=0.9,
        **{f"{name}_svg": tmp_path / "figures" / f"{name}.svg" for name in names},
    )
    for name in names:
        words = "".join(ElementTree.parse(tmp_path / "figures" / f"{name}.svg").getroot().itertext())
        assert {"training": "member 2", "architectures": "Member 2"}.get(name, "Fe") in words


def test_tables_without_rows_give_figures_all_the_same(tmp_path: Path) -> None:
    columns = ["channel", "nominal", "coverage", "low", "high"]
    empty = pd.DataFrame(columns=columns)
    sizes = pd.DataFrame(columns=["channel", "members", "correlation", "rmse"])
    for figure in (
        coverage_figures.reliability(empty),
        coverage_figures.reliability_gap(empty),
        coverage_figures.conditional_coverage({"token": empty}, 0.9),
        training_figures.ensemble_size(sizes),
        architectures([random_graph(0, 3, 3, np.random.default_rng(1))]),
    ):
        assert to_svg(figure).startswith(b"<?xml")


# images


def test_png_holds_the_colours_of_the_map_between_the_limits() -> None:
    values = np.random.default_rng(0).uniform(-1, 4, size=(7, 9)).astype(np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    shown = np.asarray(opened(png_uri(values, Limits(0.0, 3.0), "viridis")).convert("RGB"))
    level = np.round(np.clip(np.nan_to_num(values.astype(float) / 3, nan=0, posinf=1, neginf=0), 0, 1) * 255).astype(
        int
    )
    assert np.array_equal(shown, mpl.colormaps["viridis"](level, bytes=True)[..., :3])


def test_labels_keep_their_colours() -> None:
    labels = np.arange(12).reshape(3, 4)
    colours = token_colours(12)
    shown = np.asarray(opened(label_uri(labels, colours)).convert("RGB"))
    for label in range(12):
        assert tuple(shown.reshape(-1, 3)[label]) == tuple(round(255 * v) for v in to_rgb(colours[label]))


def test_token_colours_differ_and_do_not_change_with_their_number() -> None:
    many = token_colours(40)
    assert len(set(many)) == 40
    assert token_colours(5) == many[:5]


@settings(deadline=None)
@given(st.integers(8, 20_000), st.floats(1e-3, 1e4), st.sampled_from(["nm", "µm", "um", "px", "mm", "Å"]))
def test_scale_bars_are_round_and_as_long_as_they_say(width: int, size: float, unit: str) -> None:
    bar = scale_bar(width, size, unit)
    assert 0.1 < bar.fraction <= 0.3 * (1 + 1e-6)
    length, shown = bar.label.split(" ")
    metres = {"pm": 1e-12, "nm": 1e-9, "µm": 1e-6, "um": 1e-6, "mm": 1e-3, "m": 1.0}
    assert shown == unit or unit in metres
    factor = metres[shown] / metres[unit] if unit in metres else 1.0
    assert math.isclose(float(length) * factor, bar.fraction * width * size, rel_tol=1e-4)
    assert f"{float(length):e}"[0] in "125"
    assert float(f"{float(length):e}".split("e")[0]) in (1, 2, 5)


def test_lengths_and_numbers_read_well() -> None:
    assert physical(1717.0, "nm") == "1.72 µm"
    assert physical(8.0, "um") == "8.00 µm"
    assert physical(12.0, "px") == "12.0 px"
    assert physical(0.345, "µm") == "345 nm"
    assert physical(2.5, "Å") == "2.50 Å"
    assert scale_bar(201, 0.001717, "µm").label == "100 nm"
    assert short_number(-0.01234) == "−0.0123"
    assert short_number(0.09996) == short_number(0.1) == "0.100"
    assert short_number(9.996) == "10.0"
    assert short_number(999_999.9) == "1.00\u2009×\u200910⁶"
    assert short_number(2.52e7) == "2.52\u2009×\u200910⁷"
    assert short_number(1.5e-6) == "1.50\u2009×\u200910⁻⁶"
    assert short_number(29776.0) == "29\u202f776"
    assert short_number(0.0, 5.0) == "0"
    assert short_number(math.inf) == "∞"
    assert short_number(math.nan) == "–"


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 3000), min_size=2, max_size=3),
    st.integers(1, 60),
)
def test_views_fit_the_page_and_lie_in_the_scan(shape: list[int], images: int) -> None:
    view = choose_view(shape, images)
    side = max(math.ceil(n / view.step) for n in shape[-2:])
    assert side <= 1024
    if view.slices is not None:
        assert 1 <= len(view.slices) <= 16
        assert sorted(set(view.slices)) == list(view.slices)
        assert view.slices[0] >= 0
        assert view.slices[-1] < shape[0]


def test_small_scans_are_shown_whole_and_thinning_averages_nothing() -> None:
    assert choose_view((201, 201), 42).step == 1
    view = choose_view((64, 96, 96), 7)
    assert view.step == 1
    assert view.slices is not None
    assert len(view.slices) == 16
    large = choose_view((2048, 3000), 7)
    noise = np.random.default_rng(0).normal(size=(2048, 3000))
    assert large.step > 1
    assert math.isclose(large.thin(noise).std(), 1.0, rel_tol=0.02)


def test_limits_leave_outliers_out_and_never_have_zero_span() -> None:
    values = np.random.default_rng(0).uniform(2, 3, size=100_000).astype(np.float32)
    values[0] = 1e6
    limits = robust_limits(values)
    assert 2.0 < limits.low < 2.01
    assert 2.99 < limits.high < 3.01
    assert robust_limits(values, zero=True).low == 0.0
    assert robust_limits(values - 10, zero=True).low < -7
    for constant in (0.0, 5.0, -3.0, np.nan, np.inf):
        found = robust_limits(np.full((4, 4), constant, dtype=np.float32))
        assert math.isfinite(found.low)
        assert found.high > found.low


def test_thumbnail_is_noisy_left_and_denoised_right() -> None:
    noisy, median = np.zeros((30, 40), np.float32), np.ones((30, 40), np.float32)
    image = np.asarray(thumbnail(noisy, median, Limits(0, 1), "gray", side=400))
    assert image.shape == (300, 400, 3)
    assert (image[:, :190] == 0).all()
    assert (image[:, 210:] == 255).all()


def test_colour_bars_use_the_map_of_their_image() -> None:
    stops = colour_stops("gray", 3)
    assert stops[0] == "#000000"
    assert stops[-1] == "#ffffff"
