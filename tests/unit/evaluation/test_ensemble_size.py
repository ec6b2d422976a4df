"""Ensembles of fewer members."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import pearsonr

from tests.unit.evaluation.simulated import evaluated, select


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
