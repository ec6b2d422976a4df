"""Which pixels calibrate."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from noisebound.calibration.pixels import read_calibration_pixels
from noisebound.core.errors import InputError
from tests.unit.calibration.simulated import calibrate_pixels, fit_scans, poisson_scan, predicted, simulated_scans


def test_repeats_of_one_field_of_view_count_once(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12, groups=3)
    content = fit_scans(files, tmp_path / "c.json").content
    assert content["n_whole_scans"] == 3
    assert set(content["units"].values()) == {"pixel"}
    assert "no guarantee at scan level" in content["guarantee"]
    assert "at 0.8, 9 for scan" in content["unit_reason"]


def test_pixels_are_those_of_the_files(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    pixels = read_calibration_pixels(predicted([files]), 16, delivered_only=False)
    expected = [np.concatenate(images, axis=1) for images in zip(*calibrate_pixels(files), strict=True)]
    assert list(pixels.fields) == ["scan s"]
    for c in (0, 1):
        for got, want in zip(pixels.all[0].channel(c), expected, strict=True):
            # The same pixels of the same frames, in the order of the boxes.
            np.testing.assert_array_equal(np.sort(got), np.sort(want[c]))
    assert not pixels.all[0].whole
    assert pixels.sources == [{"scan": "s", "boxes": 2, "frames": 4, "pixels": 4 * 40 * 19}]


def test_with_tokens_the_delivered_frame_alone_is_read(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path, frame=2)
    labels = np.arange(40 * 48).reshape(40, 48).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", labels)
    pixels = read_calibration_pixels(predicted([files], [tmp_path / "s.tif"]), 16, delivered_only=True)
    tokens = pixels.all[0].all_tokens()
    assert sorted(tokens) == sorted([*labels[:, 10:24].ravel(), *labels[:, 26:31].ravel()])
    lower, median, _, target = pixels.all[0].channel(1)
    with h5py.File(files.ensemble) as ensemble, h5py.File(files.scan) as scan:
        noisy = scan["noisy"][:].astype(np.float64)[:, 1]
        np.testing.assert_array_equal(lower, ensemble["frames/lower"][2, 1].ravel()[tokens])
        np.testing.assert_array_equal(median, ensemble["frames/median"][2, 1].ravel()[tokens])
        np.testing.assert_allclose(target, ((noisy.sum(0) - noisy[2]) / 3).ravel()[tokens], rtol=1e-6)


def test_a_reference_that_is_not_finite_is_refused_only_where_it_calibrates(tmp_path: Path) -> None:
    reference = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    for value, x in product((np.nan, np.inf), (2, 12)):
        changed = reference.copy()
        changed[1, 3, x] = value
        files = poisson_scan(tmp_path, reference=changed, reference_kind="measured")
        if x < 10:
            assert read_calibration_pixels(predicted([files]), 16, delivered_only=False).n_pixels
            continue
        with pytest.raises(InputError, match=r"channel 'Fe' of a reference is not finite in a calibrate region"):
            read_calibration_pixels(predicted([files]), 16, delivered_only=False)


def test_scans_with_other_channels_are_refused(tmp_path: Path) -> None:
    files = [poisson_scan(tmp_path / "a"), poisson_scan(tmp_path / "b", channels=("Fe", "Mg"))]
    with pytest.raises(InputError, match=r"b/s\.ensemble\.h5.*\['Fe', 'Mg'\] differ from those of the other scans"):
        read_calibration_pixels(predicted(files), 16, delivered_only=False)
