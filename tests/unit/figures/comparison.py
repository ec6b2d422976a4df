"""What the step compare_ensembles leaves behind, invented: curves over ensemble size, a summary, and an example."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MEMBERS = (1, 2, 4)
FAMILIES = ("random", "unet")
# Value for one member, and what doubling the ensemble adds to it.
MEASURES = {
    "correlation": (0.95, 0.01),
    "rmse": (0.2, -0.02),
    "width": (0.5, -0.05),
    "width_reduction": (3.0, 0.5),
    "noise_reduction": (5.0, 0.7),
    "coverage_of_truth": (0.88, 0.01),
    "coverage_of_reference": (0.9, 0.002),
}


def mean_of(family: str, measure: str, members: int) -> float:
    first, gain = MEASURES[measure]
    return first + gain * np.log2(members) - (0.003 if family == "unet" else 0.0)


def curves() -> pd.DataFrame:
    """The table of curves, with bands around every mean."""
    ends = {"q10": -0.004, "q25": -0.002, "q50": 0.0, "q75": 0.002, "q90": 0.004}
    return pd.DataFrame(
        [
            {"family": family, "measure": measure, "members": members, "subsets": 3, "mean": mean}
            | {name: mean + shift for name, shift in ends.items()}
            for family in FAMILIES
            for measure in MEASURES
            for members in MEMBERS
            for mean in [mean_of(family, measure, members)]
        ]
    )


def summary() -> dict[str, Any]:
    """The content of ``comparison/summary.json``."""

    def about(family: str) -> dict[str, Any]:
        coverages = [mean_of(family, "coverage_of_truth", members) for members in MEMBERS]
        ends = {
            name: {measure: mean_of(family, measure, members) for measure in MEASURES}
            for name, members in (("one", MEMBERS[0]), ("all", MEMBERS[-1]))
        }
        facts = {"parameters": [5000, 5600], "training_seconds": 12.3, "members": MEMBERS[-1]}
        return {**facts, **ends, "coverage": [min(coverages), max(coverages)]}

    return {
        "nominal": 0.9,
        "images": {"calibrate": 3, "test": 4},
        "size": 16,
        "marginal_width": 1.1,
        "noise_width": 3.2,
        "noisy_correlation": 0.54,
        "reference_is_truth": False,
        "subsets": 10,
        "tuned_on": 4,
        "families": {family: about(family) for family in FAMILIES},
        "filters": [{"filter": "Gaussian filter", "setting": 2.5, "correlation": 0.9642, "rmse": 0.11}],
    }


def example(side: int = 16) -> dict[str, np.ndarray]:
    """One test image as measured, as it is, and as each method gives it: float32 (side, side)."""
    random = np.random.default_rng(0)
    truth = random.normal(size=(side, side)).astype(np.float32)
    images = {"truth": truth, "noisy": truth + random.normal(0, 2, truth.shape).astype(np.float32)}
    for family in FAMILIES:
        median = truth + random.normal(0, 0.2, truth.shape).astype(np.float32)
        images |= {f"{family}/lower": median - 0.5, f"{family}/median": median, f"{family}/upper": median + 0.5}
    filters = ("Gaussian filter", "non-local means")
    return images | {f"filter/{name}": truth + np.float32(k) for k, name in enumerate(filters)}
