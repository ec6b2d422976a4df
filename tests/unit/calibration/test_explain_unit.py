"""Which unit was chosen, and what further scans would bring, in words."""

from __future__ import annotations

from noisebound.calibration.exchangeability import choose_units
from noisebound.calibration.explain_unit import explain_choice

NOMINAL = [0.5, 0.8, 0.9, 0.95]


def words_for(n: int) -> str:
    return explain_choice("auto", n, choose_units("auto", n, NOMINAL, 0.9, 0.95), 0.95)


def test_every_coverage_is_named_with_its_unit_and_what_stronger_ones_take() -> None:
    words = words_for(19)
    for part in ("19 scans", "scan at 0.5, 0.8 and 0.9", "pixel at 0.95", "at 0.9, 19 for scan and 29 for pac"):
        assert part in words
    assert "20 scans at 0.95" in words, "39 are needed for scan there, and it would be finite already"


def test_between_finite_and_useful_the_words_say_what_further_scans_bring() -> None:
    words = words_for(12)
    assert "would be finite at 0.5, 0.8 and 0.9" in words
    assert "calibration.unit: scan asks for it all the same" in words
    assert "So many more of role calibrate bring it: 7 scans at 0.9." in words
    assert "would be finite" not in words_for(0)
    assert "would be finite" not in words_for(59)


def test_a_unit_that_was_asked_for_is_not_explained() -> None:
    words = explain_choice("scan", 12, dict.fromkeys(NOMINAL, "scan"), 0.95)
    assert words == "The unit scan was asked for (calibration.unit), with 12 scans of role calibrate."
