"""Guard bands by brute force, layouts that are refused, and no way in which one pixel serves two roles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError, LeakageError
from noisebound.core.roles import DISJOINT_ROLES
from noisebound.geometry.boxes import Box
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.check_roles import check_roles
from noisebound.regions.divide import divide
from noisebound.regions.layout import LAYOUT_LETTERS
from noisebound.regions.regions import Regions
from noisebound.regions.settings import RegionSettings
from tests.unit.learning_files import write_scan, write_sources


@st.composite
def layouts(draw: st.DrawFn) -> tuple[tuple[int, ...], list[str], tuple[int, ...]]:
    """Shape (2-D or 3-D), layout and guard per axis."""
    shape = tuple(draw(st.integers(1, 4)) for _ in range(draw(st.integers(0, 1))))
    shape += (draw(st.integers(4, 40)), draw(st.integers(4, 40)))
    columns = draw(st.integers(1, 6))
    layout = draw(st.lists(st.text("TSCE.", min_size=columns, max_size=columns), min_size=1, max_size=6))
    return shape, layout, tuple(draw(st.integers(0, 7)) for _ in shape)


def cell_of(pixel: int, extent: int, cells: int) -> int:
    """The layout cell that a pixel lies in: edges at the nearest whole pixel of equal divisions."""
    edges = [round(extent * n / cells) for n in range(cells + 1)]
    return next(n for n in range(cells) if edges[n] <= pixel < edges[n + 1])


def label(regions: Regions) -> np.ndarray:
    """Role number of every pixel, -1 without one; fails where boxes overlap."""
    labels = np.full(regions.shape, -1)
    for box in regions.boxes:
        assert (labels[box.slices] == -1).all(), "boxes overlap"
        labels[box.slices] = DISJOINT_ROLES.index(box.role)
    return labels


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(layouts())
def test_no_pixel_lies_within_the_guard_of_a_pixel_of_another_role(
    case: tuple[tuple[int, ...], list[str], tuple[int, ...]],
) -> None:
    shape, layout, guard = case
    try:
        boxes = divide(shape, layout, guard)
    except InputError:
        assume(False)
    labels = label(Regions("s", shape, guard, "", boxes))
    pixels = np.argwhere(labels >= 0)
    roles = labels[labels >= 0]
    for one in range(len(DISJOINT_ROLES)):
        mine = pixels[roles == one]
        # Only the plane counts: every box spans all of Z.
        others = pixels[roles > one]
        if len(mine) and len(others):
            mine, others = np.unique(mine[:, -2:], axis=0), np.unique(others[:, -2:], axis=0)
            distance = np.abs(mine[:, None] - others[None])
            assert not (distance <= guard[-2:]).all(axis=2).any()
    Regions("s", shape, guard, "", boxes).check()


@settings(max_examples=100, deadline=None)
@given(layouts())
def test_a_pixel_keeps_its_drawn_role_unless_an_earlier_role_is_within_the_guard(
    case: tuple[tuple[int, ...], list[str], tuple[int, ...]],
) -> None:
    shape, layout, guard = case
    plane = shape[-2:]
    drawn = np.full(plane, -1)
    for y, x in np.ndindex(*plane):
        role = LAYOUT_LETTERS[layout[cell_of(y, plane[0], len(layout))][cell_of(x, plane[1], len(layout[0]))]]
        drawn[y, x] = -1 if role is None else DISJOINT_ROLES.index(role)
    expected = np.full(plane, -1)
    for role in range(4):
        earlier = np.argwhere((expected >= 0) & (expected < role))
        for y, x in np.argwhere(drawn == role):
            near = (np.abs(earlier - [y, x]) <= guard[-2:]).all(axis=1)
            if not near.any():
                expected[y, x] = role
    asked = {DISJOINT_ROLES.index(LAYOUT_LETTERS[letter]) for letter in "".join(layout) if letter != "."}
    if asked - set(np.unique(expected)):
        with pytest.raises(InputError, match=r"leave no pixel for role.*Remedy"):
            divide(shape, layout, guard)
        return
    labels = label(Regions("s", shape, guard, "", divide(shape, layout, guard)))
    np.testing.assert_array_equal(labels, np.broadcast_to(expected, shape))


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


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ([], "non-empty"),
        ([""], "non-empty"),
        (["TT", "T"], "equally long"),
        (["TX"], "unknown letter X"),
        (["tt"], "unknown letter t"),
        (["TE"] * 3, "role 'test'"),  # the guard band is as wide as the cell
        (["T" * 60 + "E"], "role 'test'"),  # a cell narrower than a pixel
    ],
)
def test_layouts_that_do_not_fit_are_refused_with_a_remedy(layout: list[str], words: str) -> None:
    with pytest.raises(InputError) as raised:
        divide((20, 20), layout, (10, 10))
    assert words in str(raised.value) and "Remedy: " in str(raised.value) and "regions.layout" in str(raised.value)


def test_training_keeps_its_ground_and_boxes_are_few() -> None:
    boxes = divide((40, 60), ["TTE", "TSE"], (4, 4))
    train = [box for box in boxes if box.role == "train"]
    assert sum(box.size for box in train) == 40 * 40 - 20 * 20
    assert len(train) == 2
    assert [box for box in boxes if box.role == "select"] == [Box("select", (24, 24), (40, 40))]
    assert [box for box in boxes if box.role == "test"] == [Box("test", (0, 44), (40, 60))]


def make_scan(path: Path, shape: Sequence[int] = (30, 40), **facts: object) -> Path:
    return write_scan(path, np.zeros((1, 1, *shape), np.uint8), None, **facts)  # type: ignore[arg-type]


def test_auto_guard_is_the_largest_radius_allowed_and_survives_the_file(tmp_path: Path) -> None:
    scan = make_scan(tmp_path / "a.h5", (6, 30, 40))
    assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], "auto", 5), role="split")
    regions = Regions.read(tmp_path / "r.json")
    assert regions.guard == (5, 5, 5) and regions.scan == "a" and regions.shape == (6, 30, 40)
    assert regions.boxes == (Box("train", (0, 0, 0), (6, 30, 20)), Box("test", (0, 0, 25), (6, 30, 40)))
    assert regions.mask("train").sum() == 6 * 30 * 20 and regions.mask("train", "test").sum() == 6 * 30 * 35
    regions.write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "r.json").read_bytes()


@pytest.mark.parametrize("role", ["train", "select", "calibrate", "test", "apply"])
def test_a_scan_of_one_role_is_one_box(tmp_path: Path, role: str) -> None:
    scan = make_scan(tmp_path / "a.h5")
    assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], "auto", 3), role=role)
    assert Regions.read(tmp_path / "r.json").boxes == (Box(role, (0, 0), (30, 40)),)


@pytest.mark.parametrize("guard", [0, 4])
def test_a_guard_narrower_than_a_receptive_field_is_refused(tmp_path: Path, guard: int) -> None:
    scan = make_scan(tmp_path / "a.h5")
    with pytest.raises(
        LeakageError, match=rf"'regions.guard', value {guard}.*narrower than the receptive radius.*Remedy"
    ):
        assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], guard, 5), role="split")
    assert not (tmp_path / "r.json").exists()
    assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], 5, 5), role="split")
    assert Regions.read(tmp_path / "r.json").guard == (5, 5)


def test_a_split_scan_needs_a_layout(tmp_path: Path) -> None:
    scan = make_scan(tmp_path / "a.h5")
    with pytest.raises(InputError, match=r"'a' has role 'split' but no layout.*Remedy"):
        assign_regions(scan, tmp_path / "r.json", RegionSettings(None, "auto", 5), role="split")


@pytest.mark.parametrize("content", ["[]", "{}", '{"scan": "a", "shape": 3}'])
def test_a_file_that_holds_no_regions_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match=r"r\.json.*Remedy"):
        Regions.read(tmp_path / "r.json")


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
