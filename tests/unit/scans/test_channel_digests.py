"""Frames that hold the same pixels are found, whatever file and type they are saved in."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import LeakageError
from tests.unit.scans.fields import frames, ingest, save


@pytest.mark.parametrize("channels", [[0, 1], [1]])
def test_a_noisy_frame_saved_again_is_no_reference(tmp_path: Path, channels: list[int]) -> None:
    reference = frames(5, 1)[0]
    reference[channels] = frames()[2, channels]
    sources = [save(tmp_path / "a.tif", frames())], [save(tmp_path / "r.tif", reference.astype("float32"), "CYX")]
    with pytest.raises(LeakageError, match=r"r\.tif.*frame 0 of the reference equals noisy frame 2.*Remedy"):
        ingest(tmp_path, "a", *sources)
    assert not (tmp_path / "a.h5").exists() and not (tmp_path / "a.json").exists()


def test_one_frame_twice_is_found_in_any_type(tmp_path: Path) -> None:
    again = save(tmp_path / "b.tif", frames()[1].astype("float32"), "CYX")
    with pytest.raises(LeakageError, match="equals frame 1"):
        ingest(tmp_path, "a", [save(tmp_path / "a.tif", frames()), again])
