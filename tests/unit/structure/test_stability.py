"""How stable tokens are said to be, where structure is real and where there is noise alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from noisebound.latent.basis import fit_basis
from noisebound.latent.frames import load_pairs, no_pairs, save_pairs
from noisebound.latent.sample import LatentSample, save_sample
from noisebound.structure.clustering import fit_centres, standardise
from noisebound.structure.stability import COLUMNS, stability_rows
from noisebound.structure.train_pixels import DeliveredPixels
from tests.unit.structure.simulated import PHASES, World, fit, ingest, make_world, read_rows, write_ensemble


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_stability_is_high_for_real_structure_and_low_for_noise(world: World) -> None:
    folder, *_ = world
    fit(folder)
    rows = {row["comparison"]: row for row in read_rows(folder / "model.csv")}
    assert list(rows) == [
        *("frames", "same token in both frames (share)", "same token by chance (share)", "subsamples", "members"),
        *("latents against baseline", "k-means restarted"),
    ]
    for name in ("frames", "subsamples", "members", "k-means restarted"):
        assert float(rows[name]["latents"]) > 0.97
        assert float(rows[name]["baseline"]) > 0.9
    assert abs(float(rows["frames"]["null"])) < 0.05 and rows["frames"]["kind"] == "repeats, held-out"
    low, difference, high = (float(rows["frames"][key]) for key in ("low", "difference", "high"))
    assert low < difference < high and difference == pytest.approx(
        float(rows["frames"]["latents"]) - float(rows["frames"]["baseline"]), abs=1e-5
    )
    assert float(rows["same token in both frames (share)"]["latents"]) > 0.98
    assert rows["same token by chance (share)"]["difference"] == ""
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
    assert rows["members"] == {**dict.fromkeys(COLUMNS, ""), "comparison": "members"}
    assert rows["k-means restarted"]["null"] == "", "noise-only latents that do not vary have no clusters"
    assert float(rows["k-means restarted"]["latents"]) > 0.9


def test_both_columns_see_the_same_draws() -> None:
    """Latents that are the standardised medians agree with themselves exactly as the baseline does."""
    rng = np.random.default_rng(17)
    latents = rng.normal(size=(600, 4)).astype(np.float32)
    basis = fit_basis(latents, [2, 2], 2)
    medians = rng.normal(size=(600, 2))
    blocks = np.stack([np.zeros(600), np.arange(600) // 20], axis=1).astype(np.int64)
    pixels = DeliveredPixels(standardise(medians), medians, None, None, blocks, ("a",))
    centres = fit_centres(pixels.scores, 3, np.random.SeedSequence(1).spawn(5)[4])
    places = np.zeros((600, 2), np.int64)
    sample = LatentSample(
        latents, rng.normal(size=(600, 4)), latents[:, :2], np.array([2, 2]), places, places[:, 0], ()
    )
    found = stability_rows(pixels, basis, sample, no_pairs(2, 2, 2), centres, 2, np.random.SeedSequence(1))
    rows = {row.comparison: row for row in found}
    for name in ("k-means restarted", "subsamples"):
        assert rows[name].latents == rows[name].baseline < 1
    assert rows["latents against baseline"].latents == 1
    assert np.isnan(rows["members"].baseline), "members' medians were not kept"
    assert rows["frames"].kind == "none" and np.isnan(rows["frames"].latents)


def test_noise_is_halved_by_blocks_as_the_latents_are() -> None:
    """The same values at the same pixels give the same figure, whether they are called latents or noise."""
    rng = np.random.default_rng(18)
    places = np.stack(np.divmod(np.arange(1600), 40), axis=1)
    block = places[:, 0] // 16 * 3 + places[:, 1] // 16
    latents = (rng.normal(size=(9, 4))[block] + 0.3 * rng.normal(size=(1600, 4))).astype(np.float32)
    basis = fit_basis(latents, [2, 2], 2)
    zeros = np.zeros(1600, np.int64)
    sample = LatentSample(latents, latents, latents[:, :2], np.array([2, 2]), places, zeros, ("a",))
    scores = basis.project(latents.T).T
    blocks = np.column_stack([zeros, places // 16])
    pixels = DeliveredPixels(scores, latents[:, :2], None, None, blocks, ("a",))
    centres = fit_centres(scores, 3, np.random.SeedSequence(2))
    rows = stability_rows(pixels, basis, sample, no_pairs(2, 2, 2), centres, 2, np.random.SeedSequence(3))
    (halves,) = (row for row in rows if row.comparison == "subsamples")
    assert halves.latents == halves.null < 1


def frames_of(world: World, **changes: Any) -> dict[str, dict[str, str]]:
    folder = world[0]
    pairs = load_pairs(folder / "frames.npz")
    save_pairs(folder / "frames.npz", replace(pairs, **changes))
    fit(folder, repeats=1)
    return {row["comparison"]: row for row in read_rows(folder / "model.csv")}


def test_frames_that_share_nothing_do_not_agree(world: World) -> None:
    """The second frame shows another place: within a frame, tokens are as clear as ever."""
    pairs = load_pairs(world[0] / "frames.npz")
    order = np.random.default_rng(19).permutation(len(pairs.coordinates))
    scores = np.stack([pairs.scores[0], pairs.scores[1][order]])
    rows = frames_of(world, scores=scores, source="thinned", place="train")
    assert abs(float(rows["frames"]["latents"])) < 0.03 and rows["frames"]["kind"] == "thinned, train"
    assert float(rows["frames"]["baseline"]) > 0.9 and float(rows["frames"]["high"]) < -0.8
    same, chance = (float(rows[f"same token {name} (share)"]["latents"]) for name in ("in both frames", "by chance"))
    assert same == pytest.approx(chance, abs=0.03)


def test_noise_without_a_basis_has_no_agreement_of_frames(world: World) -> None:
    pairs = load_pairs(world[0] / "frames.npz")
    rows = frames_of(world, null=pairs.null[:, :, :0], null_fit=pairs.null_fit[:0, :0])
    assert rows["frames"]["null"] == "" and float(rows["frames"]["latents"]) > 0.9


def test_a_single_frame_has_one_row_without_values(world: World) -> None:
    save_pairs(world[0] / "frames.npz", no_pairs(3, 2, 2))
    fit(world[0], repeats=1)
    first, second = read_rows(world[0] / "model.csv")[:2]
    assert first == {**dict.fromkeys(COLUMNS, ""), "comparison": "frames", "kind": "none"}
    assert second["comparison"] == "subsamples"
