"""The select loss: every pixel with the role once, however the area is divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.geometry.tiling import DEFAULT_TILE
from noisebound.networks.graph_network import MemberNetwork
from noisebound.training.select_loss import select_loss
from tests.unit.learning_files import draw_small, give_weights
from tests.unit.training.easy_problem import Data, make_data
from tests.unit.training.role_pixels import role_images


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums on a GPU may come in another order each time; what is compared to the bit here runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return make_data(tmp_path / "data", layout=["TTS", "TEE"])


def test_the_select_loss_does_not_depend_on_how_the_area_is_cut(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = [float(row["select_loss"]) for row in data.run(tmp_path / "whole", steps=8)[1]]
    monkeypatch.setitem(DEFAULT_TILE, 2, (5, 7))
    cut = [float(row["select_loss"]) for row in data.run(tmp_path / "cut", steps=8)[1]]
    assert cut == pytest.approx(whole, rel=1e-5)


def test_every_pixel_with_the_role_counts_once_in_every_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the plain network on the whole images; the boxes are far apart, and the images of different size."""
    network = give_weights(MemberNetwork(draw_small(image_channels=2, seed=4, max_radius=4)), 5)
    rim = network.architecture.radius()
    images = [
        role_images((40, 50), [((rim, rim), (rim + 5, rim + 9)), ((30, 40), (36, 46))], frames=2, seed=1),
        role_images((20, 17), [((rim, rim), (rim + 3, rim + 4))], frames=3, seed=2),
    ]
    levels, losses = (0.1, 0.5, 0.7), []
    for image in images:
        for frame in image.noisy:
            with torch.no_grad():
                quantiles = network(frame[None])
            for quantile, level in zip(quantiles, levels, strict=True):
                error = (image.target[0] - quantile[0])[:, image.mask].double().numpy()
                loss = np.where(error > 0, level * error, (level - 1) * error)
                losses.append((image.pixels, float(loss.mean())))
    weights, means = np.array(losses).T
    expected = 3 * float(np.average(means, weights=weights))
    for tile in ((256, 256), (7, 11)):
        monkeypatch.setitem(DEFAULT_TILE, 2, tile)
        assert select_loss(network, images, levels) == pytest.approx(expected, rel=1e-5)
