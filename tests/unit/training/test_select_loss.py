"""The select loss: every pixel with the role once, however the area is divided."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from noisebound.geometry.tiling import DEFAULT_TILE
from tests.unit.training.easy_problem import Data, make_data


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
