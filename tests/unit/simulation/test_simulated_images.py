"""Images of simulated scans, and predictions of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from noisebound.core.errors import InputError
from noisebound.ensemble.members import Ensemble
from noisebound.geometry.montage import Montage
from noisebound.simulation.images import simulate_images
from noisebound.simulation.simulated_images import KnownImages, ScanFiles, predict_images, predict_scans
from tests.unit.simulation.simulated import MARGIN, SIZE, ingest, write_members


@pytest.mark.parametrize("family", ["random", "unet"])
def test_an_image_is_predicted_as_if_it_were_a_scan_of_its_own(tmp_path: Path, family: str) -> None:
    files = write_members(tmp_path, family, 1)
    ensemble = Ensemble(files.members, files.architectures)
    together = predict_images(ensemble, ingest(tmp_path, "plane", 6), Montage(6, SIZE, MARGIN))
    assert together.shape == (1, 3, 6, SIZE, SIZE)
    assert (together[:, 0] < together[:, 2]).all()
    simulated = simulate_images(6, np.random.default_rng(5), SIZE)
    for number in range(6):
        padded = np.pad(simulated.noisy[number], MARGIN, mode="symmetric")[None]
        # A scan of its own is mirrored in the same way, whatever lies around.
        alone = ensemble.member(0, padded)[1]
        inner = (0, *[slice(MARGIN, MARGIN + SIZE)] * 2)
        assert_allclose(together[0, :, number], [part[inner] for part in alone], atol=2e-5)


def test_images_of_several_scans_follow_each_other(tmp_path: Path) -> None:
    montages = [Montage(4, SIZE, MARGIN), Montage(2, SIZE, MARGIN)]
    scans = [ingest(tmp_path, "a", 4, seed=1, reference_noise=0.2), ingest(tmp_path, "b", 2, seed=2)]
    files = ScanFiles(scans, montages)
    found = KnownImages.read(files)
    first, second = (simulate_images(count, np.random.default_rng(seed), SIZE) for count, seed in ((4, 1), (2, 2)))
    assert_array_equal(found.noisy, np.concatenate([first.noisy, second.noisy]))
    assert_array_equal(found.truth, np.concatenate([first.truth, second.truth]))
    assert_allclose((found.reference - found.truth).std(axis=(1, 2)), [0.2] * 4 + [0] * 2, atol=0.02)
    members = write_members(tmp_path, "random", 2)
    ensemble = Ensemble(members.members, members.architectures)
    together = predict_scans(ensemble, files)
    assert together.shape == (2, 3, 6, SIZE, SIZE)
    assert_array_equal(together[:, :, 4:], predict_images(ensemble, scans[1], montages[1]))


def test_a_scan_without_truth_is_refused(tmp_path: Path) -> None:
    scan = ingest(tmp_path, "a", 2)
    with h5py.File(scan, "a") as file:
        del file["truth"]
    with pytest.raises(InputError, match=r"a\.h5.*truth"):
        KnownImages.read(ScanFiles([scan], [Montage(2, SIZE, MARGIN)]))
