"""Axes are one letter each, as many as the array has, or are refused with what to write."""

from __future__ import annotations

from itertools import permutations

import pytest

from noisebound.core.errors import InputError
from noisebound.scans.axes import AXES, resolve_axes


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_order_of_known_letters_with_y_and_x_passes(count: int) -> None:
    for letters in permutations(AXES, count):
        axes = "".join(letters)
        if {"Y", "X"} <= set(axes):
            assert resolve_axes("a", (2,) * count, axes.lower(), given=True) == axes
            assert resolve_axes("a", (2,) * count, axes.replace("R", "T"), given=False) == axes
        else:
            with pytest.raises(InputError, match="lack Y or X"):
                resolve_axes("a", (2,) * count, axes, given=True)


@pytest.mark.parametrize(
    ("axes", "shape", "words"),
    [
        (None, (3, 4, 5), "does not say what its 3 axes"),
        ("CYX", (4, 5), "3 axes 'CYX' for an array of 2 dimensions"),
        ("QYX", (3, 4, 5), "hold Q, whose meaning is not known"),
        ("YXS", (4, 5, 3), "colour samples"),
        ("TRYX", (2, 2, 4, 5), "name R twice"),
        ("", (4, 5), "0 axes"),
    ],
)
def test_axes_that_are_refused(axes: str | None, shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(InputError) as raised:
        resolve_axes("a.tif", shape, axes, given=False)
    assert words in str(raised.value) and "'a.tif'" in str(raised.value)
    assert "`axes` column" in raised.value.remedy


def test_the_message_says_who_named_the_axes() -> None:
    for given, word in ((True, "given"), (False, "found in the file")):
        with pytest.raises(InputError, match=f"axes 'QYX' {word}"):
            resolve_axes("a.tif", (3, 4, 5), "QYX", given=given)
