"""The boxes of a scan: checked against their guard band, and read from their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError, LeakageError
from noisebound.core.roles import DISJOINT_ROLES
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions


def test_the_check_agrees_with_brute_force_over_pixels() -> None:
    random = np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        shape, guard = (4, 12, 12), tuple(int(g) for g in random.integers(0, 4, 3))
        boxes = []
        for role in random.choice(DISJOINT_ROLES, 2):
            lower = random.integers(0, shape)
            upper = lower + 1 + random.integers(0, np.asarray(shape) - lower)
            boxes.append(Box(str(role), tuple(map(int, lower)), tuple(map(int, np.minimum(upper, shape)))))
        one, other = (np.argwhere(Regions("s", shape, guard, "", (box,)).mask(box.role)) for box in boxes)
        close = (np.abs(one[:, None] - other[None]) <= guard).all(axis=2).any() and boxes[0].role != boxes[1].role
        outcomes.add(bool(close))
        regions = Regions("s", shape, guard, "", tuple(boxes))
        if close:
            with pytest.raises(LeakageError, match=r"closer than the guard band.*Remedy"):
                regions.check()
        else:
            regions.check()
    assert outcomes == {True, False}


@pytest.mark.parametrize("box", [((0, 0), (0, 3)), ((0, 0), (3, 9)), ((-1, 0), (3, 3)), ((3, 3), (2, 4))])
def test_boxes_that_are_empty_or_leave_the_scan_are_refused(box: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(InputError, match="empty or leaves the scan"):
        Regions("s", (8, 8), (1, 1), "", (Box("train", *box),)).check()


@pytest.mark.parametrize("content", ["[]", "{}", '{"scan": "a", "shape": 3}'])
def test_a_file_that_holds_no_regions_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match=r"r\.json.*Remedy"):
        Regions.read(tmp_path / "r.json")
