"""Images of steps: found in a folder or a registry, and asked for only where a user wants containers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings.containers import container_image


def naming(place: object) -> dict[str, Any]:
    return {"software": {"containers": place}}


def test_without_containers_nothing_is_looked_for(tmp_path: Path) -> None:
    assert container_image("evaluate", naming(None), "c.yaml", needed=False) is None
    missing = str(tmp_path / "gone")
    assert container_image("evaluate", naming(missing), "c.yaml", needed=False) == f"{missing}/evaluate.sif"


@pytest.mark.parametrize("address", ["docker://example.org/noisebound", "oras://example.org/noisebound/"])
def test_a_registry_has_one_image_per_step(address: str) -> None:
    found = container_image("evaluate", naming(address), "c.yaml", needed=True)
    assert found == f"{address.rstrip('/')}/evaluate"


def test_an_image_that_is_needed_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "evaluate.sif").touch()
    found = container_image("evaluate", naming(str(tmp_path)), "c.yaml", needed=True)
    assert found == str(tmp_path / "evaluate.sif")
    for step, place, words in (("train_member", str(tmp_path), "train_member.sif"), ("evaluate", None, "no place")):
        with pytest.raises(InputError, match=words) as error:
            container_image(step, naming(place), "c.yaml", needed=True)
        assert error.value.key == "software.containers" and "make containers" in str(error.value)
