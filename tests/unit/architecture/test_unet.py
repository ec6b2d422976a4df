"""The U-Net as data: its stated radius and number of parameters are those of the network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from noisebound.figures.architecture_figures import architectures, describe
from noisebound.networks.unet_network import UNet
from noisebound.report.index_page import drawn_architectures
from tests.unit.learning_files import (
    write_architecture,
)
from tests.unit.unets import CHANNELS, plan, unet_of

shapes = pytest.mark.parametrize(
    ("dimensions", "levels", "convolutions"),
    [(2, 1, 1), (2, 1, 2), (2, 2, 1), (2, 2, 2), (2, 3, 1), (3, 1, 2), (3, 2, 1)],
)


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@shapes
def test_the_parameter_count_is_that_of_the_module(dimensions: int, levels: int, convolutions: int) -> None:
    architecture = plan(dimensions, levels, convolutions)
    assert sum(p.numel() for p in UNet(architecture).parameters()) == architecture.parameter_count()


@shapes
def test_an_impulse_reaches_exactly_the_stated_radius(dimensions: int, levels: int, convolutions: int) -> None:
    architecture = plan(dimensions, levels, convolutions)
    network = unet_of(architecture).double()
    for parameter in network.parameters():
        parameter.data.abs_().add_(0.01)  # positive everywhere, so that nothing cancels and no maximum is missed
    radius, alignment = architecture.radius(), architecture.alignment
    extent = 2 * (radius + -radius % alignment) + 2 * alignment
    farthest = 0
    with torch.no_grad():
        before = network.encode(torch.zeros((1, CHANNELS, *(extent,) * dimensions), dtype=torch.float64))
        for place in range(extent // 2, extent // 2 + alignment):
            image = torch.zeros((1, CHANNELS, *(extent,) * dimensions), dtype=torch.float64)
            image[(0, slice(None), *(place,) * dimensions)] = 1
            changed = ((network.encode(image) != before)[0].any(0)).nonzero() - place
            farthest = max(farthest, int(changed.abs().max()))
    assert farthest == radius


def test_pages_and_figures_draw_its_levels(tmp_path: Path) -> None:
    content = plan(2, 2).to_json()
    panel = architectures([content, {**content, "member": 1}]).axes[0]
    assert [text.get_text() for text in panel.texts if text.get_text().isdigit()] == ["3", "6", "12", "6", "3"]
    assert describe(content).endswith("2\u00a0levels")
    drawn = drawn_architectures([write_architecture(tmp_path / "0.json", plan(2, 2))])
    assert not drawn["random"] and "U-Net of member 0" in drawn["members"][0]["picture"]
