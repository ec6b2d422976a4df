"""Which pixels are drawn, and that they bring what was delivered there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions
from noisebound.structure.train_pixels import TrainFiles, sample_pixels
from tests.unit.scans.ingested import ingest as ingest_scan
from tests.unit.structure.simulated import write_ensemble


def test_the_sample_is_stratified_and_never_leaves_the_train_boxes(tmp_path: Path) -> None:
    for scan, shape in (("a", (40, 60)), ("b", (200, 300))):
        rows, columns = np.indices(shape)
        write_ensemble(
            tmp_path / f"{scan}.h5", scan, np.stack([rows, columns]).astype(np.float32), np.ones((2, *shape))
        )
    boxes = (Box("train", (0, 0), (10, 60)), Box("train", (20, 0), (25, 60)), Box("test", (35, 0), (40, 60)))
    Regions("a", (40, 60), (5, 5), "given", boxes).write(tmp_path / "a.json")
    Regions("b", (200, 300), (5, 5), "given", (Box("train", (90, 10), (200, 290)),)).write(tmp_path / "b.json")
    files = TrainFiles([tmp_path / "a.h5", tmp_path / "b.h5"], [tmp_path / "b.json", tmp_path / "a.json"])
    found = sample_pixels(files, 1000, np.random.default_rng(1))
    assert found.scans == ("a", "b")
    assert found.reference is None
    rows, columns = found.scores.T
    a, b = found.blocks[:, 0] == 0, found.blocks[:, 0] == 1
    assert a.sum() == b.sum() == 500
    assert ((rows[a] < 10) | ((rows[a] >= 20) & (rows[a] < 25))).all()
    assert 0.55 < np.mean(rows[a] < 10) < 0.78
    assert (rows[b] >= 90).all()
    assert (columns[b] >= 10).all()
    assert (columns[b] < 290).all()
    assert len(np.unique(found.scores[b], axis=0)) == 500
    np.testing.assert_array_equal(found.blocks[:, 1:], found.scores // 16)
    places = found.scores[a].astype(int).T
    for m, medians in enumerate(found.members):
        written = 1 + 0.1 * np.random.default_rng(m).normal(size=(2, 40, 60))
        np.testing.assert_allclose(medians[a], written[:, *places].T, atol=1e-3)


def test_the_reference_of_the_sample_is_the_target_of_the_delivered_frame(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 50, (3, 2, 20, 30)).astype("uint16")
    tifffile.imwrite(tmp_path / "frames.tif", frames)
    about = {"scan": "a", "dimensions": 2, "channels": ["Mg", "Fe"], "counts": True, "axes": "RCYX"}
    ingest_scan([str(tmp_path / "frames.tif")], "leave-one-out", tmp_path / "scan.h5", **about)
    places = np.indices((20, 30)).astype(np.float32)
    write_ensemble(tmp_path / "a.h5", "a", places, np.ones((2, 20, 30)), frame=2)
    Regions("a", (20, 30), (5, 5), "given", (Box("train", (0, 0), (20, 30)),)).write(tmp_path / "a.json")
    files = TrainFiles([tmp_path / "a.h5"], [tmp_path / "a.json"], [tmp_path / "scan.h5"])
    found = sample_pixels(files, 50, np.random.default_rng(1))
    expected = frames[:2].mean(axis=0)[:, *found.scores.astype(int).T].T
    np.testing.assert_allclose(found.reference, expected, rtol=1e-6)


def write_small(folder: Path, scan: str, latents: int = 2, role: str = "train") -> tuple[Path, Path]:
    """Predictions of 6 x 8 pixels with one region, the rows from 2 on; their files."""
    write_ensemble(folder / f"{scan}.h5", scan, np.indices((6, 8))[:latents].astype(np.float32), np.ones((2, 6, 8)))
    Regions(scan, (6, 8), (0, 0), "given", (Box(role, (2, 0), (6, 8)),)).write(folder / f"{scan}.json")
    return folder / f"{scan}.h5", folder / f"{scan}.json"


def test_where_fewer_pixels_exist_all_of_them_are_taken_once(tmp_path: Path) -> None:
    ensemble, regions = write_small(tmp_path, "a")
    found = sample_pixels(TrainFiles([ensemble], [regions]), 1000, np.random.default_rng(1))
    expected = {(row, column) for row in range(2, 6) for column in range(8)}
    assert len(found.scores) == 32 and {tuple(place) for place in found.scores.astype(int)} == expected


def test_files_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    (a, of_a), (b, of_b), (c, of_c) = (
        write_small(tmp_path, "a"),
        write_small(tmp_path, "b", latents=1),
        write_small(tmp_path, "c", role="test"),
    )
    with pytest.raises(InputError, match=r"b\.h5.*differ from .*a\.h5"):
        sample_pixels(TrainFiles([b, a], [of_a, of_b]), 10, rng)
    with pytest.raises(InputError, match=r"b\.h5.*no regions file for scan 'b'"):
        sample_pixels(TrainFiles([a, b], [of_a]), 10, rng)
    with pytest.raises(InputError, match="no scan has a train region"):
        sample_pixels(TrainFiles([c], [of_c]), 10, rng)
