"""Simulated scans as files: independent images in one plane, known truth, and roles for the images alone."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from noisebound.architecture.settings import unet_settings
from noisebound.architecture.unet import plan_unet
from noisebound.core.errors import InputError
from noisebound.ensemble.members import Ensemble
from noisebound.files.scan import Scan
from noisebound.geometry.montage import Montage
from noisebound.networks import engine
from noisebound.networks.member_file import save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.networks.quantile_network import QuantileNetwork
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.regions import Regions
from noisebound.regions.settings import RegionSettings
from noisebound.simulation.compare_ensembles import predict_images
from noisebound.simulation.images import simulate_images
from noisebound.simulation.simulate_scan import noise_width, simulate_scan
from tests.unit.learning_files import draw_small, give_weights, write_architecture
from tests.unit.scans.ingested import ingest as ingest_scan

SIZE, MARGIN = 24, 8


def ingest(folder: Path, name: str, count: int, margin: int = MARGIN, **settings: float) -> Path:
    """A simulated scan that went through the step ingest_scan."""
    source = folder / "simulated" / f"{name}.h5"
    arguments = {"seed": 5, "reference_noise": 0.0} | settings
    simulate_scan(source, count=count, size=SIZE, margin=margin, **arguments)  # type: ignore[arg-type]
    files = [f"{source}:/noisy"], [f"{source}:/reference"]
    ingest_scan(
        *files,
        folder / f"{name}.h5",
        scan=name,
        dimensions=2,
        channels=["intensity"],
        counts=False,
        truth=f"{source}:/truth",
    )
    return folder / f"{name}.h5"


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (6, 2, 3), (7, 1, 7), (500, 20, 25)])
def test_a_montage_has_a_place_for_every_image_and_no_other(count: int, rows: int, columns: int) -> None:
    montage = Montage(count, 4, 1)
    assert (montage.rows, montage.columns, montage.shape) == (rows, columns, (6 * rows, 6 * columns))
    assert len(montage.corners()) == count


def test_images_are_continued_by_their_mirror_images_and_come_back_as_they_were() -> None:
    images = np.random.default_rng(0).normal(size=(6, 5, 5))
    montage = Montage(6, 5, 2)
    plane = montage.assemble(images)
    assert plane.shape == montage.shape
    for image, (y, x) in zip(images, montage.corners(), strict=True):
        assert_array_equal(plane[y : y + 5, x : x + 5], image)
        assert_array_equal(plane[y - 2 : y + 7, x - 2 : x + 7], np.pad(image, 2, mode="symmetric"))
    assert_array_equal(montage.cut(plane), images)
    assert_array_equal(montage.cut(np.stack([plane, -plane]))[1], -images)


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


@pytest.mark.parametrize("family", ["random", "unet"])
def test_an_image_is_predicted_as_if_it_were_a_scan_of_its_own(tmp_path: Path, family: str) -> None:
    unet = {"unet": {"levels": 1, "width": 3, "convolutions": 1}, "latent": 4, "hidden": 4, "max_radius": MARGIN}
    about = {"seed": 1, "member": 0, "dimensions": 2, "in_channels": 1, "out_channels": 1}
    graph = draw_small(seed=3) if family == "random" else plan_unet(unet_settings(unet), **about)
    network: QuantileNetwork = give_weights(engine.build_network(graph), 7)
    ones = np.ones(1, np.float32)
    normalisation = Normalisation(
        "none", "none", counts=False, **{f"{p}_{m}": ones for p in ("input", "target") for m in ("mean", "spread")}
    )
    write_architecture(tmp_path / "graph.json", graph)  # type: ignore[arg-type]
    save_member(tmp_path / "member.pt", network.state_dict(), graph, normalisation, member=0, step=1)
    ensemble = Ensemble([tmp_path / "member.pt"], [tmp_path / "graph.json"])
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
