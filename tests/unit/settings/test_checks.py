"""Every contradiction in a configuration is found, and every message says where it is and what would be right."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from noisebound.core.errors import InputError
from noisebound.regions.layout import check_layout
from noisebound.settings.checks import check_roles_covered, check_settings
from noisebound.settings.defaults import complete, default_patch, family_settings
from noisebound.settings.simulation import check_simulation, simulation_margin
from noisebound.settings.violations import explain_violation
from noisebound.training.patches import check_patch

PROJECT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((PROJECT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))


def defaults(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        key: defaults(child) if "properties" in child else copy.deepcopy(child["default"])
        for key, child in schema["properties"].items()
        if "default" in child or "properties" in child
    }


@pytest.fixture
def settings() -> dict[str, Any]:
    return complete({"run": "r", "scans": "s.tsv", **defaults(SCHEMA)})


def change(settings: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    *sections, last = key.split(".")
    place = settings
    for section in sections:
        place = place[section]
    place[last] = value
    return settings


def violation(content: dict[str, Any]) -> InputError:
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(SCHEMA).iter_errors(content))
    assert error is not None
    return explain_violation(error, "run.yaml")


def test_a_value_of_none_of_several_forms_is_explained(settings: dict[str, Any]) -> None:
    (error,) = jsonschema.Draft202012Validator(SCHEMA).iter_errors(change(settings, "search.keys", {"a.b": 4}))
    text = str(explain_violation(error, "run.yaml"))
    assert "'search.keys.a.b', value 4" in text and "Remedy: a list of one or more values" in text


def test_defaults_pass(settings: dict[str, Any]) -> None:
    jsonschema.validate(settings, SCHEMA)
    check_settings(settings, "run.yaml")


def test_documented_default_has_the_defaults(settings: dict[str, Any]) -> None:
    documented = yaml.safe_load((PROJECT / "config/config.yaml").read_text(encoding="utf-8"))
    assert complete(documented) == {**settings, "run": documented["run"], "scans": documented["scans"]}


@pytest.mark.parametrize("name", ["demo-edx", "demo-ct", "synthetic", "config"])
def test_shipped_configurations_pass(name: str) -> None:
    jsonschema.validate(yaml.safe_load((PROJECT / f"config/{name}.yaml").read_text(encoding="utf-8")), SCHEMA)


def test_patch_follows_the_dimensions(settings: dict[str, Any]) -> None:
    assert len(settings["training"]["patch"]) == 2
    settings["training"]["patch"] = None
    settings["data"]["dimensions"] = 3
    assert len(complete(settings)["training"]["patch"]) == 3
    for radius, dimensions in ((14, 2), (14, 3), (30, 3), (90, 2)):
        patch = default_patch(dimensions, radius)
        check_patch(patch, [radius] * dimensions)
        assert len(patch) == dimensions
    settings["training"]["patch"] = [16, 32, 32]
    assert complete(settings)["training"]["patch"] == [16, 32, 32]


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


def test_keys_of_another_family_trigger_nothing(settings: dict[str, Any]) -> None:
    architecture = settings["architecture"]
    graph = family_settings(architecture)
    assert "depth" in graph and not graph.keys() & {"members", "family", "unet"}
    unet = family_settings({**architecture, "family": "unet"})
    assert unet["family"] == "unet" and not unet.keys() & {"members", "depth", "dilations", "parameters"}
    assert family_settings({**architecture, "unet": {"levels": 5}}) == graph
    assert family_settings({**architecture, "family": "unet", "depth": 99}) == unet


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


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("structure.tokens", 1, ["structure.tokens", "value 1", "at least 2"]),
        ("data.kind", "count", ["data.kind", "'count'", "counts", "intensity"]),
        ("data.channels", ["a", "a"], ["data.channels", "every entry once"]),
        ("calibration.nominal", [0.0], ["calibration.nominal.0", "above 0"]),
        ("training.weight_decay", "1e-2", ["training.weight_decay", "'1e-2'", "give number", "1.0e-3"]),
        ("regions.guard", -1, ["regions.guard", "-1", "at least 0"]),
        ("run", "a/b", ["'run'", "a/b"]),
    ],
)
def test_violation_of_the_schema_is_explained(settings: dict[str, Any], key: str, value: Any, words: list[str]) -> None:
    message = str(violation(change(settings, key, value)))
    for word in ["run.yaml", "Remedy: ", *words]:
        assert word in message


def test_unknown_and_missing_keys_are_explained(settings: dict[str, Any]) -> None:
    message = str(violation(change(settings, "architecture.deepth", 3)))
    for word in ("architecture.deepth", "unknown key", "depth"):
        assert word in message
    settings["architecture"].pop("deepth")
    del settings["run"]
    assert "'run' is a required property" in str(violation(settings))


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


SIMULATED = [{"scan": role, "images": 4, "seed": 1} for role in ("train", "calibrate", "test")]
SHEET = {role: (role, [f"results/r/simulated/{role}.h5"]) for role in ("train", "calibrate", "test")}


def test_simulated_scans_stand_in_the_sheet_as_they_are_written(settings: dict[str, Any]) -> None:
    check_simulation({"other": ("train", ["a.tif"])}, settings, "run.yaml")
    settings["simulation"]["scans"] = copy.deepcopy(SIMULATED)
    check_simulation(SHEET, settings, "run.yaml")
    without = {scan: row for scan, row in SHEET.items() if scan != "test"}
    for sheet, words in (
        (without, ["s.tsv", "'test'", "results/r/simulated/test.h5:/noisy"]),
        (SHEET | {"test": ("test", ["elsewhere.h5"])}, ["s.tsv", "elsewhere.h5", "results/r/simulated/test.h5"]),
        (SHEET | {"test": ("apply", SHEET["test"][1])}, ["s.tsv", "apply"]),
        (SHEET | {"test": ("train", SHEET["test"][1])}, ["s.tsv", "no simulated scan has the role 'test'"]),
    ):
        with pytest.raises(InputError) as error:
            check_simulation(sheet, settings, "run.yaml")
        assert all(word in str(error.value) for word in [*words, "Remedy: "]), error.value


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("simulation.scans", [*SIMULATED, SIMULATED[0]], ["simulation.scans", "train"]),
        ("data.channels", ["Mg", "Fe"], ["data", "one channel"]),
        ("simulation.size", 30, ["simulation.size", "for example 32"]),
        ("training.patch", [126, 126], ["training.patch", "[128, 128]"]),
        ("architecture.max_radius", 9, ["architecture.max_radius", "13"]),
    ],
)
def test_what_simulated_scans_and_the_u_nets_beside_them_cannot_be(
    settings: dict[str, Any], key: str, value: Any, words: list[str]
) -> None:
    settings["simulation"]["scans"] = copy.deepcopy(SIMULATED)
    with pytest.raises(InputError) as error:
        check_simulation(SHEET, change(settings, key, value), "run.yaml")
    assert all(word in str(error.value) for word in [*words, "Remedy: "]), error.value


def test_the_margin_of_simulated_images_is_the_radius_in_whole_blocks(settings: dict[str, Any]) -> None:
    settings["architecture"] |= {"max_radius": 14, "unet": {"levels": 2, "width": 4, "convolutions": 1}}
    assert simulation_margin(settings) == 16
    settings["architecture"]["unet"]["levels"] = 1
    assert simulation_margin(settings) == 14


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
