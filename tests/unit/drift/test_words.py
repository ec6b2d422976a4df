"""What a check found, in words."""

from __future__ import annotations

from typing import Any

from noisebound.drift.words import explain, in_words

ALIKE: dict[str, Any] = {
    "verdict": "like", "unit": "block", "p": 0.4, "resolution": 0.001, "level": 0.05, "difference": 0.8, "block": 16,
    "scan_p": None, "n_calibrate_blocks": 72, "n_calibrate_scans": 2, "needed_scans": 19, "statistics": [],
}  # fmt: skip


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


def test_correlations_in_words() -> None:
    assert (in_words(-0.126), in_words(0.5)) == ("−0.13", "0.50")
