"""Layouts that are no rectangle of known letters are refused with a remedy."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from noisebound.core.errors import InputError
from noisebound.regions.layout import LAYOUT_LETTERS, check_layout


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ([], "non-empty"),
        ([""], "non-empty"),
        (["TT", "T"], "equally long"),
        (["TX"], "unknown letter X"),
        (["tt"], "unknown letter t"),
        (["TX?"], "unknown letters ?, X"),
    ],
)
def test_layouts_that_do_not_fit_are_refused_with_a_remedy(layout: list[str], words: str) -> None:
    with pytest.raises(InputError) as raised:
        check_layout(layout, "run.yaml")
    assert words in str(raised.value) and "Remedy: " in str(raised.value) and "regions.layout" in str(raised.value)
    assert raised.value.file == "run.yaml"


@pytest.mark.parametrize("layout", [["T"], ["TTC", "STE"], ["....", "TSCE"], ("T.", ".E"), list(LAYOUT_LETTERS)])
def test_rectangles_of_known_letters_pass(layout: Sequence[str]) -> None:
    check_layout(layout)
