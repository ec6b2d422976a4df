"""The section ``architecture``: its dataclasses have the keys of the schema and no values of their own."""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisebound.architecture.settings import GraphSettings, UNetSettings, architecture_settings, unet_settings
from noisebound.settings.defaults import family_settings

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"
SECTION = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["architecture"]["properties"]


def section(**changes: Any) -> dict[str, Any]:
    """The section with the schema's defaults."""
    plain = {key: entry["default"] for key, entry in SECTION.items() if key != "unet"}
    unet = {key: entry["default"] for key, entry in SECTION["unet"]["properties"].items()}
    return {**plain, "unet": unet, **changes}


def test_the_fields_are_the_keys_of_the_schema() -> None:
    graph = [field.name for field in fields(GraphSettings)]
    assert graph == [key for key in SECTION if key not in ("members", "family", "unet")]
    assert [field.name for field in fields(UNetSettings)] == [
        *SECTION["unet"]["properties"],
        *("latent", "hidden", "max_radius"),
    ]
    for field in (*fields(GraphSettings), *fields(UNetSettings)):
        assert field.default is MISSING, "defaults live in the schema"


@pytest.mark.parametrize("given", [section, lambda **changes: family_settings(section(**changes))])
def test_the_family_decides_and_keys_of_the_other_are_ignored(given: Any) -> None:
    graph = architecture_settings(given(family="random", depth=3))
    assert isinstance(graph, GraphSettings) and (graph.depth, graph.channels, graph.cell) == (3, [4, 8], 1)
    unet = architecture_settings(given(family="unet", latent=7, unet={"levels": 3, "width": 5, "convolutions": 2}))
    assert unet == UNetSettings(3, 5, 2, 7, 16, 14) == unet_settings(given(family="unet", latent=7) | {
        "unet": {"levels": 3, "width": 5, "convolutions": 2}
    })  # fmt: skip


def test_a_missing_key_is_named_and_settings_cannot_be_changed() -> None:
    without = {key: value for key, value in section().items() if key != "gamma"}
    with pytest.raises(KeyError, match="gamma"):
        architecture_settings(without)
    with pytest.raises(FrozenInstanceError):
        architecture_settings(section()).latent = 3  # type: ignore[misc]
