"""Verdicts on tables of blocks whose likeness is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from noisebound.drift.block_table import BlockTable
from noisebound.drift.likeness import likeness
from tests.unit.drift.simulated import make_table


def judge(
    rng: np.random.Generator, scans: int, blocks: int, shift: float = 0.0, difference: float = 0.8, own: int = 20
) -> dict[str, Any]:
    """One scan of ``own`` blocks beside ``scans`` calibrated ones of ``blocks`` each, all alike but for its shift."""
    calibrated = BlockTable.joined([make_table(rng, blocks, str(number)) for number in range(scans)])
    return likeness(calibrated, make_table(rng, own, "new", shift=shift), 0.05, difference, 99, rng)


@pytest.mark.parametrize(("scans", "blocks", "unit"), [(2, 20, "block"), (19, 5, "scan")])
def test_what_is_alike_is_called_unlike_as_seldom_as_the_level_says(scans: int, blocks: int, unit: str) -> None:
    rng = np.random.default_rng(0)
    found = [judge(rng, scans, blocks, own=blocks) for _ in range(200)]
    assert {content["unit"] for content in found} == {unit}
    unlike = sum(content["verdict"] == "unlike" for content in found)
    assert unlike <= binom.ppf(1 - 1e-4, 200, 0.05)
    assert sum(content["p"] <= 0.2 for content in found) >= binom.ppf(1e-4, 200, 0.1), "it can speak"


@pytest.mark.parametrize(("scans", "blocks"), [(2, 20), (19, 5)])
def test_what_differs_is_found_and_stands_first(scans: int, blocks: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        content = judge(rng, scans, blocks, shift=3.0)
        assert content["verdict"] == "unlike" and content["p"] == content["resolution"]
        told = [entry["told"] for entry in content["statistics"]]
        assert told == sorted(told, reverse=True) and sum(told) > 10
        assert all(entry["here"] > entry["calibrated"] + 2 for entry in content["statistics"][:5])
        assert all(entry["superiority"] > 0.9 for entry in content["statistics"][:5])


def test_a_slight_difference_of_many_blocks_warns_of_nothing() -> None:
    rng = np.random.default_rng(2)
    content = judge(rng, 1, 600, shift=0.9, own=300)
    assert content["p"] <= 0.05 and content["verdict"] == "like"
    assert judge(rng, 1, 600, shift=0.9, difference=0.6, own=300)["verdict"] == "unlike"


def test_a_single_block_tells_too_little() -> None:
    content = judge(np.random.default_rng(3), 1, 1, shift=50.0, own=10)
    assert content["verdict"] == "too few" and content["resolution"] > 0.05
    assert content["scan_p"] is None and (content["n_blocks"], content["n_calibrate_blocks"]) == (10, 1)


def test_only_whole_scans_are_compared_as_scans() -> None:
    rng = np.random.default_rng(4)
    parts = [make_table(rng, 4, str(number), whole=number > 0) for number in range(19)]
    content = likeness(BlockTable.joined(parts), make_table(rng, 20, "new"), 0.05, 0.8, 99, rng)
    assert (content["unit"], content["n_calibrate_scans"], content["needed_scans"]) == ("block", 18, 19)
    assert content["scan_p"] >= 1 / 19


def test_what_is_told_stands_before_what_has_a_smaller_p_value() -> None:
    """Zeros in half of the blocks, where no calibrated block has any: certain, but in too few of all pairs."""
    rng = np.random.default_rng(5)
    calibrated, new = make_table(rng, 200, "a"), make_table(rng, 10, "new")
    for part in ("image", "latent", "at_top"):
        getattr(new, part)[:] = np.quantile(getattr(calibrated, part), np.linspace(0.05, 0.95, 10), axis=0)
    calibrated.image[:, 0, 5], new.image[:, 0, 5] = 0, np.arange(10) % 2
    new.image[:, 1, 0] = np.quantile(calibrated.image[:, 1, 0], np.linspace(0.79, 0.91, 10))
    content = likeness(calibrated, new, 0.05, 0.8, 999, rng)
    first, second = content["statistics"][:2]
    assert (first["kind"], first["of"], first["told"]) == ("mean", "Fe", True)
    assert (second["kind"], second["of"], second["told"]) == ("zeros", "Mg", False)
    assert second["p"] < first["p"] and second["superiority"] == pytest.approx(0.75)


def test_a_few_blocks_of_a_new_material_are_told_although_the_middle_is_alike() -> None:
    rng = np.random.default_rng(6)
    for scans, blocks in ((1, 8), (4, 4)):
        calibrated = BlockTable.joined([make_table(rng, 36, str(number)) for number in range(scans)])
        new = make_table(rng, 36, "new")
        new.image[:blocks] += 15
        content = likeness(calibrated, new, 0.05, 0.8, 99, rng)
        assert content["verdict"] == "unlike" and not any(entry["told"] for entry in content["statistics"])
        found = content["exceedance"]
        assert found["told"] and found["blocks"] >= blocks >= found["needed"] and found["of"] == 36
        assert content["dose"] is None, "no counts"


def test_another_dose_of_counts_is_told() -> None:
    rng = np.random.default_rng(7)

    def counted(name: str, dose: float) -> BlockTable:
        table = make_table(rng, 36, name)
        share = rng.random((36, 1))
        table.image[:, :, 0] = dose * (share * [2.0, 5.0] + (1 - share) * [6.0, 1.0]) + 0.02 * rng.normal(size=(36, 2))
        return table

    calibrated = BlockTable.joined([counted(str(number), 1.0) for number in range(4)])
    same = likeness(calibrated, counted("same", 1.0), 0.05, 0.8, 99, rng, counts=True)
    less = likeness(calibrated, counted("less", 0.8), 0.05, 0.8, 99, rng, counts=True)
    assert same["verdict"] == "like" and not same["dose"]["told"] and same["dose"]["visible"] < 0.2
    assert (
        less["verdict"] == "unlike" and less["dose"]["told"] and less["dose"]["ratio"] == pytest.approx(0.8, abs=0.03)
    )


def test_whole_scans_of_counts_are_compared_in_their_dose_as_well() -> None:
    rng = np.random.default_rng(8)

    def counted(name: str, dose: float) -> BlockTable:
        """Scans differ in composition far more than in dose."""
        table = make_table(rng, 6, name)
        share = rng.random() * np.ones((6, 1)) + 0.05 * rng.normal(size=(6, 1))
        table.image[:, :, 0] = dose * (share * [2.0, 5.0] + (1 - share) * [6.0, 1.0])
        return table

    calibrated = BlockTable.joined([counted(str(number), 1 + 0.01 * rng.normal()) for number in range(19)])
    content = likeness(calibrated, counted("less", 0.8), 0.05, 0.8, 99, rng, counts=True)
    assert (content["unit"], content["verdict"], content["exceedance"], content["dose"]) == (
        "scan",
        "unlike",
        None,
        None,
    )
    assert content["statistics"][0]["kind"] == "dose" and content["statistics"][0]["superiority"] == 0
