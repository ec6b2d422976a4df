"""The file of the fitted clustering."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.structure.token_model import TokenModel


def test_a_pickled_token_model_is_refused(tmp_path: Path) -> None:
    names = ["centres", "intensity", "share", "order", "basis", "seed", "scans"]
    np.savez(tmp_path / "evil.npz", allow_pickle=True, **{name: np.array([{1: 2}], dtype=object) for name in names})
    with pytest.raises(InputError, match=r"evil\.npz"):
        TokenModel.load(tmp_path / "evil.npz")


def model(centres: np.ndarray) -> TokenModel:
    tokens = len(centres)
    return TokenModel(centres, np.arange(tokens) / 3, np.full(tokens, 1 / 3), "rule", "digest", 2**70, ("a", "scän"))


def test_a_model_comes_back_as_it_was_and_in_the_same_bytes(tmp_path: Path) -> None:
    own = model(np.random.default_rng(0).normal(size=(4, 3)))
    for name in ("one", "two"):
        own.save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found = TokenModel.load(tmp_path / "one.npz")
    for part in ("centres", "intensity", "share"):
        np.testing.assert_array_equal(getattr(found, part), getattr(own, part))
        assert getattr(found, part).dtype == np.float64
    assert (found.order, found.basis, found.seed, found.scans) == ("rule", "digest", 2**70, ("a", "scän"))


@pytest.mark.parametrize("shape", [(7, 5), (3, 4, 6)])
def test_each_pixel_gets_the_nearest_centre_wherever_it_lies(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    centres, scores = rng.normal(size=(5, 2)), rng.normal(size=(2, *shape)).astype(np.float32)
    tokens = model(centres).assign(scores)
    assert tokens.shape == shape
    for place in np.ndindex(shape):
        assert tokens[place] == np.linalg.norm(centres - scores[:, *place], axis=1).argmin()


@pytest.mark.parametrize("centres", [np.zeros((0, 3)), np.full((2, 3), np.nan), np.zeros(3)])
def test_unusable_centres_are_refused(tmp_path: Path, centres: np.ndarray) -> None:
    model(centres).save(tmp_path / "m.npz")
    with pytest.raises(InputError, match=r"m\.npz.*centres"):
        TokenModel.load(tmp_path / "m.npz")
