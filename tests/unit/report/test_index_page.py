"""Numbers and sentences of the index."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from PIL import Image

from noisebound.report.index_page import (
    IndexedScan,
    cards,
    headline_numbers,
    link,
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


@pytest.mark.parametrize(("seconds", "words"), [(89.6, "90 s"), (90.0, "1.5 min"), (600.0, "10.0 min")])
def test_the_training_of_a_member_ends_with_its_last_row(tmp_path: Path, seconds: float, words: str) -> None:
    table = pd.DataFrame({"step": [0, 400], "seconds": [0.0, seconds], "device": ["cpu", "Example GPU"]})
    table.to_csv(tmp_path / "member-7.history.csv", index=False)
    table.head(0).to_csv(tmp_path / "member-8.history.csv", index=False)
    found = seconds_of_training([tmp_path / "member-7.history.csv", tmp_path / "member-8.history.csv"])
    assert found == [{"member": "member 7", "steps": 400, "time": words, "device": "Example GPU"}]
