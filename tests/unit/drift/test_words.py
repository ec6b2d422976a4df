"""What a check found, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from noisebound.drift.block_table import compared
from noisebound.drift.words import describe_statistic, explain, in_words, likeness_words, p_words, place_words
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
        ({}, "Compared with the 72 blocks that calibrated, nothing about this scan stands out (p = 0.4)."),
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


def test_correlated_residuals_are_warned_of_with_their_worst_lag() -> None:
    def lag(shift: list[int], correlation: float, calibrated: float) -> dict[str, Any]:
        return {"lag": shift, "correlation": correlation, "error": 0.02, "calibrated": calibrated}

    lags = [lag([1, 0], 0.2, 0.01), lag([0, 2], 0.31, float("nan")), lag([1, 1], float("nan"), 0.0)]
    entries = [{"channel": channel, "correlated": channel == "Fe", "lags": lags} for channel in ("Mg", "Fe")]
    content = ALIKE | {"residuals": {"verdict": "correlated", "channels": entries}}
    (warning,) = explain(content)["warnings"]
    assert warning["points"] == ["Fe: 0.31 at 2 px (white noise: 0 ± 0.04)"]
    lags[1]["calibrated"] = -0.1
    (warning,) = explain(content)["warnings"]
    assert warning["points"] == ["Fe: 0.31 at 2 px (white noise: 0 ± 0.04; −0.10 on the calibrate regions)"]
    assert explain(ALIKE | {"residuals": {"verdict": "as calibrated", "channels": entries}})["warnings"] == []


def test_invented_structure_is_warned_of_with_its_places() -> None:
    entries = [
        {"channel": "Mg", "structure": True, "share": 0.25, "single": 0},
        {"channel": "Fe", "structure": True, "share": 0.12, "single": 3},
        {"channel": "Si", "structure": False, "share": 0.05, "single": 0},
    ]
    places = [
        {"channel": "Fe", "lower": [32, 16], "upper": [48, 32]},
        {"channel": "Fe", "lower": [0, 16], "upper": [16, 32]},
    ]
    background = {"verdict": "structure", "blocks": 40, "allowed": 0.1, "channels": entries, "worst": places}
    (warning,) = explain(ALIKE | {"background": background})["warnings"]
    assert warning["points"] == [
        "Mg: 25 % of the pixels of all these blocks",
        "Fe: 12 % of the pixels of all these blocks; 3 of 40 blocks by themselves, foremost y 32 to 48, x 16 to 32 px; "
        "y 0 to 16, x 16 to 32 px",
    ]
    assert "In 40 blocks" in warning["text"] and "At most 10 %" in warning["text"]


def test_places_and_correlations_in_words() -> None:
    assert place_words({"lower": [0, 16, 32], "upper": [4, 32, 48]}) == "z 0 to 4, y 16 to 32, x 32 to 48 px"
    assert (in_words(-0.126), in_words(0.5)) == ("−0.13", "0.50")
