"""Tokens on simulated latents whose truth is known: recovery, order, stability, and the label map of a scan."""

from __future__ import annotations

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from sklearn.metrics import adjusted_rand_score

from noisebound.core.errors import InputError
from noisebound.files.prediction_writers import create_predictions
from noisebound.geometry.blocks import blocks_of
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis, fit_basis
from noisebound.latent.sample import LatentSample, save_sample
from noisebound.regions.regions import Regions
from noisebound.structure.clustering import (
    agreement,
    agreement_over_halves,
    agreement_over_members,
    agreement_over_seeds,
    explained_variance,
    fit_centres,
    member_halves,
    nearest_centre,
)
from noisebound.structure.fit_tokens import fit_tokens
from noisebound.structure.segment_scan import segment_scan
from noisebound.structure.token_model import TokenModel
from noisebound.structure.train_pixels import sample_pixels
from tests.unit.scans.ingested import ingest as ingest_scan

SIZES = [6, 4, 5]
# Denoised intensity of the four phases, two channels; the sum of standardised intensities orders them 2, 0, 3, 1.
PHASES = np.array([[3.0, 1.0], [9.0, 3.0], [1.0, 0.5], [5.0, 2.0]])
ORDER = [2, 0, 3, 1]


class Simulation:
    """Four phases in a plane or volume; each member sees them through a random linear map of its own, with noise."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.codes = rng.normal(size=(4, 3)) * 4
        self.maps = [rng.normal(size=(3, size)) for size in SIZES]

    def phases(self, shape: tuple[int, ...], seed: int) -> np.ndarray:
        """Phase of every pixel, in blobs of 4 pixels."""
        rng = np.random.default_rng(seed)
        coarse = rng.choice(4, size=[-(-size // 4) for size in shape], p=[0.4, 0.3, 0.2, 0.1])
        for axis in range(len(shape)):
            coarse = coarse.repeat(4, axis=axis)
        return coarse[tuple(slice(0, size) for size in shape)]

    def latents(self, phase: np.ndarray, seed: int) -> np.ndarray:
        """Concatenated member latents (D, *spatial) float32."""
        rng = np.random.default_rng(seed)
        clean = np.concatenate([self.codes[phase] @ weights for weights in self.maps], axis=-1)
        return np.moveaxis(clean + 0.3 * rng.normal(size=clean.shape), -1, 0).astype(np.float32)

    def medians(self, phase: np.ndarray, seed: int) -> np.ndarray:
        """Denoised medians (2, *spatial) float32."""
        rng = np.random.default_rng(seed)
        return np.moveaxis(PHASES[phase] + 0.2 * rng.normal(size=(*phase.shape, 2)), -1, 0).astype(np.float32)


def write_ensemble(
    path: Path,
    scan: str,
    latent: np.ndarray,
    medians: np.ndarray,
    members: int = 3,
    *,
    frame: int = 0,
    pixel_size: tuple[float, ...] = (0.5, 0.5, 0.5),
    noise: float = 0.1,
) -> None:
    """The medians of the members are ``medians`` with normal noise of this standard deviation."""
    shape = medians.shape[1:]
    region = tuple(slice(0, size) for size in shape)
    with create_predictions(
        path,
        scan=scan,
        channels=["Mg", "Fe"],
        pixel_size=pixel_size[-len(shape) :],
        pixel_unit="µm",
        shape=shape,
        levels=[0.05, 0.5, 0.95],
        frame=frame,
        n_frames=0,
        n_members=members,
        n_latent=len(latent),
        counts=False,
        keep_members=True,
    ) as writer:
        writer.write(region, medians - 1, medians, medians + 1, np.ones_like(medians))
        writer.write_latent(region, latent)
        for m in range(members):
            writer.write_member(m, region, medians + noise * np.random.default_rng(m).normal(size=medians.shape))


@pytest.fixture
def world(tmp_path):
    """Two learned scans, of which the lower halves are trained on, with their latent step."""
    simulation = Simulation()
    phases = {"left": simulation.phases((80, 64), 1), "right": simulation.phases((80, 96), 2)}
    latents = {scan: simulation.latents(phase, 3) for scan, phase in phases.items()}
    coordinates = np.stack(np.unravel_index(np.arange(0, 40 * 64, 2), (40, 64)), axis=1)
    drawn = latents["left"][:, *coordinates.T].T
    basis = fit_basis(drawn, SIZES, 3)
    medians = {scan: simulation.medians(phase, 4) for scan, phase in phases.items()}
    sample = LatentSample(
        drawn,
        np.random.default_rng(5).normal(size=drawn.shape).astype(np.float32),
        medians["left"][:, *coordinates.T].T,
        np.array(SIZES),
        coordinates,
        np.zeros(len(drawn), dtype=np.int64),
        ("left",),
    )
    basis.save(tmp_path / "basis.npz")
    save_sample(tmp_path / "sample.npz", sample)
    for scan, phase in phases.items():
        write_ensemble(tmp_path / f"{scan}.h5", scan, basis.project(latents[scan]), medians[scan])
        half = (40, phase.shape[1])
        boxes = (Box("train", (0, 0), half), Box("test", (50, 0), phase.shape))
        Regions(scan, phase.shape, (10, 10), "given", boxes).write(tmp_path / f"{scan}.json")
    return tmp_path, simulation, basis, phases


def fit(folder: Path, name: str = "model", **changes):
    settings = {"tokens": 4, "repeats": 3, "seed": 11, "sample_size": 2000} | changes
    fit_tokens(
        [folder / "right.h5", folder / "left.h5"],
        [folder / "left.json", folder / "right.json"],
        folder / "basis.npz",
        folder / "sample.npz",
        folder / f"{name}.npz",
        folder / f"{name}.csv",
        **settings,
    )
    return TokenModel.load(folder / f"{name}.npz")


def read_rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_known_phases_come_back_in_the_stated_order(world):
    folder, _, _, phases = world
    model = fit(folder)
    assert (np.diff(model.intensity) > 0).all()
    # In both scans as many pixels are drawn: the means of both weigh the same.
    trained = [phase[:40] for phase in phases.values()]
    shares = np.mean([np.bincount(phase.ravel(), minlength=4) / phase.size for phase in trained], axis=0)
    np.testing.assert_allclose(model.share, shares[ORDER], atol=0.03)
    mean = shares @ PHASES
    deviation = np.sqrt(shares @ (PHASES - mean) ** 2 + 0.2**2)
    np.testing.assert_allclose(model.intensity, ((PHASES - mean) / deviation).sum(axis=1)[ORDER], atol=0.1)
    for scan, phase in phases.items():
        segment_scan(folder / f"{scan}.h5", folder / "model.npz", folder / "a.tif", folder / "a.csv")
        tokens = tifffile.imread(folder / "a.tif")
        assert adjusted_rand_score(phase.ravel(), tokens.ravel()) > 0.99
        assert np.mean(np.argsort(ORDER)[phase] == tokens) > 0.99


def test_token_numbers_do_not_depend_on_the_seed_and_bytes_only_on_it(world):
    folder, *_ = world
    first, second = fit(folder, "first", seed=1), fit(folder, "second", seed=2)
    np.testing.assert_allclose(first.centres, second.centres, atol=0.1)
    fit(folder, "again", seed=1)
    assert (folder / "again.npz").read_bytes() == (folder / "first.npz").read_bytes()
    assert (folder / "again.csv").read_bytes() == (folder / "first.csv").read_bytes()
    assert first.scans == ("left", "right")


def test_a_latent_gets_the_same_token_in_a_scan_never_seen(world):
    folder, simulation, basis, _ = world
    model = fit(folder)
    known = simulation.phases((80, 64), 1)
    latent = basis.project(simulation.latents(known, 3))
    alone = latent[:, 33:34, 20:29]
    write_ensemble(folder / "new.h5", "new", alone, simulation.medians(known, 4)[:, 33:34, 20:29] * 100)
    segment_scan(folder / "new.h5", folder / "model.npz", folder / "new.tif", folder / "new.csv")
    segment_scan(folder / "left.h5", folder / "model.npz", folder / "left.tif", folder / "left.csv")
    np.testing.assert_array_equal(
        tifffile.imread(folder / "new.tif"), tifffile.imread(folder / "left.tif")[33:34, 20:29]
    )
    distance = ((latent.astype(np.float16).astype(float)[:, None] - model.centres.T[..., None, None]) ** 2).sum(0)
    np.testing.assert_array_equal(distance.argmin(0), tifffile.imread(folder / "left.tif"))


@pytest.mark.parametrize("shape", [(70, 45), (20, 33, 18)])
def test_the_label_map_keeps_axes_and_pixel_size_and_the_table_adds_up(tmp_path, shape):
    simulation = Simulation()
    phase = simulation.phases(shape, 7)
    phase[phase == 3] = 0
    basis = fit_basis(simulation.latents(simulation.phases((50, 50), 8), 9).reshape(15, -1).T, SIZES, 3)
    centres = basis.project((np.concatenate(simulation.maps, axis=1).T @ simulation.codes.T).astype(np.float32)).T
    TokenModel(centres.astype(float), np.arange(4.0), np.full(4, 0.25), "rule", "digest", 1, ("a",)).save(
        tmp_path / "model.npz"
    )
    medians, size = simulation.medians(phase, 10), (2.0, 0.5, 0.25)
    latent = basis.project(simulation.latents(phase, 11))
    write_ensemble(tmp_path / "scan.h5", "scan", latent, medians, pixel_size=size)
    for name in ("one", "two"):
        segment_scan(tmp_path / "scan.h5", tmp_path / "model.npz", tmp_path / f"{name}.tif", tmp_path / f"{name}.csv")
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "one.tif") as tif:
        series = tif.series[0]
        tokens = series.asarray()
        assert series.axes == ("YX" if len(shape) == 2 else "ZYX")
        assert tokens.dtype == np.uint8
        assert tokens.shape == shape
        for axis, expected in (("X", 4.0), ("Y", 2.0)):
            numerator, denominator = tif.pages[0].tags[f"{axis}Resolution"].value
            assert numerator / denominator == pytest.approx(expected)
        assert tif.imagej_metadata["unit"] == "um"
        if len(shape) == 3:
            assert tif.imagej_metadata["spacing"] == 2.0
    np.testing.assert_array_equal(tokens, phase)
    rows = read_rows(tmp_path / "one.csv")
    assert [row["token"] for row in rows] == ["0", "1", "2", "3"]
    assert sum(float(row["fraction"]) for row in rows) == pytest.approx(1, abs=1e-5)
    for row in rows[:3]:
        inside = medians[:, tokens == int(row["token"])].astype(float)
        assert int(row["pixels"]) == inside.shape[1]
        assert float(row["area"]) == pytest.approx(inside.shape[1] * np.prod(size[-len(shape) :]))
        assert row["unit"] == f"µm^{len(shape)}"
        for channel, values in zip(("Mg", "Fe"), inside, strict=True):
            assert float(row[f"{channel}_mean"]) == pytest.approx(values.mean(), rel=1e-4)
            assert float(row[f"{channel}_sd"]) == pytest.approx(values.std(), rel=1e-4)
            for name, level in (("q05", 0.05), ("median", 0.5), ("q95", 0.95)):
                expected = np.quantile(values, level, method="inverted_cdf")
                assert float(row[f"{channel}_{name}"]) == pytest.approx(expected, rel=1e-4)
    assert rows[3]["pixels"] == "0"
    assert rows[3]["Mg_mean"] == ""
    assert rows[3]["Fe_q95"] == ""


def test_more_than_256_tokens_need_sixteen_bits(tmp_path):
    centres = np.arange(300.0)[:, None]
    TokenModel(centres, np.arange(300.0), np.full(300, 1 / 300), "rule", "digest", 1, ("a",)).save(tmp_path / "m.npz")
    latent = np.arange(300.0).reshape(1, 15, 20)
    write_ensemble(tmp_path / "s.h5", "s", latent, np.ones((2, 15, 20), np.float32))
    segment_scan(tmp_path / "s.h5", tmp_path / "m.npz", tmp_path / "s.tif", tmp_path / "s.csv")
    tokens = tifffile.imread(tmp_path / "s.tif")
    assert tokens.dtype == np.uint16
    np.testing.assert_array_equal(tokens, latent[0])


def test_stability_is_high_for_real_structure_and_low_for_noise(world):
    folder, *_ = world
    fit(folder)
    rows = {row["comparison"]: row for row in read_rows(folder / "model.csv")}
    assert list(rows) == ["seeds", "subsamples", "members", "latents against baseline"]
    for name in ("seeds", "subsamples", "members"):
        assert float(rows[name]["latents"]) > 0.97
        assert float(rows[name]["baseline"]) > 0.9
    assert float(rows["subsamples"]["null"]) < 0.7
    assert abs(float(rows["members"]["null"])) < 0.1
    assert float(rows["latents against baseline"]["latents"]) > 0.9
    assert rows["latents against baseline"]["null"] == ""


def ingest(folder: Path, scan: str, noisy: np.ndarray, reference: np.ndarray) -> Path:
    """The standard file of a scan, images (C, Y, X)."""
    for name, image in (("noisy", noisy), ("reference", reference)):
        tifffile.imwrite(folder / f"{scan}-{name}.tif", image.astype(np.float32))
    output = folder / f"{scan}-scan.h5"
    ingest_scan(
        [str(folder / f"{scan}-noisy.tif")],
        [str(folder / f"{scan}-reference.tif")],
        output,
        scan=scan,
        dimensions=2,
        channels=["Mg", "Fe"],
        counts=False,
        axes="CYX",
        reference_axes="CYX",
    )
    return output


def test_the_reference_tells_how_much_the_tokens_explain(world):
    folder, simulation, _, phases = world
    rng = np.random.default_rng(12)
    standard = []
    for scan, phase in phases.items():
        noisy = simulation.medians(phase, 13)
        reference = np.moveaxis(PHASES[phase], -1, 0) + 0.5 * rng.normal(size=(2, *phase.shape))
        standard.append(ingest(folder, scan, noisy, reference))
    fit(folder, scans=standard)
    last = read_rows(folder / "model.csv")[-1]
    assert last["comparison"] == "reference variance explained (share)"
    assert last["null"] == ""
    trained = np.concatenate([phase[:40].ravel() for phase in phases.values()])
    variance = PHASES[trained].var(axis=0)
    expected = np.mean(variance / (variance + 0.25))
    assert float(last["latents"]) == pytest.approx(expected, abs=0.03)
    assert float(last["baseline"]) == pytest.approx(expected, abs=0.05)


def test_the_baseline_has_no_part_in_the_columns_of_the_latents(world):
    """Where the medians and the members' medians are noise, only the latents have anything to say."""
    folder, simulation, basis, phases = world
    standard = []
    for scan, phase in phases.items():
        noise = np.random.default_rng(14).normal(size=(2, *phase.shape)).astype(np.float32)
        latent = basis.project(simulation.latents(phase, 3))
        write_ensemble(folder / f"{scan}.h5", scan, latent, 0.01 * noise, noise=1.0)
        standard.append(ingest(folder, scan, noise, simulation.medians(phase, 15)))
    fit(folder, scans=standard)
    rows = {row["comparison"]: row for row in read_rows(folder / "model.csv")}
    for name in ("subsamples", "members", "reference variance explained (share)"):
        assert float(rows[name]["latents"]) > 0.9
    assert abs(float(rows["members"]["baseline"])) < 0.05
    assert abs(float(rows["latents against baseline"]["latents"])) < 0.05
    assert float(rows["reference variance explained (share)"]["baseline"]) < 0.05


def test_the_baseline_of_half_the_members_is_that_of_their_mean(world):
    """Two members err by the same pattern with opposite signs: their mean agrees with the third, neither alone does."""
    folder, simulation, basis, phases = world
    for scan, phase in phases.items():
        medians = simulation.medians(phase, 4)
        error = 20 * np.random.default_rng(16).normal(size=medians.shape)
        write_ensemble(folder / f"{scan}.h5", scan, basis.project(simulation.latents(phase, 3)), medians)
        with h5py.File(folder / f"{scan}.h5", "r+") as file:
            file["members/median"][:] = np.stack([medians, medians + error, medians - error])
    fit(folder)
    rows = {row["comparison"]: row for row in read_rows(folder / "model.csv")}
    assert float(rows["members"]["baseline"]) > 0.3


def test_one_member_has_no_member_row(world):
    folder, simulation, _, phases = world
    latents = {scan: simulation.latents(phase, 3)[:6] for scan, phase in phases.items()}
    basis = fit_basis(latents["left"].reshape(6, -1).T, [6], 3)
    basis.save(folder / "basis.npz")
    flat = latents["left"].reshape(6, -1).T
    zeros = np.zeros((len(flat), 2), dtype=np.int64)
    save_sample(
        folder / "sample.npz",
        LatentSample(flat, np.zeros_like(flat), flat[:, :2], np.array([6]), zeros, zeros[:, 0], ("left",)),
    )
    for scan, phase in phases.items():
        write_ensemble(folder / f"{scan}.h5", scan, basis.project(latents[scan]), simulation.medians(phase, 4), 1)
    fit(folder)
    rows = {row["comparison"]: row for row in read_rows(folder / "model.csv")}
    assert rows["members"] == {"comparison": "members", "latents": "", "baseline": "", "null": ""}
    assert rows["seeds"]["null"] == "", "noise-only latents that do not vary have no clusters"
    assert float(rows["seeds"]["latents"]) > 0.9


def test_the_sample_is_stratified_and_never_leaves_the_train_boxes(tmp_path):
    for scan, shape in (("a", (40, 60)), ("b", (200, 300))):
        rows, columns = np.indices(shape)
        write_ensemble(
            tmp_path / f"{scan}.h5", scan, np.stack([rows, columns]).astype(np.float32), np.ones((2, *shape))
        )
    boxes = (Box("train", (0, 0), (10, 60)), Box("train", (20, 0), (25, 60)), Box("test", (35, 0), (40, 60)))
    Regions("a", (40, 60), (5, 5), "given", boxes).write(tmp_path / "a.json")
    Regions("b", (200, 300), (5, 5), "given", (Box("train", (90, 10), (200, 290)),)).write(tmp_path / "b.json")
    found = sample_pixels(
        [tmp_path / "a.h5", tmp_path / "b.h5"],
        [tmp_path / "b.json", tmp_path / "a.json"],
        [],
        1000,
        np.random.default_rng(1),
    )
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


def test_the_reference_of_the_sample_is_the_target_of_the_delivered_frame(tmp_path):
    frames = np.random.default_rng(0).integers(0, 50, (3, 2, 20, 30)).astype("uint16")
    tifffile.imwrite(tmp_path / "frames.tif", frames)
    about = {"scan": "a", "dimensions": 2, "channels": ["Mg", "Fe"], "counts": True, "axes": "RCYX"}
    ingest_scan([str(tmp_path / "frames.tif")], "leave-one-out", tmp_path / "scan.h5", **about)
    places = np.indices((20, 30)).astype(np.float32)
    write_ensemble(tmp_path / "a.h5", "a", places, np.ones((2, 20, 30)), frame=2)
    Regions("a", (20, 30), (5, 5), "given", (Box("train", (0, 0), (20, 30)),)).write(tmp_path / "a.json")
    files = [tmp_path / "a.h5"], [tmp_path / "a.json"], [tmp_path / "scan.h5"]
    found = sample_pixels(*files, 50, np.random.default_rng(1))
    expected = frames[:2].mean(axis=0)[:, *found.scores.astype(int).T].T
    np.testing.assert_allclose(found.reference, expected, rtol=1e-6)


def test_the_blocks_of_a_box_cover_each_pixel_once():
    for lower, upper in (((3, 500), (700, 1100)), ((5, 100, 0), (40, 130, 300))):
        seen = np.zeros(upper, dtype=int)
        for region in blocks_of(lower, upper):
            seen[region] += 1
        inside = tuple(slice(a, b) for a, b in zip(lower, upper, strict=True))
        assert (seen[inside] == 1).all()
        assert seen.sum() == seen[inside].size


def test_halves_of_the_ensemble_are_disjoint_and_differ():
    divisions = member_halves(5, 6, np.random.SeedSequence(1))
    assert len(divisions) == 6
    assert all(sorted(one + other) == [0, 1, 2, 3, 4] and len(one) == 2 for one, other in divisions)
    assert len({tuple(one) for one, _ in divisions}) == 6
    assert len(member_halves(2, 5, np.random.SeedSequence(1))) == 1
    assert member_halves(1, 5, np.random.SeedSequence(1)) == []


def test_the_agreement_measures_tell_clusters_from_a_featureless_cloud():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 1500)
    clustered = rng.normal(size=(5, 6))[labels] * 6 + rng.normal(size=(1500, 6)) * 0.3
    cloud = rng.normal(size=(1500, 6))
    seed = np.random.SeedSequence(4)
    assert agreement_over_seeds(clustered, 5, 3, seed) > 0.99
    assert agreement_over_seeds(cloud, 5, 3, seed) < 0.8
    assert agreement_over_halves(clustered, None, 5, 3, seed) > 0.99
    assert agreement_over_halves(cloud, None, 5, 3, seed) < 0.6
    unrelated = {0: cloud[:, :3], 1: cloud[:, 3:]}
    assert abs(agreement_over_members(lambda m: unrelated[m[0]], [([0], [1])], 5, seed)) < 0.05
    assert explained_variance(clustered, labels) > 0.9
    assert explained_variance(cloud, rng.integers(0, 5, 1500)) < 0.02


def test_agreement_is_the_mean_over_all_pairs():
    labels = np.random.default_rng(0).integers(0, 3, (2, 200))
    apart = adjusted_rand_score(*labels)
    assert agreement([labels[0], labels[0], labels[1]]) == pytest.approx((1 + 2 * apart) / 3)
    assert np.isnan(agreement(labels[:1]))


def test_explained_variance_is_the_mean_over_channels_that_vary():
    """The first channel is that of the labels, however large it is, the second has nothing to do with them."""
    values = np.array([[0, 0, 5], [0, 1, 5], [900, 0, 5], [900, 1, 5]], dtype=float)
    assert explained_variance(values, np.array([0, 0, 1, 1])) == pytest.approx(0.5)
    assert np.isnan(explained_variance(values[:, 2:], np.array([0, 0, 1, 1])))


def test_halves_keep_blocks_together():
    # Within a block all pixels sit on one of two far apart points: a half that splits no block can still see both.
    blocks = np.arange(40).repeat(50)[:, None]
    scores = np.stack([blocks[:, 0] % 2 * 100.0, np.zeros(2000)], axis=1)
    assert agreement_over_halves(scores, blocks, 2, 4, np.random.SeedSequence(5)) == pytest.approx(1)
    # With two blocks, each half holds one point only and its two clusters cannot be those of the other half.
    noisy = scores + np.random.default_rng(6).normal(size=scores.shape)
    two = (blocks >= 20).astype(int) * 0 + blocks % 2
    assert agreement_over_halves(noisy, two, 2, 4, np.random.SeedSequence(5)) < 0.9
    assert agreement_over_halves(noisy, None, 2, 4, np.random.SeedSequence(5)) == pytest.approx(1)


def test_halves_are_apart():
    """Two clumps per block: what is fitted on one block parts its own clumps and not those of the other."""
    blocks = np.arange(2).repeat(100)[:, None]
    clumps = np.array([[0.0, 0.0], [0.0, 1.0], [50.0, 0.0], [51.0, 0.0]]).repeat(50, axis=0)
    assert agreement_over_halves(clumps, blocks, 2, 3, np.random.SeedSequence(5)) < 0.5


def test_nearest_centre_is_the_nearest():
    rng = np.random.default_rng(7)
    scores, centres = rng.normal(size=(300, 4)), rng.normal(size=(9, 4))
    brute = np.linalg.norm(scores[:, None] - centres, axis=2).argmin(1)
    np.testing.assert_array_equal(nearest_centre(scores, centres), brute)
    found = fit_centres(np.repeat(centres, 20, axis=0), 9, np.random.SeedSequence(1))
    assert {tuple(row) for row in found.round(6)} == {tuple(row) for row in centres.round(6)}


def test_wrong_input_is_named_before_anything_is_written(world):
    folder, *_ = world
    with pytest.raises(InputError, match=r"structure\.tokens"):
        fit(folder, tokens=0)
    with pytest.raises(InputError, match=r"structure\.tokens"):
        fit(folder, tokens=50, sample_size=20)
    Regions("right", (80, 96), (0, 0), "given", (Box("test", (0, 0), (80, 96)),)).write(folder / "right.json")
    assert fit(folder, repeats=1).scans == ("left",)
    (folder / "model.npz").unlink()
    Regions("left", (80, 64), (0, 0), "given", (Box("calibrate", (0, 0), (80, 64)),)).write(folder / "left.json")
    with pytest.raises(InputError, match="train region"):
        fit(folder)
    Regions("elsewhere", (80, 64), (0, 0), "given", ()).write(folder / "left.json")
    with pytest.raises(InputError, match=r"left\.h5"):
        fit(folder)
    assert not (folder / "model.npz").exists()


def test_files_that_do_not_belong_together_are_refused(world):
    folder, simulation, basis, phases = world
    fit(folder, repeats=1)
    phase = phases["left"]
    write_ensemble(
        folder / "two.h5", "two", basis.project(simulation.latents(phase, 3))[:2], simulation.medians(phase, 4)
    )
    with pytest.raises(InputError, match=r"two\.h5.*2 latent scores"):
        segment_scan(folder / "two.h5", folder / "model.npz", folder / "two.tif", folder / "two.csv")
    assert not (folder / "two.tif").exists()
    assert not (folder / "two.csv").exists()
    fit_basis(simulation.latents(phase, 3).reshape(15, -1).T, [5, 5, 5], 3).save(folder / "basis.npz")
    with pytest.raises(InputError, match=r"sample\.npz.*other members"):
        fit(folder)
    fit_basis(simulation.latents(phase, 3).reshape(15, -1).T, SIZES, 2).save(folder / "basis.npz")
    with pytest.raises(InputError, match=r"basis\.npz"):
        fit(folder)


def test_a_pickled_token_model_is_refused(tmp_path):
    names = ["centres", "intensity", "share", "order", "basis", "seed", "scans"]
    np.savez(tmp_path / "evil.npz", allow_pickle=True, **{name: np.array([{1: 2}], dtype=object) for name in names})
    with pytest.raises(InputError, match=r"evil\.npz"):
        TokenModel.load(tmp_path / "evil.npz")


def test_the_model_names_its_basis(world):
    folder, _, basis, _ = world
    assert fit(folder, repeats=1).basis == basis.digest == LatentBasis.load(folder / "basis.npz").digest
