"""The example that the page shows."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from noisebound.simulation.examples import choose_example, write_examples


def test_the_example_has_more_structure_than_three_quarters_of_the_images() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 4, 33):
        strength = rng.permutation(count) + 1.0
        images = (strength[:, None, None] * np.array([[-1.0, 1.0]])).astype(np.float32) + 7
        chosen = choose_example(images)
        assert (strength < strength[chosen]).sum() == int(0.75 * count)


def test_images_are_stored_by_name_in_the_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    images = {"noisy": rng.normal(size=(6, 5)), "filter/Gaussian filter": rng.normal(size=(6, 5)).astype(np.float32)}
    for name in ("one", "two"):
        write_examples(tmp_path / f"{name}.h5", images)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    with h5py.File(tmp_path / "one.h5") as file:
        for name, image in images.items():
            assert file[name].dtype == np.float32
            np.testing.assert_array_equal(file[name][:], image.astype(np.float32))
