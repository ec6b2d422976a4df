"""Shares of a region's pixels in each role."""

from __future__ import annotations

import math

import numpy as np
import pytest

from noisebound.decisions.region_roles import ROLES, main_role, role_shares
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_counted_pixel_by_pixel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = (Box("train", (0, 0), (8, 9)), Box("train", (0, 20), (5, 30)), Box("test", (10, 4), (20, 30)))
    regions = Regions("s", (20, 30), (1, 1), "test", boxes)
    labels = rng.integers(0, 5, (20, 30))
    labels[labels == 3] = 4
    role_of = np.full((20, 30), "none", dtype=object)
    for box in boxes:
        role_of[box.slices] = box.role
    found = role_shares(regions, labels, 5)
    for label in (0, 1, 2, 4):
        inside = role_of[labels == label]
        for role in ROLES:
            assert found[label][role] == pytest.approx(np.mean(inside == role))
        assert main_role(found[label]) == max(ROLES, key=lambda role, own=inside: int((own == role).sum()))
    assert all(math.isnan(share) for share in found[3].values())


def test_a_scan_that_is_only_predicted_has_one_role() -> None:
    regions = Regions("s", (3, 4, 5), (0, 0, 0), "test", (Box("apply", (0, 0, 0), (3, 4, 5)),))
    (shares,) = role_shares(regions, np.zeros((3, 4, 5), int), 1)
    assert main_role(shares) == "apply" and shares["apply"] == 1 and shares["none"] == 0
