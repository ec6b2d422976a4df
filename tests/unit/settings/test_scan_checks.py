"""Scans that a run needs, and how many of them."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings.scan_checks import check_calibrate_scans, check_roles_covered, offered_roles


def test_roles_needed_for_a_run(settings: dict[str, Any]) -> None:
    check_roles_covered({"a": "train", "b": "calibrate"}, settings, "s.tsv")
    with pytest.raises(InputError, match=r"s\.tsv.*no scan.*noisebound register"):
        check_roles_covered({}, settings, "s.tsv")
    with pytest.raises(InputError, match=r"s\.tsv.*'calibrate'"):
        check_roles_covered({"a": "train", "b": "apply"}, settings, "s.tsv")
    with pytest.raises(InputError, match=r"'a'.*split"):
        check_roles_covered({"a": "split"}, settings, "s.tsv")
    settings["regions"]["layout"] = ["TTS"]
    with pytest.raises(InputError, match="'calibrate'"):
        check_roles_covered({"a": "split"}, settings, "s.tsv")
    settings["regions"]["layout"] = ["TTC"]
    check_roles_covered({"a": "split"}, settings, "s.tsv")


@pytest.mark.parametrize(("unit", "fields", "refused"), [("scan", 2, True), ("pixel", 2, False), ("auto", 2, False)])
def test_a_statement_about_further_scans_takes_scans(
    settings: dict[str, Any], unit: str, fields: int, refused: bool
) -> None:
    settings["calibration"] |= {"unit": unit, "nominal": [0.9], "primary": 0.9}
    names = [f"field {number}" for number in range(fields)]
    if not refused:
        check_calibrate_scans(names, settings, "run.yaml")
        return
    with pytest.raises(InputError, match="calibrat"):
        check_calibrate_scans(names, settings, "run.yaml")
    check_calibrate_scans([f"field {number}" for number in range(60)], settings, "run.yaml")


def test_a_layout_counts_only_where_a_scan_is_divided() -> None:
    assert offered_roles(["train", "apply"], ["TC"]) == {"train", "apply"}
    assert offered_roles(["split", "apply"], ["T.", "CE"]) == {"train", "calibrate", "test", "apply"}
    assert offered_roles(["split"], None) == set()
