"""Every contradiction in a configuration is found, and every message says where it is and what would be right."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from noisebound.core.errors import InputError
from noisebound.regions.layout import check_layout
from noisebound.settings.checks import check_settings
from noisebound.settings.defaults import complete
from noisebound.training.patches import check_patch
from tests.unit.settings.configured import PROJECT, SCHEMA, change


def test_defaults_pass(settings: dict[str, Any]) -> None:
    jsonschema.validate(settings, SCHEMA)
    check_settings(settings, "run.yaml")


def test_documented_default_has_the_defaults(settings: dict[str, Any]) -> None:
    documented = yaml.safe_load((PROJECT / "config/config.yaml").read_text(encoding="utf-8"))
    assert complete(documented) == {**settings, "run": documented["run"], "scans": documented["scans"]}


@pytest.mark.parametrize("name", ["demo-edx", "demo-ct", "synthetic", "config"])
def test_shipped_configurations_pass(name: str) -> None:
    jsonschema.validate(yaml.safe_load((PROJECT / f"config/{name}.yaml").read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("training.levels", [0.6, 0.9], ["[0.6, 0.9]", "median"]),
        ("training.levels", [0.95, 0.05], ["[0.95, 0.05]"]),
        ("training.patch", [8, 8, 8], ["3 lengths", "Y, X"]),
        ("ensemble.tile", [64], ["1 lengths", "Y, X"]),
        ("regions.layout", ["TT", "T"], ["equally long"]),
        ("regions.layout", ["TQ", "EC"], ["letter Q", "C (calibrate)"]),
        ("architecture.parameters", [10, 5], ["[10, 5]", "[least, most]"]),
        ("architecture.max_radius", 1, ["reaches 2 px"]),
        ("calibration.primary", 0.99, ["0.99", "calibration.nominal"]),
        ("drift.draws", 18, ["0.0526", "drift.level 0.05", "give 19 or more"]),
    ],
)
def test_contradiction(settings: dict[str, Any], key: str, value: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        check_settings(change(settings, key, value), "run.yaml")
    for word in ["run.yaml", key, "Remedy: ", *words]:
        assert word in str(raised.value)


def test_one_score_for_all_channels_needs_scores_that_can_be_compared(settings: dict[str, Any]) -> None:
    settings["calibration"]["channels"] = "together"
    check_settings(settings, "run.yaml")
    settings["calibration"]["scale"] = "none"
    with pytest.raises(InputError, match=r"run\.yaml.*calibration\.channels.*Remedy: set calibration\.scale to width"):
        check_settings(settings, "run.yaml")


def test_a_unet_must_fit_its_radius_and_its_patches(settings: dict[str, Any]) -> None:
    architecture = settings["architecture"]
    architecture["family"] = "unet"
    check_settings(settings, "run.yaml")  # the defaults go together
    architecture["max_radius"] = 1  # as of a random graph, but for another reason
    with pytest.raises(InputError, match=r"run\.yaml.*'architecture\.max_radius', value 1: .*Remedy: raise it to 13"):
        check_settings(settings, "run.yaml")
    architecture |= {"max_radius": 60, "unet": {"levels": 3, "width": 8, "convolutions": 2}}
    settings["training"]["patch"] = [132, 128]
    with pytest.raises(InputError, match=r"training\.patch.*multiples of 8 px.*Remedy: for example \[136, 128\]"):
        check_settings(settings, "run.yaml")
    for dimensions in (2, 3):
        settings["data"]["dimensions"] = dimensions
        for levels, radius in ((1, 5), (2, 13), (3, 51), (4, 61)):
            architecture |= {"max_radius": radius, "unet": {"levels": levels, "width": 8, "convolutions": 1}}
            settings["training"]["patch"] = None
            check_settings(complete(settings), "run.yaml")
            check_patch(settings["training"]["patch"], [radius] * dimensions, 2**levels)


def test_decisions_name_known_channels_once(settings: dict[str, Any]) -> None:
    entry = {"name": "iron-rich", "channel": "Fe", "above": 1.0, "confidence": 0.9}
    settings["decisions"]["exceed"] = [entry]
    with pytest.raises(InputError, match=r"decisions.exceed.0.channel.*'Fe'.*\['intensity'\]"):
        check_settings(settings, "run.yaml")
    settings["data"]["channels"] = ["Fe"]
    check_settings(settings, "run.yaml")
    settings["decisions"]["exceed"] = [entry, {**entry, "above": 2.0}]
    with pytest.raises(InputError, match="iron-rich"):
        check_settings(settings, "run.yaml")


def test_empty_layout_is_refused() -> None:
    for layout in ([], [""], ["T", ""]):
        with pytest.raises(InputError, match="non-empty"):
            check_layout(layout)


def test_a_per_pixel_output_leaves_one_convolution_on_the_shortest_path(settings: dict[str, Any]) -> None:
    change(settings, "architecture.dilations", [8])
    change(settings, "architecture.max_radius", 10)
    with pytest.raises(InputError, match="at least two convolutions"):
        check_settings(settings, "c.yaml")
    check_settings(change(settings, "architecture.pointwise_output", True), "c.yaml")
