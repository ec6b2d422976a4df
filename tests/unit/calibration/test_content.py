"""What ``calibration.json`` holds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.calibration.content import infinity_as_word
from noisebound.calibration.median_to_mean import fit_mean
from noisebound.calibration.targets import TRUE_TARGET
from tests.unit.calibration.simulated import calibrate_pixels, fit_counts, poisson_scan

NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.text())


@given(st.recursive(NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_infinite_numbers_survive_json(content: Any) -> None:
    def same(before: Any, after: Any) -> bool:
        if isinstance(before, dict):
            return before.keys() == after.keys() and all(same(value, after[key]) for key, value in before.items())
        if isinstance(before, list):
            return len(before) == len(after) and all(map(same, before, after))
        if isinstance(before, float) and math.isinf(before):
            return isinstance(after, str) and float(after) == before
        return bool(before == after)

    assert same(content, json.loads(json.dumps(infinity_as_word(content), allow_nan=False)))


@pytest.mark.parametrize("counts", [True, False])
def test_the_content_states_what_was_used(tmp_path: Path, counts: bool) -> None:
    files = poisson_scan(tmp_path, counts=counts)
    content = fit_counts(files, tmp_path / "c.json", counts=counts, score="asymmetric", block=8).content
    assert content["floor"] == (0.0 if counts else None)
    assert content["levels"] == [0.05, 0.5, 0.95]
    assert (content["mode"], content["score"], content["scale"], content["ties"]) == (
        *("asymmetric", "asymmetric", "none", False),
    )
    assert content["block"] == 8
    # Boxes of 40 x 14 and 40 x 5 px make 5 x 2 and 5 x 1 blocks of about 8 px.
    assert content["n_blocks"] == 15
    assert set(content["one_sided"]) == set(content["one_sided_units"]) == {"0.75", "0.95"}
    assert content["target"] != TRUE_TARGET
    pixels = calibrate_pixels(files)
    for c, name in enumerate(("Mg", "Fe")):
        median, target = (np.concatenate([part[k][c] for part in pixels]) for k in (1, 3))
        whole, kept = fit_mean(median, target), content["mean"][name]
        assert kept["median"] == pytest.approx(whole["median"])
        assert all(0 <= part / shift <= 1 for part, shift in zip(kept["shift"], whole["shift"], strict=True))
        residual, signal = np.mean((target - median) ** 2), np.cov(median, target, bias=True)[0, 1]
        found = content["structure"][name]
        assert (found["signal"], found["rest"]) == pytest.approx((signal, residual), rel=1e-4)
        assert found["structured"] == (signal >= 0.25 * residual)
        if counts:  # the target is the mean of other frames, in their own unit
            assert content["noisy_scale"][name] == {"factor": pytest.approx(1), "error": 0}
    assert ("noisy_scale" in content) == counts
