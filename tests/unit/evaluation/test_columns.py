"""The columns of the tables, and the outputs of the step."""

from __future__ import annotations

import re

from noisebound.evaluation.columns import COLUMNS, OUTPUTS
from tests.software import ROOT


def test_outputs_are_those_of_the_rule() -> None:
    text = (ROOT / "workflow" / "rules" / "evaluate.smk").read_text(encoding="utf-8")
    written = re.findall(r'(\w+)=result\("evaluation/(\w+)\.(csv|json)"\)', text)
    assert [name for name, _, _ in written] == list(OUTPUTS)
    assert all(name == stem for name, stem, _ in written)
    assert {suffix for name, _, suffix in written if name in COLUMNS} == {"csv"}


def test_no_table_has_a_column_twice_and_all_are_about_a_channel() -> None:
    for name, columns in COLUMNS.items():
        assert len(set(columns)) == len(columns), name
        assert "channel" in columns, name
