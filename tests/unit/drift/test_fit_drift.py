"""What is learned from the calibrate regions."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.drift.calibrated import Calibrated
from noisebound.drift.fit_drift import fit_drift, fit_expected
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions
from tests.unit.drift.simulated import CHANNELS, PHASES, SIDE, Bench, measured, scene, write


@pytest.mark.parametrize("counts", [False, True], ids=["intensity", "counts"])
def test_the_mean_is_expected_to_rise_with_the_median(tmp_path: Path, counts: bool) -> None:
    """What the references say of the mean of a median is fitted, and never turns contrast upside down."""
    rng = np.random.default_rng(4)
    median = rng.integers(0, 3, (2, SIDE, SIDE)).astype(np.float32)
    mean = np.stack(
        [np.array([0.4, 1.1, 2.2])[median[0].astype(int)], np.array([0.9, 0.7, 0.8])[median[1].astype(int)]]
    )
    files = write(tmp_path, "c", rng.poisson(2 * mean), median, "calibrate", counts, reference=mean)
    used = [(files["ensemble"], files["scan"], Regions.read(files["regions"]))]
    blocks = rng.uniform(1, 2, (36, 2))
    expected = fit_expected(used, blocks, blocks, counts, 16)
    levels = np.array([[0.0, 1.0, 2.0]] * 2)
    found = expected.mean(levels, counts)
    # Classes of equally many pixels hold two levels where these meet, which rounds a corner off.
    assert found[0] == pytest.approx([0.4, 1.1, 2.2], abs=0.05)
    assert (np.diff(found, axis=1) >= 0).all()
    assert found[1] == pytest.approx([mean[1].mean()] * 3, abs=0.03)


def test_without_a_calibrate_region_nothing_is_fitted(tmp_path: Path) -> None:
    bench = Bench(tmp_path, counts=False, scans=0)
    files = bench.make("none")[0]
    with pytest.raises(InputError, match="no scan has a calibrate region"):
        fit_drift([files["ensemble"]], [files["scan"]], [files["regions"]], bench.basis, tmp_path / "x.npz", block=16)


def test_blocks_of_all_calibrate_regions_are_kept_with_their_fields(tmp_path: Path) -> None:
    bench = Bench(tmp_path, counts=True, scans=0)
    split = (Box("train", (0, 0), (96, 60)), Box("calibrate", (0, 64), (32, 96)), Box("test", (40, 64), (96, 96)))
    made = [
        bench.make("whole", "calibrate")[0],
        bench.make("part", boxes=split)[0],
        bench.make("other", "train")[0],
    ]
    bench.fit(made)
    first = bench.calibrated.read_bytes()
    found = Calibrated.load(bench.calibrated)
    assert found.side == 16 and found.table.channels == CHANNELS
    assert found.table.fields == ("scan whole", "scan part") and found.table.whole.tolist() == [True, False]
    assert np.bincount(found.table.field).tolist() == [36, 4]
    assert len(found.flat.level) == len(found.flat.pattern) <= 40
    bench.fit(made)
    assert bench.calibrated.read_bytes() == first
    # Whatever lies outside of calibrate regions has no part in it.
    with h5py.File(made[1]["scan"], "a") as file:
        file["noisy"][..., :60] = 999
        file["noisy"][..., 40:, :] = 0
    bench.fit(made)
    assert bench.calibrated.read_bytes() == first


@pytest.mark.parametrize("counts", [False, True], ids=["intensity", "counts"])
def test_without_references_the_mean_is_the_median_and_gains_are_those_of_the_detector(
    tmp_path: Path, counts: bool
) -> None:
    """Noisy frames of a detector that shows half of the intensity, and 3 more where it does not count."""
    bench = Bench(tmp_path, counts, scans=0)

    def detected(truth: np.ndarray) -> np.ndarray:
        return 0.5 * truth if counts else 0.5 * truth + 3

    made = []
    for number in range(2):
        truth = scene(bench.rng, PHASES)
        noisy = measured(detected(truth), bench.rng, counts)
        made.append(write(tmp_path, f"c{number}", noisy, truth, "calibrate", counts))
    bench.fit(made)
    expected = Calibrated.load(bench.calibrated).expected
    assert expected.shift.tolist() == [[0], [0]]
    for gain, offset in ((expected.gain, expected.offset), (expected.mean_gain, expected.mean_offset)):
        assert gain == pytest.approx([0.5, 0.5], abs=0.02)
        assert offset == pytest.approx([0.0, 0.0] if counts else [3.0, 3.0], abs=0.1)
