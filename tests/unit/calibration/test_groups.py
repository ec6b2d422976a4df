"""Which pixels share a correction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.groups import UNSEEN, bins_of_intensity, frequent_tokens, group_of, join_bins
from tests.unit.calibration.simulated import fit_misjudged, misjudged_scan, write_sample


def test_small_bins_are_joined() -> None:
    medians = np.arange(100, dtype=np.float32)
    edges = np.array([5, 10, 30, 60, 95], np.float32)
    assert join_bins(edges, medians, 20).tolist() == [30, 60]
    assert join_bins(edges, medians, 5).tolist() == [5, 10, 30, 60, 95]
    assert join_bins(edges, medians, 101).tolist() == []


def test_no_calibration_target_shapes_a_group(tmp_path: Path) -> None:
    """Edges are those of training pixels and join by predictions: other targets give the same groups."""
    files = misjudged_scan(tmp_path)
    sample = write_sample(tmp_path / "sample.npz", np.random.default_rng(1).uniform(0, 10, (3000, 2)))
    specs = []
    for _ in range(2):
        specs.append(fit_misjudged(files, tmp_path, sample=sample, groups="intensity").content["groups"])
        with h5py.File(files.scan, "r+") as scan:
            scan["reference"][...] = np.random.default_rng(2).permuted(scan["reference"][:], axis=1)
    assert specs[0] == specs[1]


VALUES = st.lists(st.integers(-20, 20), min_size=1, max_size=60)


@given(st.lists(st.integers(-15, 15), unique=True, max_size=6), VALUES, st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_joined_bins_are_large_enough_and_no_edge_is_new(edges: list[int], values: list[int], smallest: int) -> None:
    wanted, medians = np.array(sorted(edges), np.float32), np.array(values, np.float32)
    kept = join_bins(wanted, medians, smallest)
    assert set(kept) <= set(wanted)
    counts = np.bincount(np.searchsorted(kept, medians, side="right"), minlength=len(kept) + 1)
    assert len(kept) == 0 or counts.min() >= smallest


@given(st.lists(st.integers(-15, 15), unique=True, max_size=6), VALUES)
@settings(max_examples=100, deadline=None)
def test_an_edge_belongs_to_the_bin_above_it(edges: list[int], values: list[int]) -> None:
    spec = {"by": "intensity", "edges": {"Mg": sorted(edges), "Fe": []}}
    medians = np.array(values, np.float32)
    assert group_of(spec, "Mg", medians, None).tolist() == [sum(edge <= value for edge in edges) for value in values]
    assert not group_of(spec, "Fe", medians, None).any()


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=80), st.lists(st.integers(0, 12), min_size=1), st.integers(1, 9)
)
@settings(max_examples=200, deadline=None)
def test_tokens_with_enough_pixels_have_a_group_and_all_others_share_the_last(
    seen: list[int], later: list[int], smallest: int
) -> None:
    groups = frequent_tokens(["Mg", "Fe"], np.array(seen), smallest)
    known = [token for token in sorted(set(seen)) if seen.count(token) >= smallest]
    assert groups.spec == {"by": "token", "tokens": known}
    expected = [known.index(token) if token in known else len(known) for token in later]
    spec: Any = groups.spec
    assert group_of(spec, "Mg", np.zeros(len(later), np.float32), np.array(later)).tolist() == expected
    last = "the smaller tokens" if len(known) < len(set(seen)) else UNSEEN
    assert groups.names["Fe"] == [*(f"token {token}" for token in known), last]


def test_labels_are_broadcast_against_images_of_several_frames() -> None:
    spec = {"by": "token", "tokens": [2, 5]}
    labels = np.array([[2, 5, 7]])
    found = group_of(spec, "Mg", np.zeros((4, 1, 3), np.float32), labels)
    assert found.shape == (4, 1, 3)
    assert found[3].tolist() == [[0, 1, 2]]


def test_edges_lie_at_quantiles_of_the_training_pixels_of_each_channel() -> None:
    rng = np.random.default_rng(2)
    training = np.stack([rng.uniform(0, 1, 5000), rng.exponential(1, 5000)], 1).astype(np.float32)
    groups = bins_of_intensity(["Mg", "Fe"], training, iter(training.T), 4, 1000)
    assert groups.spec is not None
    for c, name in enumerate(("Mg", "Fe")):
        expected = np.quantile(training[:, c], [0.25, 0.5, 0.75])
        assert groups.spec["edges"][name] == pytest.approx(expected, rel=1e-6)
        assert groups.names[name] == [f"bin {k} of {name}" for k in (1, 2, 3, 4)]
    dark = bins_of_intensity(["Mg"], np.zeros((50, 1), np.float32), [np.zeros(500, np.float32)], 5, 10)
    assert dark.names == {"Mg": ["bin 1 of Mg"]}
