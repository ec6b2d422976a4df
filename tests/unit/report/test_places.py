"""What the page of a scan shows of single places."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from noisebound.report.report_scan import report_scan
from tests.unit.example_run import report_of
from tests.unit.report.parsed_page import Page

PROVENANCE = {"run": "r", "seed": 1, "versions": {}, "digests": [], "config": ""}


def test_places_are_listed_and_drawn_on_both_images_of_their_channel(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    assert "What was lost or invented?" in page.text
    assert "pixels of the noisy frame were searched, those that the networks were trained on too" in page.text
    assert "a spot 5 px wide whose middle differs" in page.text and "may be lost or invented unseen" in page.text
    assert "bright feature lost" in page.text and "bright feature invented" in page.text
    assert "1 more in other channels" in page.text and "drift/" in page.text
    assert page.text.count("y 3, x 3 px") >= 2
    captions = [img["data-words"] for img in page.all("img") if "contradict" in img.get("data-words", "")]
    assert len(captions) == 2
    groups = [part for part in page.all("div") if "data-channel" in part and not part.get("class")]
    assert groups, "boxes and tables are shown with their channel"


def test_misses_beside_the_reference_are_listed_with_both_values(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    assert "No place stands out" not in page.text and "none stands out" not in page.text
    assert "Beside the reference, these are the places that the image misses most" in page.text
    assert "M1" in page.text and "dark feature lost" in page.text and "2.51" in page.text and "1.39" in page.text
    assert "reference outside" in page.text and "between regions" in page.text
    layers = [img["data-layer"] for img in page.all("img") if "misses most" in img.get("data-words", "")]
    assert sorted(layers) == ["median", "reference"] or len(layers) == 1


@pytest.mark.parametrize("noise", ["counts", None])
def test_sigma_is_of_noise_only_where_that_is_known(flat: dict[str, Any], noise: str | None, tmp_path: Path) -> None:
    files = flat["scans"]["map"]
    content = json.loads(Path(files.drift).read_text())
    content["missed"]["noise"] = noise
    (tmp_path / "map.json").write_text(json.dumps(content))
    output = report_of(tmp_path, "map")
    report_scan(
        replace(files, drift=tmp_path / "map.json"),
        calibration=flat["files"]["calibration"],
        summary=None,
        provenance=PROVENANCE,
        settings=flat["settings"],
        output=output,
    )
    text = Page(output.page).text
    assert "drift/map.json lists all" in " ".join(text.split())
    assert ("Sigma of the reference" in text) is (noise is not None)
    assert ("Times the local roughness" in text) is (noise is None)
    assert ("which real texture also raises" in text) is (noise is None)


def test_no_page_claims_that_nothing_was_lost(flat: dict[str, Any]) -> None:
    for path in flat["pages"].values():
        text = Page(path).text
        assert "takes off the noisy frame is noise" not in text and "nothing about this scan stands out" not in text
