"""How stable tokens are said to be, where structure is real and where there is noise alone."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.latent.basis import fit_basis
from noisebound.latent.sample import LatentSample, save_sample
from noisebound.structure.clustering import standardise
from noisebound.structure.stability import stability_rows
from noisebound.structure.train_pixels import DeliveredPixels
from tests.unit.structure.simulated import PHASES, World, fit, ingest, make_world, read_rows, write_ensemble


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_stability_is_high_for_real_structure_and_low_for_noise(world: World) -> None:
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


def test_the_reference_tells_how_much_the_tokens_explain(world: World) -> None:
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


def test_the_baseline_has_no_part_in_the_columns_of_the_latents(world: World) -> None:
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


def test_the_baseline_of_half_the_members_is_that_of_their_mean(world: World) -> None:
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


def test_one_member_has_no_member_row(world: World) -> None:
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


def test_both_columns_see_the_same_draws() -> None:
    """Latents that are the standardised medians agree with themselves exactly as the baseline does."""
    rng = np.random.default_rng(17)
    latents = rng.normal(size=(600, 4)).astype(np.float32)
    basis = fit_basis(latents, [2, 2], 2)
    medians = rng.normal(size=(600, 2))
    blocks = np.stack([np.zeros(600), np.arange(600) // 20], axis=1).astype(np.int64)
    pixels = DeliveredPixels(standardise(medians), medians, None, None, blocks, ("a",))
    places = np.zeros((600, 2), np.int64)
    sample = LatentSample(
        latents, rng.normal(size=(600, 4)), latents[:, :2], np.array([2, 2]), places, places[:, 0], ()
    )
    rows = {name: values for name, *values in stability_rows(pixels, basis, sample, 3, 2, np.random.SeedSequence(1))}
    for name in ("seeds", "subsamples"):
        assert rows[name][0] == rows[name][1] < 1
    assert rows["latents against baseline"][0] == 1
    assert np.isnan(rows["members"][1]), "members' medians were not kept"
