"""The step recommend_regions: known rectangles are found with their bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.core.errors import InputError
from noisebound.decisions.recommend_regions import RegionFiles, recommend_regions
from noisebound.decisions.settings import DecisionSettings
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions
from tests.unit.calibration.simulated import fit
from tests.unit.predicted_scan import write_predicted_scan

HIGH = {"name": "much Fe", "channel": "Fe", "above": 4.0, "confidence": 0.75}
NO_BOX = {"size": 1, "count": 0}
LOW = {"name": "any Mg", "channel": "Mg", "above": -50.0, "confidence": 0.9}


def build(folder: Path, shape: tuple[int, ...] = (60, 80)) -> dict[str, Path]:
    """Fe is 1 but 8 and 6 in two rectangles; its interval is 2 wide but 6 in a corner; the reference is exact."""
    rng = np.random.default_rng(1)
    lead = shape[:-2]
    median = np.ones((1, 2, *shape)) + rng.uniform(-0.1, 0.1, (1, 2, *shape))
    median[0, 1, ..., 10:14, 20:40] = 6
    median[0, 1, ..., 30:40, 50:70] = 8
    half = np.ones_like(median)
    half[..., 40:60, 0:20] = 3
    zero = (0,) * len(lead)
    files = write_predicted_scan(
        folder,
        noisy=median.astype(np.float32),
        reference=median[0].astype(np.float32),
        reference_kind="measured",
        frames=(median - half, median, median + half),
        boxes=[Box("calibrate", (*zero, 0, 0), (*lead, 9, 80))],
        pixel_size=(2.0, 0.5, 0.25)[-len(shape) :],
        pixel_unit="nm",
    )
    paths = {name: folder / name for name in ("c.json", "d.h5", "d.tif", "r.csv", "r.tif")}
    fit(files, paths["c.json"], nominal=[0.9], primary=0.9, confidences=[0.75, 0.9])
    calibrate_scan(files.ensemble, paths["c.json"], paths["d.h5"], paths["d.tif"])
    return paths | {"ensemble": files.ensemble, "scan": files.scan, "regions": files.regions}


def recommend(paths: dict[str, Path], exceed: list[dict[str, Any]], remeasure: dict[str, int]) -> pd.DataFrame:
    recommend_regions(
        RegionFiles(paths["scan"], paths["regions"], paths["d.h5"], paths["ensemble"]),
        paths["c.json"],
        paths["r.csv"],
        paths["r.tif"],
        DecisionSettings(exceed, remeasure),
    )
    return pd.read_csv(paths["r.csv"])


@pytest.mark.parametrize("shape", [(60, 80), (5, 60, 80)])
def test_known_rectangles_are_found_with_their_bounds(tmp_path: Path, shape: tuple[int, ...]) -> None:
    paths = build(tmp_path, shape)
    table = recommend(paths, [HIGH, LOW], {"size": 20, "count": 2})
    iron = table[table["name"] == "much Fe"]
    depth = 1 if len(shape) == 2 else shape[0]
    assert list(iron["rank"]) == [1, 2]
    assert list(iron["pixels"]) == [200 * depth, 80 * depth]
    assert iron[["y0_px", "y1_px", "x0_px", "x1_px"]].to_numpy().tolist() == [[30, 40, 50, 70], [10, 14, 20, 40]]
    assert iron[["y0", "y1", "x0", "x1"]].to_numpy().tolist() == [[15, 20, 12.5, 17.5], [5, 7, 5, 10]]
    volume = 0.125 if len(shape) == 2 else 0.25
    np.testing.assert_allclose(iron["area"], iron["pixels"] * volume)
    assert set(table["unit"]) == {f"nm^{len(shape)}"}
    if len(shape) == 3:
        assert set(zip(table["z0_px"], table["z1_px"], table["z0"], table["z1"], strict=True)) == {(0, 5, 0, 10)}
    # The reference equals the median and the calibrated intervals are 1 too wide each side: the bound is the median.
    np.testing.assert_allclose(iron["score"] / iron["pixels"], [4, 2], rtol=1e-5)
    corner = table[table["kind"] == "remeasure"].iloc[0]
    assert [corner[key] for key in ("y0_px", "y1_px", "x0_px", "x1_px")] == [40, 60, 0, 20]
    maps = tifffile.imread(paths["r.tif"])
    expected = np.zeros(shape, bool)
    expected[..., 10:14, 20:40] = expected[..., 30:40, 50:70] = True
    assert maps.dtype == np.uint8
    assert maps.shape == (2, *shape)
    np.testing.assert_array_equal(maps[0] == 2, expected)
    assert (maps[0][~expected] == 0).all()
    assert (maps[1] == 2).all()
    with tifffile.TiffFile(paths["r.tif"]) as tif:
        names = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]["Channel"]
    assert [name["Name"] for name in names] == ["much Fe", "any Mg"]


def test_no_entries_leave_an_undecided_map(tmp_path: Path) -> None:
    paths = build(tmp_path)
    table = recommend(paths, [], NO_BOX)
    assert len(table) == 0
    assert list(table.columns[:3]) == ["kind", "name", "rank"]
    assert "x1" in table.columns
    maps = tifffile.imread(paths["r.tif"])
    assert maps.shape in {(60, 80), (1, 60, 80)}
    assert (maps == 1).all()


def test_unknown_channel_and_confidence_name_their_key(tmp_path: Path) -> None:
    paths = build(tmp_path)
    with pytest.raises(InputError, match=r"decisions.exceed\[1\].channel.*'Xx'.*Mg, Fe"):
        recommend(paths, [HIGH, HIGH | {"channel": "Xx"}], NO_BOX)
    with pytest.raises(InputError, match=r"decisions.exceed.confidence.*0.6"):
        recommend(paths, [HIGH | {"confidence": 0.6}], NO_BOX)
    with pytest.raises(InputError, match=r"decisions.exceed\[0\].*'above' is missing"):
        recommend(paths, [{key: HIGH[key] for key in ("name", "channel", "confidence")}], NO_BOX)
    assert not paths["r.csv"].exists()
    assert not paths["r.tif"].exists()


def test_regions_say_what_their_pixels_were_used_for_and_how_much_the_raw_frame_holds(tmp_path: Path) -> None:
    paths = build(tmp_path)
    boxes = (Box("calibrate", (0, 0), (9, 80)), Box("train", (12, 0), (60, 55)))
    Regions("s", (60, 80), (2, 2), "test", boxes).write(paths["regions"])
    table = recommend(paths, [HIGH], {"size": 20, "count": 2})
    iron = table[table["kind"] == "exceed"]
    assert iron["share_train"].tolist() == [0.25, 0.5]
    assert iron["role"].tolist() == ["none", "train"]
    assert (iron["share_test"] == 0).all() and (iron["frames"] == 1).all()
    with Scan(paths["scan"]) as scan:
        noisy = scan.read_frame(0)
    for _, region in table.iterrows():
        where = tuple(slice(region[f"{axis}0_px"], region[f"{axis}1_px"]) for axis in "yx")
        for c, name in enumerate(("Mg", "Fe")):
            assert region[f"{name}_total"] == pytest.approx(noisy[c][where].sum(dtype=float), rel=1e-5)
    # One frame of intensities does not tell its own noise.
    assert table[["Mg_total_low", "Fe_total_high"]].isna().all(axis=None)
    again = table[table["kind"] == "remeasure"]
    assert again["rank"].tolist() == [1, 2]
    assert again["score_error"].iloc[0] < 0.01 * again["score"].iloc[0]


def test_channels_without_structure_choose_no_box(tmp_path: Path) -> None:
    paths = build(tmp_path)
    content = json.loads(paths["c.json"].read_text())
    for name in ("Mg", "Fe"):
        content["structure"][name]["structured"] = False
    paths["c.json"].write_text(json.dumps(content))
    assert len(recommend(paths, [], {"size": 20, "count": 2})) == 0
