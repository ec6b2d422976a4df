"""Simulated scans as files: independent images in one plane, known truth, and roles for the images alone."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from noisebound.core.errors import InputError
from noisebound.files.scan import Scan
from noisebound.geometry.montage import Montage
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.regions import Regions
from noisebound.regions.settings import RegionSettings
from noisebound.simulation.images import simulate_images
from noisebound.simulation.simulate_scan import noise_width
from tests.unit.simulation.simulated import MARGIN, SIZE, ingest


def test_a_simulated_scan_is_ingested_and_its_images_alone_have_the_role(tmp_path: Path) -> None:
    scan = ingest(tmp_path, "judge", 6)
    images = simulate_images(6, np.random.default_rng(5), SIZE)
    montage = Montage(6, SIZE, MARGIN)
    with Scan(scan) as source:
        assert_array_equal(montage.cut(source.read_frame(0)[0]), images.noisy)
        assert_array_equal(montage.cut(source.read_target(0)[0]), images.truth)
        assert_array_equal(montage.cut(source.read_truth()[0]), images.truth)
        assert source.channels == ("intensity",)
    about = RegionSettings(layout=None, guard="auto", max_radius=MARGIN)
    fields = {"count": 6, "size": SIZE, "margin": MARGIN}
    assign_regions(scan, tmp_path / "judge.json", about, role="test", montage=fields)
    regions = Regions.read(tmp_path / "judge.json")
    assert regions.mask("test").sum() == 6 * SIZE**2
    assert [box.lower for box in regions.boxes] == montage.corners()
    with pytest.raises(InputError, match="5 images"):
        assign_regions(scan, tmp_path / "other.json", about, role="test", montage=fields | {"count": 5})


def test_noise_on_the_reference_leaves_truth_and_noisy_images_alone(tmp_path: Path) -> None:
    ingest(tmp_path, "clean", 4)
    ingest(tmp_path, "noisy", 4, reference_noise=0.2)
    with h5py.File(tmp_path / "simulated/clean.h5") as clean, h5py.File(tmp_path / "simulated/noisy.h5") as noisy:
        assert_array_equal(clean["truth"], noisy["truth"])
        assert_array_equal(clean["noisy"], noisy["noisy"])
        assert_array_equal(clean["truth"], clean["reference"])
        assert_allclose(np.std(noisy["reference"][()] - noisy["truth"][()]), 0.2, rtol=0.05)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    ingest(tmp_path, "one", 2)
    ingest(tmp_path, "two", 2)
    assert (tmp_path / "simulated/one.h5").read_bytes() == (tmp_path / "simulated/two.h5").read_bytes()


@pytest.mark.parametrize(("dark", "bright"), [(0.0, 0.01), (1.0, 1.1)])
def test_width_of_the_noise_is_that_of_its_draws(dark: float, bright: float) -> None:
    images = simulate_images(500, np.random.default_rng(1), 32)
    alike = (dark <= images.signal) & (images.signal < bright)
    low, high = np.quantile((images.noisy - images.truth)[alike], [0.05, 0.95])
    assert_allclose(noise_width(images.truth[alike], 0.9).mean(), high - low, rtol=0.01)
