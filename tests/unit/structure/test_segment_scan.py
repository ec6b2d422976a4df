"""The label map of a scan and the statistics of its tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError
from noisebound.files.frame_totals import poisson_interval
from noisebound.latent.basis import fit_basis
from noisebound.structure.segment_scan import segment_scan
from noisebound.structure.token_model import TokenModel
from tests.unit.predicted_scan import write_predicted_scan
from tests.unit.structure.simulated import SIZES, Simulation, World, fit, make_world, read_rows, write_ensemble


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_a_latent_gets_the_same_token_in_a_scan_never_seen(world: World) -> None:
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
def test_the_label_map_keeps_axes_and_pixel_size_and_the_table_adds_up(tmp_path: Path, shape: tuple[int, ...]) -> None:
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


def test_more_than_256_tokens_need_sixteen_bits(tmp_path: Path) -> None:
    centres = np.arange(300.0)[:, None]
    TokenModel(centres, np.arange(300.0), np.full(300, 1 / 300), "rule", "digest", 1, ("a",)).save(tmp_path / "m.npz")
    latent = np.arange(300.0).reshape(1, 15, 20)
    write_ensemble(tmp_path / "s.h5", "s", latent, np.ones((2, 15, 20), np.float32))
    segment_scan(tmp_path / "s.h5", tmp_path / "m.npz", tmp_path / "s.tif", tmp_path / "s.csv")
    tokens = tifffile.imread(tmp_path / "s.tif")
    assert tokens.dtype == np.uint16
    np.testing.assert_array_equal(tokens, latent[0])


def test_an_ensemble_of_another_basis_is_refused_before_anything_is_written(world: World) -> None:
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


def test_tokens_have_the_totals_of_the_raw_frames(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    TokenModel(np.array([[0.0], [1.0], [9.0]]), np.arange(3.0), np.full(3, 1 / 3), "rule", "digest", 1, ("a",)).save(
        tmp_path / "m.npz"
    )
    latent = rng.integers(0, 2, (1, 30, 40)).astype(float)
    write_ensemble(tmp_path / "s.h5", "s", latent, np.ones((2, 30, 40), np.float32), frame=1)
    noisy = rng.poisson(0.4, (3, 2, 30, 40))
    empty = np.zeros((1, 2, 30, 40))
    options = {"reference": None, "reference_kind": "none", "frames": (empty, empty, empty), "boxes": []}
    files = write_predicted_scan(tmp_path / "files", noisy=noisy, counts=True, **options)
    segment_scan(tmp_path / "s.h5", tmp_path / "m.npz", tmp_path / "s.tif", tmp_path / "s.csv", files.scan)
    rows = read_rows(tmp_path / "s.csv")
    for row in rows[:2]:
        inside = latent[0] == int(row["token"])
        for c, name in enumerate(("Mg", "Fe")):
            counted = noisy[[0, 2], c][:, inside].sum()
            assert float(row[f"{name}_total"]) == pytest.approx(counted / 2, rel=1e-5)
            for side, end in zip(("low", "high"), poisson_interval(counted), strict=True):
                assert float(row[f"{name}_total_{side}"]) == pytest.approx(end / 2, rel=1e-5)
        assert row["frames"] == "2"
    assert rows[2]["Fe_total"] == ""
