"""What the page of a scan shows: regions, tokens, images, parts of the uncertainty."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.report.scan_images import ScanImages
from noisebound.report.scan_page import pending_images, tokens, uncertainty_parts
from tests.unit.report.parsed_page import Page, image_of, shown_images


def test_tokens_have_their_colours_in_map_and_legend(deep: dict[str, Any]) -> None:
    page = Page(deep["pages"]["map"])
    labels = tifffile.imread(deep["folder"] / "files" / "scan-0.tokens.tif")
    buttons = [a for a in page.all("button") if "data-token" in a]
    assert len(buttons) == 11
    colours = np.array([[int(a["data-token"][k : k + 2], 16) for k in (1, 3, 5)] for a in buttons])
    planes = shown_images(page, "tokens")[0]
    for z, uri in zip(page.store["slices"], planes, strict=True):
        assert np.array_equal(image_of(uri), colours[labels[z]])


def test_variances_add_up_and_the_epistemic_part_has_its_share() -> None:
    parts = {"Mg": {"aleatoric": 0.4, "epistemic": 0.3}, "Fe": {"aleatoric": 0.0, "epistemic": 0.0}}
    rows = uncertainty_parts(SimpleNamespace(uncertainty=parts))  # type: ignore[arg-type]
    assert [row["name"] for row in rows] == ["Mg", "Fe"]
    assert rows[0]["share"] == pytest.approx(0.09 / 0.25) and rows[1]["share"] is None


def test_only_images_that_the_page_does_not_start_with_wait() -> None:
    def layer(name: str, channels: int) -> list[list[str]]:
        return [[f"{name}{c}{p}" for p in range(3)] for c in range(channels)]

    store = {name: layer(name, 2) for name in ("noisy", "median", "width", "spread", "lower")}
    tokens, found = {"uris": layer("tokens", 1)[0]}, {"exceed": [{"uris": layer("exceed", 1)[0]}]}
    pending = pending_images(store, tokens, found, channel=1, plane=2)
    assert set(pending) == {*store, "tokens", "exceed0"}
    for name, images in pending.items():
        started = {"lower": set(), "tokens": {(0, 2)}, "exceed0": {(0, 2)}}.get(name, {(1, 2)})
        holes = {(c, p) for c, planes in enumerate(images) for p, image in enumerate(planes) if image is None}
        assert holes == started, name
    assert store["noisy"][1][2] == "noisy12", "what was given stays as it was"


def test_the_mean_of_a_token_is_longest_where_it_is_largest(flat: dict[str, Any]) -> None:
    table = pd.read_csv(flat["folder"] / "files" / "scan-0.tokens.csv")
    with Scan(flat["scans"]["map"].scan) as scan, Predictions(flat["scans"]["map"].denoised) as denoised:
        content, labels = tokens(
            ScanImages(scan, denoised), flat["scans"]["map"].tokens_tif, flat["scans"]["map"].tokens_csv
        )
    assert np.array_equal(labels, tifffile.imread(flat["scans"]["map"].tokens_tif))
    for c, name in enumerate(("Mg", "Fe")):
        means = table[f"{name}_mean"].to_numpy()
        assert [row["bars"][c] for row in content["legend"]] == pytest.approx(list(100 * means / means.max()))
