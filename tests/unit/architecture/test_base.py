"""What all families share: the radius on cells, the digest, and files that are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.architecture.base import Blueprint, digest_architecture, reach_of_cells
from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError
from tests.unit.learning_files import draw_small, write_architecture
from tests.unit.unets import plan


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(1, 6))
def test_the_radius_on_cells_is_the_farthest_pixel_that_any_pixel_of_a_cell_sees(reach: int, cell: int) -> None:
    pixels = np.arange(cell * (2 * reach + 3))
    cells = pixels // cell
    inside = (cells >= reach) & (cells <= cells[-1] - reach)
    farthest = max(np.abs(pixels[np.abs(cells - cells[p]) <= reach] - p).max() for p in pixels[inside])
    assert reach_of_cells(reach, cell) == farthest


@settings(deadline=None)
@given(st.permutations(["member", "seed", "depth", "edges"]), st.integers(0, 9), st.integers(0, 2**40))
def test_the_digest_depends_on_neither_the_order_of_the_keys_nor_member_nor_seed(
    keys: list[str], member: int, seed: int
) -> None:
    facts = {"member": 0, "seed": 1, "depth": 3, "edges": [{"source": 0, "target": 1}]}
    other = {key: facts[key] for key in keys} | {"member": member, "seed": seed}
    assert digest_architecture(other) == digest_architecture(facts)
    assert digest_architecture(other | {"depth": 4}) != digest_architecture(facts)


@pytest.mark.parametrize("architecture", [draw_small(seed=2), plan(3, 1)], ids=["graph", "U-Net"])
def test_latent_vector_and_heads_add_their_layers_to_the_parameters(architecture: Blueprint) -> None:
    """With one more latent number: a row of the projection with its bias, and a column of each head's first layer."""
    more = replace(architecture, latent=architecture.latent + 1)  # type: ignore[type-var]
    added = more.parameter_count() - architecture.parameter_count()
    assert added == architecture.features() + 1 + 3 * architecture.hidden
    wider = replace(architecture, hidden=architecture.hidden + 1)  # type: ignore[type-var]
    added = wider.parameter_count() - architecture.parameter_count()
    assert added == 3 * (architecture.latent + 1 + architecture.head_outputs)


def test_a_file_of_another_family_is_no_architecture_of_this_one(tmp_path: Path) -> None:
    path = write_architecture(tmp_path / "a.json", plan(2, 1))
    with pytest.raises(InputError, match=r"a\.json.*depth.*missing.*Remedy: delete it and draw it again"):
        Architecture.read(path)


def test_a_network_beyond_the_limits_is_refused_by_its_size_not_by_its_digest(tmp_path: Path) -> None:
    content = json.loads(write_architecture(tmp_path / "a.json", draw_small(seed=2)).read_text())
    with pytest.raises(InputError, match=r"a\.json.*weights"):
        Architecture.restore({**content, "latent": 10**5, "hidden": 10**5}, tmp_path / "a.json")
