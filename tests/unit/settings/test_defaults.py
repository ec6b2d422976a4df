"""Settings that follow from others."""

from __future__ import annotations

from typing import Any

from noisebound.settings.defaults import complete, default_patch, family_settings
from noisebound.training.patches import check_patch


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


def test_keys_of_another_family_trigger_nothing(settings: dict[str, Any]) -> None:
    architecture = settings["architecture"]
    graph = family_settings(architecture)
    assert "depth" in graph and not graph.keys() & {"members", "family", "unet"}
    unet = family_settings({**architecture, "family": "unet"})
    assert unet["family"] == "unet" and not unet.keys() & {"members", "depth", "dilations", "parameters"}
    assert family_settings({**architecture, "unet": {"levels": 5}}) == graph
    assert family_settings({**architecture, "family": "unet", "depth": 99}) == unet
