"""The latent basis against an independent PCA, its invariances, and its files."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.latent.basis import LatentBasis, fit_basis
from tests.unit.latent.damaged_files import refuse_damaged


def make_latents(rng: np.random.Generator, sizes: list[int], pixels: int = 500) -> np.ndarray:
    """Correlated latents with wildly different means and scales per channel, as untrained heads would give."""
    factors = rng.normal(size=(pixels, 6)) * [3, 2, 1.5, 1, 0.7, 0.4]
    width = sum(sizes)
    mixed = factors @ rng.normal(size=(6, width)) + 0.3 * rng.normal(size=(pixels, width))
    return mixed * 10 ** rng.uniform(-2, 2, width) + rng.normal(size=width) * 10


def test_scores_are_the_principal_components_of_the_standardised_weighted_latents():
    from sklearn.decomposition import PCA

    sizes = [4, 7, 3]
    latents = make_latents(np.random.default_rng(1), sizes)
    basis = fit_basis(latents, sizes, 5)
    standardised = (latents - latents.mean(0)) / latents.std(0)
    weights = np.concatenate([np.full(size, size**-0.5) for size in sizes])
    oracle = PCA(5, svd_solver="full").fit(standardised * weights)
    expected = oracle.transform(standardised * weights)
    expected /= expected[:, 0].std()
    scores = basis.project(latents.T).T
    signs = np.sign((scores * expected).sum(0))
    np.testing.assert_allclose(scores, expected * signs, atol=2e-4)
    np.testing.assert_allclose(basis.explained, oracle.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(basis.scores_sd / basis.scores_sd[0], scores.std(0), rtol=1e-3)
    np.testing.assert_allclose(basis.components @ basis.components.T, np.eye(5), atol=1e-12)
    largest = np.abs(basis.components).argmax(1)
    assert (basis.components[np.arange(5), largest] > 0).all()


def test_every_member_carries_the_same_variance_however_many_channels_it_has():
    rng = np.random.default_rng(2)
    sizes = [2, 9, 5]
    basis = fit_basis(make_latents(rng, sizes), sizes, 3)
    totals = [np.sum(basis.weight[member] ** 2) for member in basis.members]
    np.testing.assert_allclose(totals, 1.0)


def test_repeating_the_channels_of_a_member_changes_no_score():
    sizes = [3, 4]
    latents = make_latents(np.random.default_rng(3), sizes)
    repeated = np.concatenate([latents[:, :3]] * 5 + [latents[:, 3:]], axis=1)
    once, five = fit_basis(latents, sizes, 4), fit_basis(repeated, [15, 4], 4)
    np.testing.assert_allclose(once.explained, five.explained, rtol=1e-8)
    a, b = once.project(latents.T), five.project(repeated.T)
    np.testing.assert_allclose(np.abs(a), np.abs(b), atol=2e-4)


def test_the_scale_and_offset_of_a_channel_do_not_matter():
    sizes = [4, 4]
    latents = make_latents(np.random.default_rng(4), sizes)
    gains = np.array([1e-3, 5, 1, 20, 1, 1, 300, 1.0])
    a = fit_basis(latents, sizes, 3)
    b = fit_basis(latents * gains + 7, sizes, 3)
    np.testing.assert_allclose(a.project(latents.T), b.project((latents * gains + 7).T), atol=1e-3)


def test_the_scale_of_a_member_does_not_matter():
    sizes = [4, 4]
    latents = make_latents(np.random.default_rng(9), sizes)
    scale = np.where(np.arange(8) < 4, 1e-6, 1.0)
    a, b = fit_basis(latents, sizes, 3), fit_basis(latents * scale, sizes, 3)
    assert b.keep.all()
    np.testing.assert_allclose(a.project(latents.T), b.project((latents * scale).T), atol=1e-3)


def test_dead_channels_are_dropped_and_cannot_move_the_scores():
    sizes = [5, 4]
    rng = np.random.default_rng(5)
    latents = make_latents(rng, sizes).astype(np.float32)
    latents[:, 1] = 3.25
    latents[:, 2] = 1000 + 1e-4 * rng.normal(size=len(latents))
    latents[:, 3] = 1e-7 * rng.normal(size=len(latents))
    basis = fit_basis(latents, sizes, 4)
    assert basis.keep.tolist() == [True, False, False, False, True, True, True, True, True]
    assert basis.weight[0] == pytest.approx(2**-0.5)
    moved = latents.copy()
    moved[:, 1:4] += 50
    np.testing.assert_array_equal(basis.project(latents.T), basis.project(moved.T))


def test_more_dead_than_live_channels_still_finds_the_live_ones():
    latents = np.zeros((300, 8))
    latents[:, 2:4] = np.random.default_rng(6).normal(size=(300, 2))
    basis = fit_basis(latents, [8], 2)
    assert np.flatnonzero(basis.keep).tolist() == [2, 3]


@pytest.mark.parametrize("rounding", [0.0, 1e-4])
def test_a_dead_member_is_left_out_and_only_dead_members_are_an_error(caplog, rounding):
    rng = np.random.default_rng(7)
    latents = make_latents(rng, [3, 3]).astype(np.float32)
    latents[:, 3:] = 1000 + rounding * rng.normal(size=(500, 3))
    with caplog.at_level(logging.WARNING, logger="noisebound"):
        basis = fit_basis(latents, [3, 3], 2)
    assert "member 1" in caplog.text
    assert not basis.keep[3:].any()
    assert np.all(np.isfinite(basis.matrix))
    with pytest.raises(InputError, match="no latent channel"):
        fit_basis(np.ones((10, 4)), [4], 2)


def test_components_are_capped_at_the_rank_and_the_log_says_so(caplog):
    rng = np.random.default_rng(8)
    latents = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 10))
    with caplog.at_level(logging.WARNING, logger="noisebound"):
        basis = fit_basis(latents, [6, 4], 8)
    assert basis.n_components == 3
    assert "rank 3" in caplog.text
    assert basis.explained.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("spatial", [(40, 25), (10, 20, 5)])
def test_members_add_up_to_the_projection_in_two_and_three_dimensions(spatial):
    sizes = [4, 6, 3]
    latents = make_latents(np.random.default_rng(9), sizes, 1000)
    basis = fit_basis(latents, sizes, 5)
    image = latents.T.reshape(-1, *spatial).astype(np.float32)
    whole = basis.project(image)
    assert whole.shape == (5, *spatial)
    assert whole.dtype == np.float32
    total = sum(basis.partial(m, image[member]) for m, member in enumerate(basis.members))
    total = total + basis.offset.reshape(-1, *(1,) * len(spatial))
    np.testing.assert_allclose(total, whole, atol=2e-4)
    np.testing.assert_allclose(basis.project(image[:, :7]), whole[:, :7], atol=1e-5)
    with pytest.raises(ValueError, match="channels"):
        basis.partial(0, image[:3])


def test_scores_survive_float16():
    sizes = [16] * 5
    latents = make_latents(np.random.default_rng(10), sizes, 4000)
    scores = fit_basis(latents, sizes, 8).project(latents.T)
    stored = scores.astype(np.float16)
    assert np.isfinite(stored).all()
    np.testing.assert_allclose(stored, scores, rtol=1e-3, atol=1e-5)
    assert scores[0].std() == pytest.approx(1, rel=1e-3)


def test_the_file_holds_the_same_basis_and_the_same_bytes(tmp_path):
    sizes = [4, 3]
    latents = make_latents(np.random.default_rng(11), sizes)
    basis = fit_basis(latents, sizes, 3)
    basis.save(tmp_path / "a.npz")
    fit_basis(latents, sizes, 3).save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = LatentBasis.load(tmp_path / "a.npz")
    for field in dataclasses.fields(LatentBasis):
        before, after = getattr(basis, field.name), getattr(again, field.name)
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    assert again.digest == basis.digest
    assert fit_basis(latents * 1.5, sizes, 3).digest != basis.digest


def test_bytes_do_not_depend_on_the_time_of_day(tmp_path, monkeypatch):
    import time

    latents = make_latents(np.random.default_rng(12), [4])
    basis = fit_basis(latents, [4], 2)
    basis.save(tmp_path / "a.npz")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    basis.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_bad_input_is_named():
    latents = make_latents(np.random.default_rng(13), [4])
    with pytest.raises(ValueError, match="sizes"):
        fit_basis(latents, [3], 2)
    latents[5, 1] = np.nan
    with pytest.raises(InputError, match="finite"):
        fit_basis(latents, [4], 2)
    with pytest.raises(InputError, match=r"structure\.components"):
        fit_basis(latents, [4], 0)
    with pytest.raises(InputError, match=r"structure\.sample"):
        fit_basis(latents[:1], [4], 2)


def test_damaged_and_pickled_files_are_refused(tmp_path):
    refuse_damaged(tmp_path, LatentBasis.load, [field.name for field in dataclasses.fields(LatentBasis)])


def test_a_basis_whose_arrays_disagree_is_refused(tmp_path):
    basis = fit_basis(make_latents(np.random.default_rng(14), [4]), [4], 2)
    dataclasses.replace(basis, mean=basis.mean[:3]).save(tmp_path / "basis.npz")
    with pytest.raises(InputError, match=r"basis\.npz"):
        LatentBasis.load(tmp_path / "basis.npz")
