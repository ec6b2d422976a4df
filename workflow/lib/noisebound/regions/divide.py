"""Dividing a scan by a drawn layout, with guard bands between roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.roles import DISJOINT_ROLES
from ..geometry.boxes import Box
from .layout import LAYOUT_LETTERS, check_layout


def divide(shape: Sequence[int], layout: Sequence[str], guard: Sequence[int]) -> tuple[Box, ...]:
    """Divide a scan by a drawn layout, with guard bands between different roles.

    Parameters
    ----------
    shape
        Pixels of the scan per spatial axis ([z], y, x).
    layout
        A picture of the scan: one string per row of cells along Y, one letter per cell along X (T train, S select, C
        calibrate, E test, . unused). A volume is divided in Y and X only.
    guard
        Width of the guard band in pixels per spatial axis. Pixels that are this close to a role, along both axes, are
        taken from all later roles in the order train, select, calibrate, test. So training keeps most pixels.

    Returns
    -------
    tuple of Box
        Boxes that cover the remaining area of each role; each spans all of Z.

    Raises
    ------
    InputError
        If the layout is malformed, or the guard bands leave no pixel for a role.
    """
    check_layout(layout)
    plane = shape[-2:]
    guard_y, guard_x = guard[-2:]
    cells = (len(layout), len(layout[0]))
    edges = [np.linspace(0, extent, n + 1).round().astype(int) for extent, n in zip(plane, cells, strict=True)]
    roles = np.full(plane, -1, dtype=int)
    for i, row in enumerate(layout):
        for j, letter in enumerate(row):
            role = LAYOUT_LETTERS[letter]
            if role is not None:
                roles[edges[0][i] : edges[0][i + 1], edges[1][j] : edges[1][j + 1]] = DISJOINT_ROLES.index(role)
    boxes: list[Box] = []
    taken = np.zeros(plane, dtype=bool)
    for index, role in enumerate(DISJOINT_ROLES):
        wanted = roles == index
        allowed = wanted & ~_grow(taken, guard_y, guard_x)
        asked = any(LAYOUT_LETTERS[letter] == role for letter in "".join(layout))
        if asked and not allowed.any():
            raise InputError(
                f"guard bands of {tuple(guard)} px leave no pixel for role {role!r} in a scan of shape {tuple(shape)}",
                key="regions.layout",
                value=list(layout),
                remedy="draw larger cells for it, or choose a smaller architecture.max_radius",
            )
        taken |= allowed
        for (y0, x0), (y1, x1) in _rectangles(allowed):
            leading = [(0, extent) for extent in shape[:-2]]
            boxes.append(Box(role, (*(low for low, _ in leading), y0, x0), (*(high for _, high in leading), y1, x1)))
    return tuple(boxes)


def _grow(mask: NDArray[np.bool_], by_y: int, by_x: int) -> NDArray[np.bool_]:
    """Dilate by a rectangle of half-widths ``by_y`` and ``by_x``, through running counts along each axis."""
    for axis, by in enumerate((by_y, by_x)):
        counts = np.cumsum(np.insert(mask.astype(int), 0, 0, axis=axis), axis=axis)
        extent = mask.shape[axis]
        high = np.minimum(np.arange(extent) + by + 1, extent)
        low = np.maximum(np.arange(extent) - by, 0)
        mask = counts.take(high, axis=axis) > counts.take(low, axis=axis)
    return mask


def _rectangles(mask: NDArray[np.bool_]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Cover ``mask`` exactly by disjoint rectangles: the top-left pixel left over grows right, then down."""
    left = mask.copy()
    while left.any():
        y0, x0 = np.unravel_index(int(np.argmax(left)), left.shape)
        x1 = int(x0)
        while x1 < left.shape[1] and left[y0, x1]:
            x1 += 1
        y1 = int(y0)
        while y1 < left.shape[0] and left[y1, x0:x1].all():
            y1 += 1
        left[y0:y1, x0:x1] = False
        yield (int(y0), int(x0)), (y1, x1)
