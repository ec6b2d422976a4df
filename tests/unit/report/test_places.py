"""What the page of a scan shows of single places."""

from __future__ import annotations

from typing import Any

from tests.unit.report.parsed_page import Page


def test_places_are_listed_and_drawn_on_both_images_of_their_channel(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    assert "What was lost or invented?" in page.text
    assert "single objects down to about" in page.text and "may be lost or invented unseen" in page.text
    assert "lost, bright" in page.text and "invented, bright" in page.text
    assert "1 weaker ones are counted, not listed." in page.text
    assert page.text.count("y 2 to 5, x 2 to 5 px") >= 2
    captions = [img["data-words"] for img in page.all("img") if "contradict" in img.get("data-words", "")]
    assert len(captions) == 2
    groups = [part for part in page.all("div") if "data-channel" in part and not part.get("class")]
    assert groups, "boxes are shown with their channel"


def test_misses_beside_the_reference_are_listed_with_both_values(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    assert "No place stands out in this scan." in page.text
    assert "Beside the reference, these are the places that the image misses most" in page.text
    assert "M1" in page.text and "drawn too bright" in page.text and "2.51" in page.text and "1.39" in page.text
    layers = [img["data-layer"] for img in page.all("img") if "misses most" in img.get("data-words", "")]
    assert sorted(layers) == ["mean", "reference"] or len(layers) == 1


def test_no_page_claims_that_nothing_was_lost(flat: dict[str, Any]) -> None:
    for path in flat["pages"].values():
        text = Page(path).text
        assert "takes off the noisy frame is noise" not in text and "nothing about this scan stands out" not in text
