"""The step check_roles: no way in which one pixel serves two roles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from noisebound.core.errors import LeakageError
from noisebound.core.roles import DISJOINT_ROLES
from noisebound.geometry.boxes import Box
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.check_roles import check_roles
from noisebound.regions.regions import Regions
from noisebound.regions.settings import RegionSettings
from tests.unit.learning_files import write_sources
from tests.unit.regions.empty_scans import make_scan


def check(tmp_path: Path, *scans: tuple[str, str, dict[str, object]]) -> dict[str, object]:
    """Check scans given as (name, role or layout row, facts); what was written."""
    files, areas, sources = [], [], []
    for name, role, facts in scans:
        words = facts.get("content", [name])
        files.append(make_scan(tmp_path / f"{name}.h5", group=facts.get("group", "")))
        sources.append(write_sources(tmp_path / f"{name}-sources.json", words))  # type: ignore[arg-type]
        areas.append(tmp_path / f"{name}.json")
        layout = [role] if role not in (*DISJOINT_ROLES, "apply") else None
        part = "split" if layout else role
        assign_regions(files[-1], areas[-1], RegionSettings(layout, "auto", 3), role=part)
    check_roles(files, areas, sources, tmp_path / "check.json")
    return dict(json.loads((tmp_path / "check.json").read_text()))


@pytest.mark.parametrize("shared", [{"content": ["same", "other"]}, {"group": "field 1"}])
@pytest.mark.parametrize(("first", "second"), [("train", "test"), ("select", "train"), ("TE", "TE"), ("TE", "train")])
def test_one_field_of_view_under_two_roles_is_refused(
    tmp_path: Path, shared: dict[str, object], first: str, second: str
) -> None:
    # The scan in between is of the same role as the first: what it shares must not hide the third.
    middle = ("b", first, {"content": ["b"]})
    with pytest.raises(LeakageError) as raised:
        check(
            tmp_path,
            ("a", first, {"content": ["a"], **shared}),
            middle,
            ("c", second, {"content": ["c", "same"], **shared}),
        )
    assert "'a'" in str(raised.value) and "'c'" in str(raised.value) and "Remedy: " in str(raised.value)
    assert not (tmp_path / "check.json").exists()


def test_scans_of_one_role_may_share_a_field_of_view_and_others_may_not_share_anything(tmp_path: Path) -> None:
    same = {"content": ["same"], "group": "field 1"}
    written = check(
        tmp_path,
        ("a", "train", same),
        ("b", "train", same),
        ("c", "test", {"content": ["c"], "group": "field 2"}),
        ("d", "TE", {"content": ["d"]}),
        ("e", "TE", {"content": ["e"]}),
    )
    assert written["scans"]["d"] == ["test", "train"] and written["leakage"] == "none"  # type: ignore[index]


def test_a_regions_file_with_boxes_too_close_is_refused(tmp_path: Path) -> None:
    scan = make_scan(tmp_path / "a.h5")
    boxes = (Box("train", (0, 0), (30, 20)), Box("calibrate", (0, 22), (30, 40)))
    Regions("a", (30, 40), (3, 3), "by hand", boxes).write(tmp_path / "a.json")
    sources = write_sources(tmp_path / "sources.json", ["a"])
    with pytest.raises(LeakageError, match="closer than the guard band"):
        check_roles([scan], [tmp_path / "a.json"], [sources], tmp_path / "check.json")
