"""What is wrong with a scan's files is found without writing, and is what the ingest would refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import NoiseboundError
from tests.unit.scans.ingested import ingest, problems_of
from tests.unit.scans.measured import save, values


def test_a_scan_that_can_be_used_has_no_problems_and_nothing_is_written(tmp_path: Path) -> None:
    source = save(tmp_path / "a.tif", values(3, 2, 12, 13), "RCYX")
    before = sorted(tmp_path.iterdir())
    assert problems_of([source], "leave-one-out") == problems_of([source]) == []
    # A run that takes what the files have.
    assert problems_of([source], "leave-one-out", dimensions=None, channels=None) == []
    assert sorted(tmp_path.iterdir()) == before


def test_all_files_that_cannot_be_read_are_reported_together(tmp_path: Path) -> None:
    good = save(tmp_path / "good.tif", values(2, 12, 13), "CYX")
    (tmp_path / "empty.tif").touch()
    (tmp_path / "cut.tif").write_bytes(Path(good).read_bytes()[:-40])
    files = [str(tmp_path / name) for name in ("empty.tif", "cut.tif", "none.tif", "truth.tif")]
    problems = problems_of([good, files[0]], [files[1], files[2]], truth=files[3])
    assert len(problems) == 4 and all("Remedy: " in problem for problem in problems)
    assert all(repr(file) in problem for file, problem in zip(files, problems, strict=True))


def test_how_files_fit_together_is_looked_at_when_all_can_be_read(tmp_path: Path) -> None:
    noisy = save(tmp_path / "n.tif", values(3, 2, 12, 13), "RCYX")
    other = save(tmp_path / "o.tif", values(2, 12, 14), "CYX")
    (problem,) = problems_of([noisy], [other])
    assert "spatial shape (12, 14)" in problem
    (problem,) = problems_of([noisy], [other], axes="RCZYX")
    assert "n.tif" in problem and "5 axes" in problem, "and not before"


@pytest.mark.parametrize("wrong", ["frame", "reference", "truth"])
def test_pixels_of_every_part_are_looked_at(tmp_path: Path, wrong: str) -> None:
    images = {"frame": values(3, 2, 12, 13), "reference": values(2, 12, 13, seed=1), "truth": values(2, 12, 13, seed=2)}
    if wrong == "truth":
        images["truth"] = np.stack([images["truth"]] * 2)
    elif wrong == "frame":
        images["frame"][1] = 4
    else:
        images["reference"][:] = 4
    axes = {"frame": "RCYX", "reference": "CYX", "truth": "RCYX" if wrong == "truth" else "CYX"}
    files = {name: save(tmp_path / f"{name}.tif", image, axes[name]) for name, image in images.items()}
    (problem,) = problems_of([files["frame"]], [files["reference"]], truth=files["truth"])
    assert f"{wrong}.tif" in problem
    with pytest.raises(NoiseboundError) as raised:
        ingest([files["frame"]], [files["reference"]], tmp_path / "a.h5", truth=files["truth"])
    assert str(raised.value) == problem
