"""Divided scans, by brute force over their pixels: guard bands keep, and cost no more than they must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.core.roles import DISJOINT_ROLES
from noisebound.geometry.boxes import Box
from noisebound.regions.divide import divide
from noisebound.regions.layout import LAYOUT_LETTERS
from noisebound.regions.regions import Regions


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


def test_training_keeps_its_ground_and_boxes_are_few() -> None:
    boxes = divide((40, 60), ["TTE", "TSE"], (4, 4))
    train = [box for box in boxes if box.role == "train"]
    assert sum(box.size for box in train) == 40 * 40 - 20 * 20
    assert len(train) == 2
    assert [box for box in boxes if box.role == "select"] == [Box("select", (24, 24), (40, 40))]
    assert [box for box in boxes if box.role == "test"] == [Box("test", (0, 44), (40, 60))]


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        (["TE"] * 3, "role 'test'"),  # the guard band is as wide as the cell
        (["T" * 60 + "E"], "role 'test'"),  # a cell narrower than a pixel
        (["TX"], "unknown letter X"),
        ([], "non-empty"),
    ],
)
def test_layouts_that_leave_a_role_without_pixels_are_refused(layout: list[str], words: str) -> None:
    with pytest.raises(InputError) as raised:
        divide((20, 20), layout, (10, 10))
    assert words in str(raised.value) and "Remedy: " in str(raised.value) and "regions.layout" in str(raised.value)
