"""The delivered files against what was calibrated."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.core.length_units import ome_unit
from noisebound.files.predictions import Predictions
from tests.unit.calibration.simulated import NOMINAL, fit_counts, fit_misjudged, misjudged_scan, poisson_scan


@pytest.mark.parametrize("shape", [(40, 48), (17, 20, 48)])
def test_delivered_files_hold_the_calibrated_interval(tmp_path: Path, shape: tuple[int, ...]) -> None:
    size = (0.25, 0.5, 0.75)[-len(shape) :]
    files = poisson_scan(tmp_path, shape=shape, pixel_size=size, pixel_unit="um")
    fitted = fit_counts(files, tmp_path / "c.json")
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.ome.tif")
    with Predictions(files.ensemble) as ensemble, Predictions(tmp_path / "d.h5") as denoised:
        raw = [ensemble.read(kind) for kind in ("lower", "median", "upper")]
        assert denoised.channels == ("Mg", "Fe")
        assert denoised.pixel_size == size
        assert denoised.pixel_unit == "um"
        for nominal in NOMINAL:
            low, high, fraction = fitted.interval(*raw, nominal)
            for got, expected in zip(denoised.read_interval(nominal), (low, high), strict=True):
                np.testing.assert_array_equal(got, expected)
            stored = denoised.projected_fraction[f"{nominal:g}"]
            np.testing.assert_allclose([stored["Mg"], stored["Fe"]], fraction)
        images = [denoised.read("median"), *denoised.read_signal(0.9), *denoised.read_interval(0.9)]
        expected = np.stack([*images, denoised.read("mean")], axis=1)
    with tifffile.TiffFile(tmp_path / "d.ome.tif") as tif:
        assert tif.series[0].axes == ("CYX" if len(shape) == 2 else "CZYX")
        np.testing.assert_array_equal(tif.asarray(), expected.reshape(12, *shape))
        pixels = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]
    assert [channel["Name"] for channel in pixels["Channel"]] == [
        f"{name} {kind}"
        for name in ("Mg", "Fe")
        for kind in (
            *("median", "signal lower 0.9", "signal upper 0.9"),
            *("repeat lower 0.9", "repeat upper 0.9", "mean"),
        )
    ]
    assert pixels["Type"] == "float"
    assert pixels["PhysicalSizeXUnit"] == "\u00b5m"
    assert tuple(pixels[f"PhysicalSize{axis}"] for axis in "ZYX"[-len(shape) :]) == size


def test_delivery_is_deterministic_and_pixels_get_no_unit(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path, pixel_unit="px")
    fit_counts(files, tmp_path / "c.json")
    for name in "ab":
        calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / f"{name}.h5", tmp_path / f"{name}.tif")
    for suffix in ("h5", "tif"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert "PhysicalSize" not in tif.ome_metadata
    assert ome_unit("px") is None
    assert ome_unit("nm") == "nm"
    assert ome_unit("\u03bcm") == "\u00b5m"


def test_slabs_do_not_change_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from noisebound.calibration import calibrate_scan as door
    from noisebound.geometry import blocks

    files = poisson_scan(tmp_path, shape=(40, 20, 48))
    fit_counts(files, tmp_path / "c.json")
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "a.h5", tmp_path / "a.tif")
    slabs = blocks.slabs
    monkeypatch.setattr(door, "slabs", lambda shape, n: slabs(shape, n, budget=1))
    assert len(list(door.slabs((40, 20, 48), 2))) == 3
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "b.h5", tmp_path / "b.tif")
    with Predictions(tmp_path / "a.h5") as one, Predictions(tmp_path / "b.h5") as other:
        np.testing.assert_array_equal(one.read_interval(0.8), other.read_interval(0.8))
        assert one.projected_fraction["0.8"] == pytest.approx(other.projected_fraction["0.8"])
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), tifffile.imread(tmp_path / "b.tif"))


def test_intervals_without_width_are_counted(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path, counts=True)
    with h5py.File(files.ensemble, "r+") as file:
        for kind in ("lower", "median", "upper"):
            file[kind][1, :30] = 0
            file[f"frames/{kind}"][:, 1, :30] = 0
    with h5py.File(files.scan, "r+") as file:
        file["reference"][1] = 0
    fit_misjudged(files, tmp_path)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Predictions(tmp_path / "d.h5") as denoised:
        assert denoised.zero_width["0.5"]["Fe"] >= 0.5
        assert denoised.zero_width["0.5"]["Mg"] == 0
