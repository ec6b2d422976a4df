"""What the section simulation must hold."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings.simulation import check_simulation, simulation_margin
from tests.unit.settings.configured import change

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
