"""Layouts that are no rectangle of known letters are refused with a remedy."""

from __future__ import annotations

import pytest

from noisebound.core.errors import InputError
from noisebound.regions.divide import divide


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
