"""Architecture files of every family: read again as written, refused where changed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from noisebound.architecture.families import read_architecture
from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError
from tests.unit.architecture.test_unet import plan
from tests.unit.learning_files import (
    draw_small,
    write_architecture,
)
from tests.unit.networks.graphs import drawn


@pytest.mark.parametrize(
    "change", [{"levels": 2}, {"radius": [1, 1]}, {"alignment": 1}, {"width": "x"}, {"family": "u"}]
)
def test_files_changed_by_hand_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = write_architecture(tmp_path / "a.json", plan(2, 1))
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=r"a\.json.*Remedy: delete it and draw it again"):
        read_architecture(path)


def test_files_of_before_are_still_read(tmp_path: Path) -> None:
    path = write_architecture(tmp_path / "a.json", draw_small(seed=1))
    assert isinstance(read_architecture(path), Architecture)


def test_a_file_says_the_cell_only_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "member-0.json"
    for cell in (1, 2):
        architecture = drawn(cell=cell)
        path.write_text(json.dumps(architecture.to_json()))
        assert read_architecture(path) == architecture
        assert ("cell" in json.loads(path.read_text())) == (cell > 1)
    changed = json.loads(path.read_text()) | {"cell": 3}
    path.write_text(json.dumps(changed))
    with pytest.raises(InputError, match="digest"):
        read_architecture(path)
