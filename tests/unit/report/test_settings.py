"""Settings of the pages: the workflow hands over every one of them, and the library has no values of its own."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from noisebound.report.report_comparison import ComparisonSettings
from noisebound.report.settings import PageSettings

WORKFLOW = Path(__file__).parents[3] / "workflow"


def test_the_workflow_hands_over_what_the_pages_of_scans_and_the_index_need() -> None:
    texts = [path.read_text(encoding="utf-8") for ending in ("py", "smk") for path in WORKFLOW.rglob(f"*.{ending}")]
    (body,) = [text.partition("def page_settings(")[2] for text in texts if "def page_settings(" in text]
    handed = body.partition("return {")[2].partition("}\n")[0]
    assert re.findall(r'^ +"(\w+)": ', handed, flags=re.MULTILINE) == [field.name for field in fields(PageSettings)]


@pytest.mark.parametrize("settings", [PageSettings, ComparisonSettings])
def test_default_values_are_those_of_the_schema_alone(settings: type) -> None:
    assert all(field.default is field.default_factory is MISSING for field in fields(settings))
    with pytest.raises(TypeError, match="missing"):
        settings()
