"""What the configuration says about the evaluation."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields

from noisebound.evaluation.settings import EvaluationSettings
from tests.software import ROOT


def test_the_rule_hands_on_every_setting_and_defaults_live_in_the_schema_alone() -> None:
    text = (ROOT / "workflow" / "rules" / "evaluate.smk").read_text(encoding="utf-8")
    given = re.search(r"settings=\{(.*?)\n            \},", text, flags=re.DOTALL)
    assert given is not None
    keys = re.findall(r'"(\w+)": config', given[1])
    assert sorted([*keys, "seed"]) == sorted(field.name for field in fields(EvaluationSettings))
    assert 'seed=config["seed"]' in text
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(EvaluationSettings))
