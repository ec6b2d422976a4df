"""What else belongs to the promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from noisebound.calibration.caveats import in_100
from tests.unit.calibration.simulated import fit_counts, fit_scans, poisson_scan, simulated_scans


def test_words_name_what_each_coverage_and_bound_promises(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 19)
    options: dict[str, Any] = {"nominal": [0.5, 0.9, 0.95], "primary": 0.9, "confidences": [0.9, 0.95]}
    words = fit_scans(files, tmp_path / "c.json", **options).guarantee
    assert (
        "Another promise holds for nominal coverage 0.95 and for one-sided bounds, and decisions by them, at 0.95:"
        in words
    )
    assert "approximately, not about further scans (unit pixel)" in words
    assert "in each channel by itself" in words
    assert "a single frame of it can have less" in words
    alike = fit_scans(files, tmp_path / "d.json", unit="scan", nominal=[0.5, 0.9], primary=0.9, confidences=[0.9])
    assert "Another promise" not in alike.guarantee
    sure = fit_scans(files, tmp_path / "e.json", unit="pac", nominal=[0.5], primary=0.5)
    assert "in at least 50 of 100 pixels of each of at least 50 of 100 further scans" in sure.guarantee
    assert "not of all together" in sure.guarantee


@pytest.mark.parametrize(
    ("share", "words"), [(0.9, "90"), (0.95, "95"), (0.995, "99.5"), (0.29, "29"), (0.07, "7"), (1 - 0.05, "95")]
)
def test_shares_are_said_in_100_without_rounding_errors(share: float, words: str) -> None:
    assert in_100(share) == words


def test_only_what_applies_is_said(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    plain = fit_counts(files, tmp_path / "c.json").guarantee
    random = fit_counts(files, tmp_path / "c.json", ties="random").guarantee
    tokens = np.zeros((40, 48), np.uint8)
    tokens[:2] = 1
    tifffile.imwrite(tmp_path / "s.tif", tokens)
    options: dict[str, Any] = {"groups": "token", "tokens": [tmp_path / "s.tif"], "smallest_group": 77}
    by_token = fit_counts(files, tmp_path / "c.json", **options).guarantee
    for words, where in {
        "Ties are broken at random": random,
        "Tokens with fewer than 77 calibration pixels count together as one": by_token,
        "Whether a token stands by itself depends": by_token,
    }.items():
        assert [words in text for text in (plain, random, by_token)] == [
            where is text for text in (plain, random, by_token)
        ]
    assert "infinite" not in plain + random + by_token
    assert "Another promise" not in plain + random + by_token
