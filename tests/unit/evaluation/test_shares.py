"""Shares of pixels, and what their intervals come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from noisebound.evaluation.held_out import HeldOut, HeldOutIntervals
from noisebound.evaluation.shares import SCANS_TO_RESAMPLE, mean_width, resampled, shares
from noisebound.geometry.blocks import block_labels
from noisebound.geometry.boxes import Box
from tests.unit.evaluation.simulated import SHAPE, run, select, simulate


def test_many_test_scans_are_drawn_as_wholes(tmp_path: Path) -> None:
    """Ten scans, none of which is covered anywhere: at most so many further scans can be."""
    rng = np.random.default_rng(3)
    files = [simulate(tmp_path / "first", boxes=[Box("calibrate", (0, 0), SHAPE)])]
    for number in range(10):
        reference = np.full((2, *SHAPE), 20 + 2 * (number % 5), np.uint32) + rng.poisson(3, (2, *SHAPE)).astype(
            np.uint32
        )
        files.append(
            simulate(
                tmp_path / str(number), name=f"t{number}", boxes=[Box("test", (0, 0), (16, 24))], members=None,
                reference=reference, reference_kind="measured",
            )
        )  # fmt: skip
    lists = [run(tmp_path / "few", files[:5]), run(tmp_path / "many", files)]
    rows = [select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0] for _, tables, _ in lists]
    assert [row["resampled"] for row in rows] == ["blocks", "scans"]
    assert [summary["channels"]["Mg"]["resampled"] for summary, _, _ in lists] == ["blocks", "scans"]
    summary = lists[1][0]
    own = np.array([entry["Mg"]["coverage"]["0.9"]["value"] for entry in summary["scans"].values()])
    assert (own == 0).all() and rows[1]["low"] == 0
    # Ten scans without a covered one are as likely as 2.5 % where this share of scans has any.
    assert (1 - rows[1]["high"]) ** 10 == pytest.approx(0.025)
    assert rows[1]["n_blocks"] == 10 * 2 * 3


def test_repeats_of_one_group_are_one_thing_to_draw(tmp_path: Path) -> None:
    """Ten scans, two of each field of view: as if five had been measured, however often."""
    files = [simulate(tmp_path / "first", boxes=[Box("calibrate", (0, 0), SHAPE)])]
    box = [Box("test", (0, 0), (16, 16))]
    for number in range(10):
        files.append(
            simulate(tmp_path / str(number), name=f"t{number}", boxes=box, members=None, group=f"place {number % 5}")
        )
    _, once, _ = run(tmp_path / "once", files[:6], exceed=[])
    summary, twice, _ = run(tmp_path / "twice", files, exceed=[])
    assert summary["channels"]["Mg"]["resampled"] == "blocks"
    rows = [select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0] for tables in (once, twice)]
    assert [row["n_blocks"] for row in rows] == [5 * 4, 5 * 4]
    assert [row["n_pixels"] for row in rows] == [5 * 5 * 256, 10 * 5 * 256]
    # Every repeat is the same here, so measuring twice teaches nothing.
    ends = [(row["low"], row["high"]) for row in rows]
    assert ends[0] == ends[1] and 0 < ends[0][0] < ends[0][1] < 1
    assert set(twice["modes"]["scans"]) == {5}
    assert len(set(twice["by_block"]["scan"])) == 10


def region_of(scan: str, shape: tuple[int, int], seed: int, frames: int = 2) -> HeldOut:
    """A held-out region with random targets."""
    target = np.random.default_rng(seed).normal(size=(1, frames, *shape)).astype(np.float32)
    blocks, n_blocks = block_labels(shape, 4)
    return HeldOut(
        scan=scan, field=f"scan {scan}", box=Box("test", (0, 0), shape), frames=tuple(range(frames)), delivered=0,
        lower=target, median=target, upper=target, target=target, noise=None, truth=None, blocks=blocks,
        n_blocks=n_blocks, border=np.zeros(shape, dtype=np.intp), tokens=None, members=None,
    )  # fmt: skip


def test_shares_and_widths_by_group_equal_counting() -> None:
    rng = np.random.default_rng(5)
    regions = [region_of("a", (24, 20), 0), region_of("b", (16, 28), 1)]
    groups = [rng.integers(-1, 3, region.target.shape[1:]) for region in regions]
    values = [rng.random(region.target.shape[1:]) < 0.7 for region in regions]
    found = shares(regions, values, groups, 4)
    all_groups, all_values = (np.concatenate([part.ravel() for part in parts]) for parts in (groups, values))
    for g in range(3):
        assert found["share"][g] == pytest.approx(all_values[all_groups == g].mean())
        assert found["n_pixels"][g] == (all_groups == g).sum()
        assert found["low"][g] < found["share"][g] < found["high"][g]
    assert np.isnan(found["share"][3]) and found["n_pixels"][3] == found["n_blocks"][3] == 0
    blocks = sum(len(np.unique(r.blocks[(g == 0).any(axis=0)])) for r, g in zip(regions, groups, strict=True))
    assert found["n_blocks"][0] == blocks
    widths = [rng.random(region.target.shape).astype(np.float32) for region in regions]
    intervals = [HeldOutIntervals(region, 0 * width, width) for region, width in zip(regions, widths, strict=True)]
    all_widths = np.concatenate([width.ravel() for width in widths]).astype(np.float64)
    expected = [all_widths[all_groups == g].mean() for g in range(3)]
    assert mean_width(intervals, 0, groups, 3) == pytest.approx(expected, rel=1e-6)


def test_scans_are_drawn_from_ten_fields_of_view_on() -> None:
    regions = [region_of(str(k), (8, 8), k) for k in range(SCANS_TO_RESAMPLE)]
    assert resampled(regions) == "scans"
    assert resampled(regions[:-1]) == "blocks"
    assert resampled([*regions[:-1], replace(regions[-1], field="scan 0")]) == "blocks"
    # Whole scans are covered or not: the interval is that of ten numbers, not of forty blocks.
    values = [np.full(region.target.shape[1:], k < 5) for k, region in enumerate(regions)]
    one = [np.zeros((), dtype=int)] * len(regions)
    widths = {}
    for count in (SCANS_TO_RESAMPLE, SCANS_TO_RESAMPLE - 1):
        found = shares(regions[:count], values[:count], one[:count], 1)
        widths[count] = found["high"][0] - found["low"][0]
    own = np.arange(10) < 5
    assert widths[10] == pytest.approx(2 * student.ppf(0.975, 9) * own.std(ddof=1) / np.sqrt(10), rel=0.1)
    assert np.isnan(widths[9]), "nine boxes without a pattern inside are too few places"
    without = shares(regions, values, one, 1, intervals=False)
    assert np.isnan([without["low"], without["high"]]).all() and without["share"][0] == 0.5


def test_a_share_of_few_pixels_in_two_blocks_has_no_interval() -> None:
    region = region_of("a", (64, 64), 2)
    group = np.full(region.target.shape[1:], -1)
    group[:, :3, :4] = 0
    found = shares([region], [np.ones(region.target.shape[1:])], [group], 1)
    assert found["share"][0] == 1 and found["n_pixels"][0] == 24
    assert np.isnan(found["low"][0]) and np.isnan(found["high"][0])
