"""How a scan compares with others, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from noisebound.drift.block_table import compared
from noisebound.drift.likeness_words import describe_statistic, likeness_words, p_words
from noisebound.drift.words import explain
from tests.unit.drift.simulated import make_table

ALIKE: dict[str, Any] = {
    "verdict": "like", "unit": "block", "p": 0.4, "resolution": 0.001, "level": 0.05, "difference": 0.8, "block": 16,
    "scan_p": None, "n_calibrate_blocks": 72, "n_calibrate_scans": 2, "needed_scans": 19, "statistics": [],
}  # fmt: skip


def statistic(kind: str, superiority: float, of: str = "Fe", told: bool = True) -> dict[str, Any]:
    return {"kind": kind, "of": of, "superiority": superiority, "told": told}


def test_every_statistic_that_is_compared_has_words_for_more_and_for_less() -> None:
    rng = np.random.default_rng(0)
    names, *_ = compared(make_table(rng, 2, "a"), make_table(rng, 2, "b"))
    for kind, of in names:
        more, less = (describe_statistic(statistic(kind, share, of)) for share in (0.9, 0.1))
        assert more != less and more.endswith("(in 90 of 100 pairs)") and less.endswith("(in 90 of 100 pairs)")
        assert of in more and more[0].isupper()


def test_a_statistic_says_in_which_direction_it_differs() -> None:
    assert describe_statistic(statistic("mean", 0.974)) == "Fe is brighter (in 97 of 100 pairs)"
    assert describe_statistic(statistic("mean", 0.03)) == "Fe is darker (in 97 of 100 pairs)"


def test_a_p_value_that_cannot_be_smaller_says_so() -> None:
    assert p_words({"p": 0.001, "resolution": 0.001}) == "p = 0.001, the smallest that is possible here"
    assert p_words({"p": 0.0123, "resolution": 0.001}) == "p = 0.012"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Compared with the 72 blocks that calibrated, no difference was found (p = 0.4)."),
        ({"p": 0.04}, "differs a little (p = 0.04)"),
        ({"verdict": "unlike", "p": 0.001}, "Compared with the 72 blocks that calibrated: p = 0.001, the smallest"),
        ({"verdict": "too few", "n_calibrate_blocks": 1}, "Too little calibrates (1 block)"),
        ({"verdict": "learned from"}, "The networks learned from this scan"),
        ({"verdict": "calibrates"}, "This scan calibrates the intervals"),
        ({"unit": "scan", "n_calibrate_scans": 19}, "Compared with the 19 scans that calibrated"),
    ],
)
def test_the_verdict_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    assert words in likeness_words(ALIKE | changes)


def test_how_exact_the_p_value_is_depends_on_the_unit() -> None:
    blocks = explain(ALIKE | {"scan_p": 1 / 3})["approximation"]
    for words in ("16 px", "independent", "80 of 100 pairs", "With 19 scans", "2 scans", "p = 0.33", "below 0.33"):
        assert words in blocks
    scans = explain(ALIKE | {"unit": "scan"})["approximation"]
    assert "5 of 100" in scans and "approximate" not in scans
    assert explain({"verdict": "learned from"})["approximation"] is None


def test_a_scan_unlike_the_others_is_warned_of_with_what_differs_most() -> None:
    told = [statistic("mean", 0.99), statistic("noise", 0.01), statistic("fine", 0.1), statistic("zeros", 0.9)]
    content = ALIKE | {"verdict": "unlike", "p": 0.001, "statistics": [*told, statistic("contrast", 0.9, told=False)]}
    (warning,) = explain(content)["warnings"]
    assert warning["kind"] == "drift" and "role calibrate" in warning["remedy"]
    assert [point.split(" (")[0] for point in warning["points"]] == [
        "Fe is brighter",
        "The noise of Fe is weaker",
        "Less of the variation of Fe is finer than 4 px, as after blurring",
    ]
    assert explain(ALIKE)["warnings"] == []


DOSE = {"ratio": 0.97, "p": 0.4, "visible": 0.13, "totals": 0.9, "told": False}
BEYOND: dict[str, Any] = {"p": 0.6, "blocks": 1, "of": 36, "needed": 5, "told": False, "statistics": []}


def test_what_could_be_seen_is_said_beside_what_was_not_found() -> None:
    words = likeness_words(ALIKE | {"dose": DOSE, "exceedance": BEYOND})
    assert "another dose, by 13 % or more (it is 0.97 times the usual)" in words
    assert "new material in 5 or more of 36 blocks" in words and words.endswith("Less may pass unseen.")
    blind = likeness_words(ALIKE | {"dose": None, "exceedance": BEYOND | {"needed": None}})
    assert blind.endswith("A change of dose or new material in a part of the scan could not be seen.")
    few = likeness_words(ALIKE | {"verdict": "too few", "dose": DOSE, "exceedance": None})
    assert "Too little calibrates" in few and "by 13 %" in few
    assert "seen" not in likeness_words(ALIKE | {"unit": "scan"}), "the valid test of whole scans"


def test_blocks_beyond_all_others_and_another_dose_are_points_of_the_warning() -> None:
    beyond = BEYOND | {"told": True, "blocks": 6, "p": 0.002}
    beyond["statistics"] = [{"kind": "mean", "of": "Fe", "blocks": 6, "above": False}]
    dose = DOSE | {"told": True, "ratio": 0.8, "p": 0.001}
    content = ALIKE | {"verdict": "unlike", "exceedance": beyond, "dose": dose}
    (warning,) = explain(content)["warnings"]
    assert warning["points"] == [
        "6 of 36 blocks lie beyond all 72 that calibrated: Fe is darker in 6 (p = 0.002)",
        "The counts are 0.8 times those of calibrated scans of like composition: another dose, or materials that these "
        "do not hold (p = 0.001)",
    ]
    assert "in pairs" not in warning["text"]
