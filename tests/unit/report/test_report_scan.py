"""Pages: what they say against the files they come from; nothing from a user becomes markup; no request leaves them."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from noisebound.core.errors import InputError
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.regions.regions import Regions
from noisebound.report.index_page import headline_numbers, mode_rows, stability_words
from noisebound.report.numbers import nominal_percent, percent, signed
from noisebound.report.report_scan import report_scan
from noisebound.report.result_rows import coverage_words, test_rows
from noisebound.report.scan_images import ScanImages, box_over, display_gain, place_labels
from tests.unit.example_run import CONFIG, GUARANTEE, phantom, write_drift, write_pages, write_run_files, write_scan

SCRIPT, QUOTE = "<script>alert(1)</script>", '" onmouseover="alert(2)" x="'
BREAKER = "</script><img src=x onerror=alert(3)>"
VOID = {"meta", "link", "img", "input", "br"}

test_rows.__test__ = False  # type: ignore[attr-defined]


class Page(HTMLParser):
    """All elements with attributes, the text of scripts, and the visible text; fails on unbalanced elements."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag == "script":
            self.scripts.append((found, ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif not self._open or self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """The visible text; every run of white space, thin spaces among it, is one space."""
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def store(self) -> dict[str, Any]:
        (text,) = [text for attributes, text in self.scripts if attributes.get("type") == "application/json"]
        found: dict[str, Any] = json.loads(text)
        return found


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = write_pages(
        tmp_path_factory.mktemp("flat"),
        truth=phantom((40, 56), 2, 0),
        channels=["Mg", "Fe"],
        pixel_size=[1.717, 1.717],
        members=3,
    )
    return made


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_pages(
        tmp_path_factory.mktemp("deep"),
        truth=20 * phantom((24, 40, 44), 1, 1),
        channels=["density"],
        pixel_size=[8.0, 4.0, 4.0],
        pixel_unit="um",
        counts=False,
        unit="grey",
        members=2,
        tokens=11,
        simulated=True,
        combine="pool",
    )


def image_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB"))


def shown_images(page: Page, layer: str) -> list[list[str]]:
    """Layer -> channel -> plane, with what the page starts with filled in from its elements."""
    store = page.store
    stored = store["images"][layer]
    sources = [a["src"] for a in page.all("img") if a.get("data-layer") == layer and "src" in a]
    holes = [(c, p) for c, planes in enumerate(stored) for p, uri in enumerate(planes) if uri is None]
    if holes:
        assert len(holes) == len(sources) == 1
        stored[holes[0][0]][holes[0][1]] = sources[0]
    return stored


@pytest.mark.parametrize("which", ["flat", "deep"])
def test_pages_hold_everything_and_ask_for_nothing(which: str, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(which)
    for path in [made["index"], made["jobs"], *made["pages"].values()]:
        page = Page(path)
        for tag, attributes in page.elements:
            for key, value in attributes.items():
                assert not key.startswith("on"), (tag, key)
                if key == "src" or (key == "href" and tag == "link"):
                    assert value.startswith("data:"), (tag, value[:60])
                elif key in ("href", "xlink:href"):
                    assert not urlsplit(value).scheme
                    assert not urlsplit(value).netloc
                if key == "style":
                    assert "http" not in value
        assert "@import" not in page.source
        assert not re.search(r"url\((?!#)", page.source)
        (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy.split("script-src")[1]
        for attributes, text in page.scripts:
            if "type" not in attributes:
                digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in policy
        for image in page.all("img"):
            assert image["alt"]
        assert path.stat().st_size < 8e6
        links = [a["href"] for a in page.all("a")]
        assert links
        for link in links:
            assert (path.parent / unquote(link)).resolve().is_file()


def test_nothing_from_a_user_becomes_markup(tmp_path: Path) -> None:
    channels = [f"Mg{SCRIPT}", f"Fe{QUOTE}"]
    made = write_pages(
        tmp_path,
        truth=phantom((24, 32), 2, 3),
        channels=channels,
        pixel_size=[1.0, 1.0],
        pixel_unit=f"u{QUOTE}{SCRIPT}",
        scan=f"map{QUOTE}{BREAKER}",
        second=f"b{SCRIPT}",
        title=f"T{BREAKER}{QUOTE}{SCRIPT}",
        unit=f"counts{SCRIPT}{QUOTE}",
        config={**CONFIG, f"k{BREAKER}": [SCRIPT, {QUOTE: "</pre>" + SCRIPT}]},
        exceed_name=f"rich{QUOTE}{BREAKER}",
        members=2,
    )
    for path in [made["index"], *made["pages"].values()]:
        page = Page(path)
        scan_page = path != made["index"]
        assert len(page.scripts) == (2 if scan_page else 0)
        assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
        assert all(a["src"].startswith("data:") for a in page.all("img") if "src" in a)
        assert len(page.all("pre")) == 1
        assert SCRIPT in page.text
        assert SCRIPT not in page.source
        assert BREAKER not in page.source
        if scan_page:
            assert page.store["channels"] == channels
            assert {a["title"] for a in page.all("button") if "data-tab" in a} == set(channels)
        assert page.all("title") is not None
        assert f"T{BREAKER}{QUOTE}{SCRIPT}" in page.text


def test_the_same_inputs_give_the_same_bytes(flat: dict[str, Any], tmp_path: Path) -> None:
    again = write_pages(
        tmp_path, truth=phantom((40, 56), 2, 0), channels=["Mg", "Fe"], pixel_size=[1.717, 1.717], members=3
    )
    assert again["index"].read_bytes() == flat["index"].read_bytes()
    for name, path in again["pages"].items():
        assert path.read_bytes() == flat["pages"][name].read_bytes()
    for name in ("thumbnails/scan-0.png", "figures/scan-0.png"):
        assert (tmp_path / "report" / name).read_bytes() == (flat["folder"] / "report" / name).read_bytes()


def test_noisy_and_denoised_share_colours_that_stand_for_the_values_in_the_files(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    files = flat["folder"] / "files"
    with Scan(files / "scan-0.scan.h5") as scan, Predictions(files / "scan-0.denoised.h5") as denoised:
        noisy, target, median = scan.read_frame(0), scan.read_target(0), denoised.read("median")
        lower, upper = denoised.read("lower"), denoised.read("upper")
        spread = denoised.read("spread")
    for c in range(2):
        low, high = 0.0, np.quantile(median[c].astype(float), 0.998)
        for layer, values in {
            "noisy": noisy, "median": median, "reference": target, "lower": lower, "upper": upper,
        }.items():  # fmt: skip
            expected = np.clip((values[c].astype(float) - low) / (high - low), 0, 1)
            colours = mpl.colormaps["viridis"](np.round(expected * 255).astype(int), bytes=True)[..., :3]
            assert np.array_equal(image_of(shown_images(page, layer)[c][0]), colours), layer
        for layer, values in {"width": upper - lower, "spread": spread}.items():
            low_, high_ = np.quantile(values[c].astype(float), (0.002, 0.998))
            expected = np.clip((values[c].astype(float) - low_) / (high_ - low_), 0, 1)
            colours = mpl.colormaps["cividis"](np.round(expected * 255).astype(int), bytes=True)[..., :3]
            assert np.array_equal(image_of(shown_images(page, layer)[c][0]), colours), layer
    bar = next(a for a in page.all("div") if a.get("aria-label", "").startswith("Colour bar of Mg: 0 to"))
    limit = np.quantile(median[0].astype(float), 0.998)
    assert math.isclose(float(bar["aria-label"].split(" to ")[1].split()[0]), limit, rel_tol=5e-3)


def test_a_page_says_what_the_files_say(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    summary = json.loads(flat["files"]["summary"].read_text())["scans"]["map"]
    assert GUARANTEE in page.text
    assert "the mean of the other frames" in page.text
    for name in ("Mg", "Fe"):
        entry = summary[name]["coverage"]["0.9"]
        assert f"{100 * entry['value']:.1f} %" in page.text
        assert f"[{100 * entry['low']:.1f} %, {100 * entry['high']:.1f} %]" in page.text.replace("[ ", "[")
    ratio = 0.12**2 / 0.0181
    assert f"{100 * ratio:.0f} %" in page.text
    assert "Coverage misses by 0.03: steep edges." in page.text
    assert "ab" * 32 in page.text
    assert "1.72 nm" in page.text
    assert "the networks expect the reference within noise of ±0.400 counts (aleatoric)" in page.text
    assert "5.9 % of the variance" in page.text
    assert page.text.count("1.25 % of the intervals of Mg have no width") == 1
    assert "25 % tied: " in page.text
    assert f"of the true signal: {100 * (summary['Mg']['coverage']['0.9']['of_truth']):.1f} %" in page.text
    assert "+0.00210" in page.text
    assert "calibration.unit: auto, for no scan" in page.text
    assert "seed" in page.text
    roles = {role for role in ("train", "calibrate", "test") if role in page.text}
    assert roles == {"train", "calibrate", "test"}


def test_boxes_lie_where_the_files_put_them(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    height, width = 40, 56
    regions = Regions.read(flat["folder"] / "files" / "scan-0.regions.json")
    drawn = [a["style"] for a in page.all("span") if a.get("class") == "box role"]
    expected = [
        f"left:{100 * b.lower[1] / width:.3f}%;top:{100 * b.lower[0] / height:.3f}%;"
        f"width:{100 * b.shape[1] / width:.3f}%;height:{100 * b.shape[0] / height:.3f}%"
        for b in regions.boxes
    ]
    assert [style.rsplit(";", 1)[0] for style in drawn] == expected
    assert len([a for a in page.all("span") if a.get("class") == "box"]) == 3
    (scale,) = {a["style"] for a in page.all("span") if a.get("class") == "scale"}
    assert scale == f"width:{100 * 20 / (56 * 1.717):.3f}%"
    assert "20 nm" in page.text


def test_labels_of_small_boxes_hide_neither_their_box_nor_another() -> None:
    def box(x: int, y: int, side: int) -> dict[str, Any]:
        return box_over([(y, y + side), (x, x + side)], (200, 400), "1")

    boxes = [box(100, 50, 10), box(114, 50, 10), box(388, 188, 10), box(0, 0, 12), box(200, 100, 90)]
    place_labels(boxes, 2.0)
    assert [one["beside"] for one in boxes] == ["left", "right", "left", "right", None]
    crowded = [box(14, 0, 10), box(2, 0, 10)]
    place_labels(crowded, 2.0)
    assert [one["beside"] for one in crowded] == ["right", "below"]


def test_realised_precision_is_counted_on_the_test_boxes(flat: dict[str, Any]) -> None:
    files = flat["folder"] / "files"
    regions = Regions.read(files / "scan-0.regions.json")
    called = tifffile.imread(files / "scan-0.decisions.tif").reshape(40, 56) == 2
    with Scan(files / "scan-0.scan.h5") as scan:
        above = scan.read_target(0)[0] > flat["exceed"][0]["above"]
    picked = called & regions.mask("test")
    assert picked.sum() > 0
    words = f"{100 * (above & picked).sum() / picked.sum():.1f} % of the {picked.sum()} pixels called above"
    assert words in Page(flat["pages"]["map"]).text


def test_tokens_have_their_colours_in_map_and_legend(deep: dict[str, Any]) -> None:
    page = Page(deep["pages"]["map"])
    labels = tifffile.imread(deep["folder"] / "files" / "scan-0.tokens.tif")
    buttons = [a for a in page.all("button") if "data-token" in a]
    assert len(buttons) == 11
    colours = np.array([[int(a["data-token"][k : k + 2], 16) for k in (1, 3, 5)] for a in buttons])
    planes = shown_images(page, "tokens")[0]
    for z, uri in zip(page.store["slices"], planes, strict=True):
        assert np.array_equal(image_of(uri), colours[labels[z]])


def test_volumes_show_their_slices_in_physical_proportions(deep: dict[str, Any]) -> None:
    page = Page(deep["pages"]["map"])
    store = page.store
    assert len(store["slices"]) == 16
    assert all(len(planes) == 16 for layer in store["images"].values() for planes in layer)
    files = deep["folder"] / "files"
    with Predictions(files / "scan-0.denoised.h5") as denoised:
        median = denoised.read("median")[0][store["slices"]].astype(float)
    low, high = np.quantile(median, (0.002, 0.998))
    expected = np.round(np.clip((median - low) / (high - low), 0, 1) * 255).astype(int)
    expected = mpl.colormaps["gray"](expected, bytes=True)[..., :3]
    shown = np.stack([image_of(uri) for uri in shown_images(page, "median")[0]])
    assert np.array_equal(shown, expected)
    assert "44 × 40 × 24 px" in page.text
    assert "4.00 × 8.00 µm" in page.text
    frames = {a["style"] for a in page.all("div") if a.get("class", "").startswith("frame")}
    assert frames == {"aspect-ratio:1.10000"}
    boxes = [a for a in page.all("span") if a.get("class") == "box"]
    assert all(int(a["data-z0"]) < int(a["data-z1"]) for a in boxes)
    slices, table = store["slices"], pd.read_csv(files / "scan-0.decisions.csv")
    ranks = [a for a in page.all("button") if "data-plane" in a]
    table = table[(table["kind"] == "remeasure") | (table["rank"] <= 12)]
    extents = [(row.z0_px, row.z1_px) for row in table.itertuples() if any(row.z0_px <= z < row.z1_px for z in slices)]
    assert len(ranks) == len(extents) > 3
    for button, (z0, z1) in zip(ranks, extents, strict=True):
        shown_slice = slices[int(button["data-plane"])]
        middle = (z0 + z1 - 1) / 2
        inside = [z for z in slices if z0 <= z < z1]
        assert abs(shown_slice - middle) == min(abs(z - middle) for z in inside)
        assert button["aria-label"].endswith(f"z = {shown_slice}")


def test_scans_without_reference_are_not_judged(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    assert "No reference was measured here" in page.text
    assert "What this scan was for" not in page.text
    assert "Does it hold?" not in page.text
    assert "reference" not in page.store["images"]
    assert GUARANTEE in page.text


def test_the_page_of_a_scan_does_not_depend_on_other_scans(flat: dict[str, Any], tmp_path: Path) -> None:
    summary = json.loads(flat["files"]["summary"].read_text())
    summary["scans"]["another"] = summary["scans"]["map"]
    summary["channels"] = {}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    files = flat["folder"] / "files"
    names = ("regions.json", "tokens.tif", "tokens.csv", "decisions.csv", "decisions.tif")
    made = {name.replace(".json", "").replace(".", "_"): files / f"scan-0.{name}" for name in names}
    original = Page(flat["pages"]["map"])
    report_scan(
        scan=files / "scan-0.scan.h5",
        denoised=files / "scan-0.denoised.h5",
        **made,
        drift=files / "scan-0.drift.json",
        calibration=flat["files"]["calibration"],
        summary=tmp_path / "summary.json",
        provenance={"run": "example", "seed": 1, "versions": {}, "digests": [], "config": "x"},
        settings={"title": "Example", "intensity_unit": "counts", "kind": "counts", "exceed": flat["exceed"]},
        output_html=tmp_path / "page.html",
        output_thumbnail=tmp_path / "thumbnail.png",
        output_overview=tmp_path / "overview.png",
    )
    mark = "Where this comes from"
    assert Page(tmp_path / "page.html").text.split(mark)[0] == original.text.split(mark)[0]


def test_index_says_what_the_tables_say(flat: dict[str, Any]) -> None:
    page = Page(flat["index"])
    assert GUARANTEE in page.text
    assert "62 %" in page.text
    parameters = json.loads(flat["files"]["architectures"][0].read_text())["parameters"]
    assert parameters > 999 and f"{parameters:,} parameters".replace(",", " ") in page.text
    for words in ("seeds", "subsamples", "member subsets", "0.950", "Member 2", "apply", "split"):
        assert words in page.text
    assert html.unescape(page.text).count("decile of the denoised value") == 2
    assert html.unescape(page.text).count("coverage of a block") == 2
    assert "nominal: [0.5, 0.8, 0.9, 0.95]" in page.text
    names = [a["alt"].split(":")[0] for a in page.all("img")]
    assert names == ["map", "new scan"]
    assert "calibration.unit: auto, for no scan" in page.text
    assert "Other ways to calibrate" in page.text
    assert "asymmetric, scaled by width" in page.text
    for row in mode_rows(flat["files"]["modes_csv"], ["Mg", "Fe"]):
        for kind in ("decile", "token", "border", "block", "scan"):
            low, high = row[kind]
            assert f"{100 * low:.1f} – {100 * high:.1f} %" in page.text
    assert "3 tested" in page.text
    assert [row["relative_width"] for row in mode_rows(flat["files"]["modes_csv"], ["Mg"])] == pytest.approx([1, 1.1])


def test_pages_say_how_members_become_one_prediction(flat: dict[str, Any], deep: dict[str, Any]) -> None:
    scan, index = (Page(path) for path in (flat["pages"]["map"], flat["index"]))
    assert "Errors that all networks share do not show there" in scan.text
    assert "it is not wider for that" in scan.text
    assert "random networks, averaged" in index.text and "pools the members" not in index.text
    scan, index = (Page(path) for path in (deep["pages"]["map"], deep["index"]))
    assert "it is not wider for that" not in scan.text
    assert "random networks, pooled" in index.text and "pools the members instead of averaging" in index.text


def test_the_index_leads_to_the_comparison_where_scans_are_simulated(
    flat: dict[str, Any], deep: dict[str, Any]
) -> None:
    links = [[a["href"] for a in Page(made["index"]).all("a")] for made in (flat, deep)]
    assert ["comparison.html" in found for found in links] == [False, True]


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    truth = phantom((24, 32), 1, 0)
    files = write_run_files(tmp_path, ["Fe"], "s", 1, 2)
    exceed = [{"name": "rich", "channel": "Fe", "above": 1.0, "confidence": 0.9}]
    made = write_scan(
        tmp_path / "s", truth=truth, channels=["Fe"], pixel_size=[1, 1], pixel_unit="px", counts=True,
        reference=True, exceed=exceed,
    )  # fmt: skip
    del made["ensemble"]
    arguments: dict[str, Any] = {
        **made,
        "calibration": files["calibration"],
        "summary": None,
        "drift": write_drift(tmp_path / "drift.json", "s", ["Fe"], warned=False),
        "provenance": {"run": "r", "seed": 1, "versions": {}, "digests": [], "config": ""},
        "settings": {"title": "T", "intensity_unit": "counts", "kind": "counts", "exceed": exceed},
        "output_html": tmp_path / "page.html",
        "output_thumbnail": tmp_path / "t.png",
        "output_overview": tmp_path / "o.png",
    }
    tifffile.imwrite(tmp_path / "wrong.tif", np.zeros((24, 31), np.uint8))
    with pytest.raises(InputError, match=r"wrong\.tif.*Remedy"):
        report_scan(**{**arguments, "tokens_tif": tmp_path / "wrong.tif"})
    two = {**arguments["settings"], "exceed": exceed * 2}
    with pytest.raises(InputError, match=r"1 maps for 2 entries"):
        report_scan(**{**arguments, "settings": two})
    other = write_scan(
        tmp_path / "o", truth=phantom((24, 40), 1, 0), channels=["Fe"], pixel_size=[1, 1], pixel_unit="px",
        counts=True, reference=True, exceed=exceed,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"scan\.denoised\.h5.*Remedy"):
        report_scan(**{**arguments, "denoised": other["denoised"]})
    assert not (tmp_path / "page.html").exists()


def test_noisy_frames_of_another_scale_are_brought_to_that_of_the_reference() -> None:
    median = np.full((1, 3, 4, 4), 12.0, np.float32)
    noisy = np.stack([np.full((4, 4), v, np.float32) for v in (1.0, 10.0, -1.0)])[None]
    assert display_gain(noisy, median) == [12.0, 1.0, 1.0]


def test_infinite_intervals_are_shown_as_such(tmp_path: Path) -> None:
    made = write_scan(
        tmp_path, truth=phantom((24, 32), 1, 0), channels=["Fe"], pixel_size=[1, 1], pixel_unit="px", counts=True,
        reference=False, exceed=[],
    )  # fmt: skip
    import h5py

    with h5py.File(made["denoised"], "r+") as file:
        file["lower"][...] = 0.0
        file["upper"][...] = np.inf
    with Scan(made["scan"]) as scan, Predictions(made["denoised"]) as denoised:
        images = ScanImages(scan, denoised)
        assert images.most_structured() == 0
    files = write_run_files(tmp_path / "run", ["Fe"], "map", 1, 2)
    del made["ensemble"]
    report_scan(
        **made,
        drift=write_drift(tmp_path / "drift.json", "map", ["Fe"], warned=False),
        calibration=files["calibration"],
        summary=None,
        provenance={"run": "r", "seed": 1, "versions": {}, "digests": [], "config": ""},
        settings={"title": "T", "intensity_unit": "", "kind": "counts", "exceed": []},
        output_html=tmp_path / "page.html",
        output_thumbnail=tmp_path / "t.png",
        output_overview=tmp_path / "o.png",
    )
    page = Page(tmp_path / "page.html")
    assert "Some intervals are infinite" in page.text
    assert "Where does it exceed?" not in page.text


def test_headlines_speak_of_channels_with_structure() -> None:
    def entry(value: float, structured: bool) -> dict[str, Any]:
        return {"coverage": {"0.9": {"value": value}}, "structured": structured, "rmse": 2.0, "mse": 4.0,
                "rmse_noise_removed": None, "gaussian": {"mse": 8.0, "mse_noise_removed": None}}  # fmt: skip

    rows = test_rows({"O": entry(0.99, False), "Mg": entry(0.9, True), "Fe": entry(0.87, True)}, 0.9, False)
    words = coverage_words(rows, 0.9)
    assert words is not None
    assert words.startswith("In the 2 channels with structure, between 87.0\u202f% (Fe) and 90.0\u202f% (Mg)")
    assert [entry["words"].endswith("; in the 2 channels with structure") for entry in headline_numbers({}, rows, 0.9)]
    alike = test_rows({"O": entry(0.99, True), "Fe": entry(0.87, True)}, 0.9, False)
    assert str(coverage_words(alike, 0.9)).startswith("Between 87.0\u202f% (Fe) and 99.0\u202f% (O) of")
    assert "structure" not in headline_numbers({}, alike, 0.9)[0]["words"]
    about_scans = test_rows({"O": entry(0.99, False), "Fe": entry(0.87, True)}, 0.9, about_scans=True)
    assert [row["missed"] for row in about_scans] == [False, True]
    assert [row["missed"] for row in rows] == [True, False, True]
    assert [row["error_ratio"] for row in rows] == [0.5, 0.5, 0.5]
    assert coverage_words([], 0.9) is None


@pytest.mark.parametrize(
    ("psnr", "words"),
    [([30.0], "+3.2 dB"), ([25.0], "−1.8 dB"), ([30.0, 25.0], "−1.8 to +3.2 dB"), ([30.0, 30.01], "+3.2 dB"),
     ([30.0, 31.0, 32.0], None)],
)  # fmt: skip
def test_the_gain_over_the_filter_has_its_sign_and_is_that_of_all_channels(
    psnr: list[float], words: str | None
) -> None:
    rows = [
        {"name": str(i), "structured": True, "coverage": {"value": None}, "psnr": value, "gaussian_psnr": 26.8}
        for i, value in enumerate(psnr)
    ]
    assert [entry["value"] for entry in headline_numbers({}, rows, 0.9)] == ([words] if words else [])


def test_an_error_lost_in_the_noise_of_its_reference_is_not_a_share() -> None:
    def ratio(own: float, filtered: float) -> float | None:
        entry = {"rmse": 1.0, "rmse_noise_removed": 0.0, "mse_noise_removed": own}
        entry["gaussian"] = {"mse_noise_removed": filtered}
        found: float | None = test_rows({"O": entry}, 0.9, False)[0]["error_ratio"]
        return found

    assert ratio(0.01, 0.02) == 0.5
    assert ratio(-0.01, 0.02) is None
    assert ratio(0.01, -0.02) is None


def test_tokens_no_stabler_than_clusters_of_noise_are_called_so(tmp_path: Path) -> None:
    def words(null: tuple[float, float, float]) -> list[str]:
        rows = ["comparison,latents,baseline,null", f"seeds,0.9,0.8,{null[0]}", f"subsamples,0.6,0.9,{null[1]}"]
        rows += [f"members,0.5,0.9,{null[2]}", "latents against baseline,0.7,,"]
        rows += ["reference variance explained (share),0.945,0.9651,"]
        (tmp_path / "stability.csv").write_text("\n".join(rows))
        return stability_words(tmp_path / "stability.csv")

    share = "The tokens explain 94.5\u202f% of the variance of the reference"
    assert [text[: len(share)] for text in words((0.1, 0.2, 0.3))] == [share]
    assert "denoised intensities explain 96.5\u202f%" in words((0.1, 0.2, 0.3))[0]
    assert words((0.1, 0.99, 0.3))[0].startswith("Repeated over subsamples, clusters of noise alone agree")
    assert words((0.99, 0.99, 0.9))[0].startswith("Repeated over seeds, subsamples and members, clusters of noise")
    (tmp_path / "stability.csv").write_text("")
    assert stability_words(tmp_path / "stability.csv") == []


def test_a_scan_without_pixel_size_is_measured_in_pixels_once(tmp_path: Path) -> None:
    made = write_pages(
        tmp_path, truth=phantom((24, 32), 1, 3), channels=["Fe"], pixel_size=[1.0, 1.0], pixel_unit="px", members=1
    )
    page = Page(made["pages"]["map"])
    table = pd.read_csv(tmp_path / "files" / "scan-0.decisions.csv")
    for _, record in table[table["kind"] == "remeasure"].iterrows():
        place = " ".join(f"{record[f'{axis}0_px']} – {record[f'{axis}1_px'] - 1}" for axis in "xy")
        assert place in page.text
    assert "(12.0 px)" not in page.text and " px (" not in page.text.split("Along a line")[1].split("Read whether")[0]
    assert "Area" not in page.text.split("Where does it exceed?")[1]


def test_numbers_in_words() -> None:
    assert percent(0.8999) == "90.0\u202f%"
    assert percent(None) == "–"
    assert percent(math.nan) == "–"
    assert nominal_percent(0.975) == "97.5\u202f%"
    assert signed(0.5) == "+0.500"
    assert signed(-0.5) == "−0.500"
    assert signed(None) == "–"


def test_a_scan_unlike_the_calibrated_ones_says_so_first(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    asides = [a for a in page.all("aside") if a.get("class") == "warning"]
    assert len(asides) == 3 and all(a["role"] == "note" for a in asides)
    assert "This scan is unlike those that calibrated the intervals" in page.text
    assert "is brighter (in 97 of 100 pairs)" in page.text and "p = 0.001, the smallest that is possible" in page.text
    assert "What to do." in page.text and "give them the role calibrate" in page.text
    assert page.text.index("unlike those that calibrated") < page.text.index("How sure is it?")


def test_a_scan_like_the_calibrated_ones_says_so_in_one_line(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    assert not [a for a in page.all("aside") if a.get("class") == "warning"]
    assert "nothing about this scan stands out (p = 0.43)" in page.text


def test_the_index_lists_the_scans_that_need_a_second_look(flat: dict[str, Any]) -> None:
    page = Page(flat["index"])
    assert "1 of 2 scans needs a second look" in page.text
    assert "unlike calibration, residuals not white, structure in even places" in page.text
    marks = [a for a in page.all("em") if a.get("class") == "mark"]
    assert len(marks) == 1
