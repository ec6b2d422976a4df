"""Statistics for the normalisation: those of the train pixels, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.core.variance import stabilise
from noisebound.geometry.boxes import Box
from noisebound.regions.divide import divide
from noisebound.training.settings import DataSettings
from noisebound.training.statistics import measure_normalisation
from tests.unit.learning_files import (
    smooth_image,
    write_regions,
    write_scan,
)


def test_statistics_come_from_train_pixels_only_and_are_theirs(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    files, areas, inputs, targets = [], [], [], []
    for number, layout in enumerate((["TTE", "TSC"], ["ETT"])):
        shape = (20, 30 + number)
        noisy = random.poisson(smooth_image((3, 2, *shape), number)).astype(np.uint16)
        boxes = divide(shape, layout, (2, 2))
        areas.append(write_regions(tmp_path / f"{number}.json", shape, 2, boxes))
        total = noisy.sum(0, dtype=np.uint32)
        spoilt, spoilt_total = noisy.astype(np.float32), total.astype(np.float32)
        train = np.zeros(shape, dtype=bool)
        for box in boxes:
            if box.role == "train":
                train[box.slices] = True
        spoilt[..., ~train] = np.nan
        spoilt_total[..., ~train] = np.inf
        names = tmp_path / f"{number}.h5", tmp_path / f"spoilt-{number}.h5"
        files.append(
            (
                write_scan(names[0], noisy.astype(np.float32), total.astype(np.float32), kind="leave-one-out"),
                write_scan(names[1], spoilt, spoilt_total, kind="leave-one-out"),
            )
        )
        inputs.append(noisy[..., train])
        targets.append(((total - noisy.astype(float)) / 2)[..., train])
    data = DataSettings("sqrt", "anscombe", counts=True)
    clean, spoilt_result = (measure_normalisation([f[i] for f in files], areas, data) for i in (0, 1))
    for name in ("input_mean", "input_spread", "target_mean", "target_spread"):
        assert getattr(clean, name).tobytes() == getattr(spoilt_result, name).tobytes()
        assert getattr(clean, name).dtype == np.float32
    for parts, transform, kind in ((inputs, "sqrt", "input"), (targets, "anscombe", "target")):
        for c in range(2):
            values = np.concatenate([stabilise(part[:, c].ravel(), transform) for part in parts]).astype(float)
            np.testing.assert_allclose(getattr(clean, f"{kind}_mean")[c], values.mean(), rtol=1e-5)
            np.testing.assert_allclose(getattr(clean, f"{kind}_spread")[c], values.std(), rtol=1e-4)


def test_without_train_pixels_or_with_a_constant_channel_there_are_no_statistics(tmp_path: Path) -> None:
    noisy = np.random.default_rng(0).normal(5, 1, (2, 2, 8, 8)).astype(np.float32)
    area = write_regions(tmp_path / "a.json", (8, 8), 1, [Box("test", (0, 0), (8, 8))])
    scan = write_scan(tmp_path / "a.h5", noisy, noisy[0])
    with pytest.raises(InputError, match=r"no scan holds a training pixel.*Remedy"):
        measure_normalisation([scan], [area], DataSettings("none", "none", counts=False))
    area = write_regions(tmp_path / "a.json", (8, 8), 1, [Box("train", (0, 0), (8, 8))])
    noisy[:, 1] = 3
    scan = write_scan(tmp_path / "a.h5", noisy, noisy[0], channels=["Mg", "Fe"])
    with pytest.raises(InputError, match=r"'Fe'.*input of this channel is constant.*Remedy"):
        measure_normalisation([scan], [area], DataSettings("none", "none", counts=False))
