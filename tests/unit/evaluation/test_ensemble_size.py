"""Ensembles of fewer members."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import pearsonr

from noisebound.evaluation.columns import COLUMNS
from noisebound.evaluation.ensemble_size import MAX_SUBSETS, ensemble_size
from noisebound.evaluation.held_out import load_held_out
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from tests.unit.evaluation.simulated import SHAPE, TEST, evaluated, select, simulate


def test_ensemble_size_equals_all_subsets() -> None:
    _, tables, brute, _, _ = evaluated()
    for c, name in enumerate(("Mg", "Fe")):
        target = brute.target[1, c].astype(float)
        for m in range(1, 5):
            means = [brute.members[list(s), c].mean(0)[brute.mask].astype(float) for s in combinations(range(4), m)]
            row = select(tables["ensemble_size"], channel=name, members=m).iloc[0]
            assert row["subsets"] == len(means)
            correlations = [pearsonr(mean, target)[0] for mean in means]
            assert row["correlation"] == pytest.approx(np.mean(correlations), rel=1e-5)
            assert row["correlation_q25"] == pytest.approx(np.quantile(correlations, 0.25), rel=1e-5)
            assert row["rmse"] == pytest.approx(np.mean([np.sqrt(((a - target) ** 2).mean()) for a in means]), rel=1e-5)


def test_of_many_members_some_subsets_are_drawn_and_without_members_nothing_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    members = rng.uniform(0, 6, (8, 2, *SHAPE))
    for given in (members, None):
        files = simulate(tmp_path, members=given)
        with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
            regions = load_held_out(predictions, scan, TEST, None, 8)
        table = ensemble_size(regions, ("Mg", "Fe"), np.random.default_rng(0))
        assert list(table.columns) == COLUMNS["ensemble_size"]
        if given is None:
            assert not len(table)
        else:
            subsets = table[table["channel"] == "Mg"].set_index("members")["subsets"]
            assert subsets.to_dict() == {1: 8, 2: MAX_SUBSETS, 3: MAX_SUBSETS, 4: MAX_SUBSETS, 5: MAX_SUBSETS,
                                         6: MAX_SUBSETS, 7: 8, 8: 1}  # fmt: skip
