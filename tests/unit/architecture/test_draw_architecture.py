"""The step: what it writes is what the settings ask for, the same bytes on any machine."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from noisebound.architecture.draw_architecture import draw_architecture
from noisebound.architecture.families import read_architecture
from noisebound.architecture.settings import GraphSettings, UNetSettings
from noisebound.architecture.unet import UNetArchitecture
from noisebound.core.errors import InputError
from tests.unit.learning_files import (
    SETTINGS,
)


def test_the_step_writes_what_the_settings_ask_for(tmp_path: Path) -> None:
    ask = UNetSettings(levels=2, width=8, convolutions=1, latent=4, hidden=5, max_radius=13)
    facts = {"seed": 1, "dimensions": 3, "in_channels": 1, "out_channels": 1}
    for member in (0, 1):
        draw_architecture(tmp_path / f"{member}.json", settings=ask, member=member, **facts)
    one, other = (read_architecture(tmp_path / f"{member}.json") for member in (0, 1))
    assert isinstance(one, UNetArchitecture) and (one.levels, one.width, one.alignment, one.radius()) == (2, 8, 4, 13)
    assert one.to_json()["digest"] == other.to_json()["digest"] and other.member == 1
    with pytest.raises(InputError, match=r"'architecture\.max_radius', value 12.*sees 13 px.*Remedy: raise it to 13"):
        draw_architecture(tmp_path / "2.json", settings=replace(ask, max_radius=12), member=2, **facts)


LIBRARY = Path(__file__).parents[3] / "workflow" / "lib"


def test_another_process_with_other_hashes_and_other_draws_writes_the_same_bytes(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        for dimensions in (2, 3):
            for member in range(4):
                draw_architecture(
                    path / f"{dimensions}-{member}.json",
                    settings=GraphSettings(**{**SETTINGS, "depth": 8, "max_radius": 12}),
                    seed=20250513,
                    member=member,
                    dimensions=dimensions,
                    in_channels=6,
                    out_channels=6,
                )

    write(tmp_path / "here")
    code = f"""
import random, sys
import numpy, torch
random.seed(3); numpy.random.seed(99); torch.manual_seed(5)
numpy.random.random(17), numpy.random.default_rng(20250513).random(5), torch.rand(3)
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from noisebound.architecture.draw_architecture import draw_architecture
from noisebound.architecture.settings import GraphSettings
from tests.unit.learning_files import SETTINGS
# In another order, and with draws in between: no graph may depend on another.
for member in (3, 1, 0, 2):
    for dimensions in (3, 2):
        numpy.random.random(); torch.rand(1)
        draw_architecture(
            Path({str(tmp_path / "there")!r}) / f"{{dimensions}}-{{member}}.json",
            settings=GraphSettings(**{{**dict(reversed(SETTINGS.items())), "depth": 8, "max_radius": 12}}),
            seed=20250513, member=member, dimensions=dimensions, in_channels=6, out_channels=6,
        )
"""
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY), "PYTHONHASHSEED": "4242"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    names = sorted(os.listdir(tmp_path / "here"))
    assert len(names) == 8 and names == sorted(os.listdir(tmp_path / "there"))
    for name in names:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_networks_too_large_to_be_read_are_not_drawn(tmp_path: Path) -> None:
    asked = GraphSettings(**{**SETTINGS, "latent": 10**5, "hidden": 10**5, "parameters": [1, 10**12]})
    with pytest.raises(InputError, match=r"architecture.*weights"):
        draw_architecture(
            tmp_path / "a.json", settings=asked, seed=1, member=0, dimensions=2, in_channels=1, out_channels=1
        )
    assert not (tmp_path / "a.json").exists()
