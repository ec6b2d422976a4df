"""Numbers and sentences of the index."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from noisebound.report.index_page import (
    IndexedScan,
    cards,
    headline_numbers,
    link,
    mode_rows,
    realised,
    seconds_of_training,
)
from tests.unit.report.parsed_page import image_of


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


def test_addresses_lead_from_the_index_to_the_pages(tmp_path: Path) -> None:
    page = tmp_path / "report" / "scans" / "a #1?.html"
    page.parent.mkdir(parents=True)
    page.touch()
    found = link(page, tmp_path / "report" / "index.html")
    assert not urlsplit(found).query and not urlsplit(found).fragment
    assert (tmp_path / "report" / unquote(found)).samefile(page)


def test_cards_stand_in_the_order_of_the_scans(tmp_path: Path) -> None:
    for name in ("z", "a"):
        Image.new("RGB", (4, 3), "red" if name == "z" else "blue").save(tmp_path / f"{name}.png")
    scans = {
        name: IndexedScan(role, tmp_path / f"{name}.html", tmp_path / f"{name}.png", tmp_path / "drift.json")
        for name, role in (("z", "train"), ("a", "apply"))
    }
    found = cards(scans, tmp_path / "index.html")
    assert [(card["scan"], card["role"], card["link"]) for card in found] == [
        ("z", "train", "z.html"),
        ("a", "apply", "a.html"),
    ]
    assert [tuple(image_of(card["image"])[0, 0]) for card in found] == [(255, 0, 0), (0, 0, 255)]


def test_sides_that_no_pixel_was_called_are_left_out() -> None:
    entry = {"name": "rich", "channel": "Fe", "threshold": 1.25, "precision": 0.875, "n_blocks": 4}
    summary = {"decisions": [{**entry, "side": "above", "n_pixels": 40}, {**entry, "side": "below", "n_pixels": 0}]}
    (row,) = realised(summary)
    assert (row["words"], row["precision"], row["n_pixels"]) == ("Fe above 1.25", 0.875, 40)
    assert realised({}) == realised({"decisions": None}) == []


def test_modes_are_taken_together_over_the_channels_with_structure(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    kinds = ("decile", "token", "border", "block", "scan")
    rows = [
        {"mode": mode, "unit": "pixel", "chosen": mode == "b", "channel": channel, "scans": 2}
        | {key: random.uniform(0.5, 1) for key in ("coverage", "relative_width", "decile_gap")}
        | {f"{kind}_{end}": random.uniform(0.5, 1) for kind in kinds for end in ("low", "high")}
        for mode in ("b", "a")
        for channel in ("Mg", "Fe", "O")
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "modes.csv", index=False)
    found = mode_rows(tmp_path / "modes.csv", ["Mg", "Fe"])
    assert [(row["mode"], row["chosen"], row["scans"]) for row in found] == [("b", True, 2), ("a", False, 2)]
    for row in found:
        own = [r for r in rows if r["mode"] == row["mode"] and r["channel"] != "O"]
        assert row["relative_width"] == pytest.approx(math.sqrt(own[0]["relative_width"] * own[1]["relative_width"]))
        assert row["decile_gap"] == pytest.approx((own[0]["decile_gap"] + own[1]["decile_gap"]) / 2)
        assert row["coverage"] == pytest.approx(tuple(sorted(r["coverage"] for r in own)))
        for kind in kinds:
            low, high = min(r[f"{kind}_low"] for r in own), max(r[f"{kind}_high"] for r in own)
            assert row[kind] == pytest.approx((low, high))
    assert mode_rows(tmp_path / "modes.csv", []) != found, "without a choice, all channels count"
    pd.DataFrame(rows).assign(relative_width=0.0).to_csv(tmp_path / "modes.csv", index=False)
    assert {row["relative_width"] for row in mode_rows(tmp_path / "modes.csv", [])} == {None}


@pytest.mark.parametrize(("seconds", "words"), [(89.6, "90 s"), (90.0, "1.5 min"), (600.0, "10.0 min")])
def test_the_training_of_a_member_ends_with_its_last_row(tmp_path: Path, seconds: float, words: str) -> None:
    table = pd.DataFrame({"step": [0, 400], "seconds": [0.0, seconds], "device": ["cpu", "Example GPU"]})
    table.to_csv(tmp_path / "member-7.history.csv", index=False)
    table.head(0).to_csv(tmp_path / "member-8.history.csv", index=False)
    found = seconds_of_training([tmp_path / "member-7.history.csv", tmp_path / "member-8.history.csv"])
    assert found == [{"member": "member 7", "steps": 400, "time": words, "device": "Example GPU"}]
