"""Words about the signal intervals."""

from __future__ import annotations

from noisebound.calibration.intervals import Calibration
from noisebound.report.signal_words import signal_promise, signal_words


def test_the_headline_names_the_channels() -> None:
    rows = [{"name": "Mg", "signal": {"half": 0.26}}, {"name": "Si", "signal": {"half": 0.17}}, {"name": "O"}]
    words = signal_words(rows, "the 3 channels with structure", "counts", 0.9)
    assert words is not None and words.startswith("In the 3 channels with structure, the 90\u202f% signal interval is")
    assert words.endswith("±0.260 (Mg) and ±0.170 (Si) counts on average.")
    assert signal_words(rows[2:], "", "counts", 0.9) is None


def test_a_check_that_fails_is_said_beside_the_width() -> None:
    def words(**signal: float | None) -> str:
        found = signal_words([{"name": "Mg", "signal": {"half": 0.2, **signal}}], "", "counts", 0.9)
        assert found is not None
        return found

    assert "Do not rely on it in Mg (29.4 times)" in words(error_ratio=29.4, error_low=None)
    assert "Do not rely" in words(error_ratio=1.8, error_low=1.3)
    for ratio, low in ((1.8, 1.1), (2.5, None), (None, None), (0.4, 0.2)):
        assert "rely" not in words(error_ratio=ratio, error_low=low)


def test_the_promise_names_what_it_rests_on_or_why_there_is_none() -> None:
    known = Calibration({"primary": 0.9, "signal": {"sources": ["the reference counts events"], "channels": {}}})
    assert "the reference counts events" in signal_promise(known) and "90 of 100 pixels" in signal_promise(known)
    assert signal_promise(Calibration({"primary": 0.9, "signal": None, "signal_missing": "x"})) == "There is none: x."
    assert signal_promise(Calibration({"primary": 0.9})) == ""
