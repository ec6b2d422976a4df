"""Whether a scan is like those that calibrated: how often the check speaks without reason, and what it sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from noisebound.drift.block_statistics import image_statistics, latent_statistics
from noisebound.drift.block_table import BlockTable, compared
from noisebound.drift.likeness import likeness
from noisebound.drift.similarity import compare_blocks, compare_scans

from .promise import Promise, share_at_least, share_at_most

TITLE = "Scans unlike those that calibrated"
SIDE, BLOCK = 96, 16
LEVEL, DIFFERENCE, DRAWS = 0.05, 0.8, 199
# Counts per pixel: channels by phases.
RATES = np.array([[2.0, 6.0], [5.0, 1.0]])
NEW = np.array([20.0, 0.3])
Images = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """A kind of sample, two phases in grains, and how a scan of it is made.

    Attributes
    ----------
    grain
        Standard deviation in pixels of the Gaussian whose level sets are the grains.
    vary
        The share of the second phase is 0.4, give or take so much from scan to scan.
    patch
        Share of the scan that is of a material never seen.
    dose
        Dose over the usual one.
    """

    grain: float = 6.0
    vary: float = 0.0
    patch: float = 0.0
    dose: float = 1.0


def scan(kind: Kind, rng: np.random.Generator) -> tuple[Images, Images]:
    """Counts of one frame, and a stand-in for its latents, (2, Y, X) each."""
    field = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), kind.grain, mode="wrap")
    share = 0.6 + rng.uniform(-kind.vary, kind.vary)
    rates = RATES[:, (field > np.quantile(field, share)).astype(int)]
    side = round(SIDE * np.sqrt(kind.patch))
    rates[:, :side, :side] = NEW[:, None, None]
    counts = rng.poisson(kind.dose * rates).astype(np.float64)
    latent = ndimage.gaussian_filter(np.sqrt(counts + 0.375), (0, 1.5, 1.5))
    return counts, (latent - np.array([1.9, 1.8])[:, None, None]) / 0.5


def table(kind: Kind, name: str, rng: np.random.Generator, blocks: int | None = None) -> BlockTable:
    """The blocks of one scan; of its first ``blocks`` alone where so many are given."""
    counts, latent = scan(kind, rng)
    number = SIDE // BLOCK
    corners = [(y, x) for y in range(0, SIDE, BLOCK) for x in range(0, SIDE, BLOCK)][: blocks or number**2]
    parts = [(slice(None), slice(y, y + BLOCK), slice(x, x + BLOCK)) for y, x in corners]
    flat = np.array([counts[part].reshape(2, -1) for part in parts])
    top = flat.max(axis=2)
    return BlockTable(
        channels=("A", "B"),
        image=np.array([image_statistics(counts[part].astype(np.float32), True) for part in parts]),
        latent=np.array([latent_statistics(latent[part].astype(np.float32), np.ones(2)) for part in parts]),
        top=top,
        at_top=(flat == top[:, :, None]).mean(axis=2),
        field=np.zeros(len(parts), np.int64),
        fields=(name,),
        whole=np.array([blocks is None]),
        residual=np.full((len(parts), 2, 1), np.nan),
    )


def judge(calibrated: Kind, new: Kind, scans: int, rng: np.random.Generator, blocks: int | None = None) -> bool:
    """Whether one scan is called unlike ``scans`` calibrated ones."""
    reference = BlockTable.joined([table(calibrated, f"scan {k}", rng, blocks) for k in range(scans)])
    found = likeness(reference, table(new, "new", rng), LEVEL, DIFFERENCE, DRAWS, rng, counts=True)
    return bool(found["verdict"] == "unlike")


def middle_alone(calibrated: Kind, new: Kind, scans: int, rng: np.random.Generator) -> bool:
    """Whether the comparison of the middle of all blocks, or of whole scans from 19 on, calls a scan unlike."""
    reference = BlockTable.joined([table(calibrated, f"scan {k}", rng) for k in range(scans)])
    _, known, own = compared(reference, table(new, "new", rng))
    found = compare_blocks(known, own, DRAWS, rng)
    return bool(((found.adjusted <= LEVEL) & (np.maximum(found.superiority, 1 - found.superiority) >= 0.8)).any())


def one_column(scans: int, rng: np.random.Generator) -> bool:
    """Whether a scan 10 sd away is found, where another statistic differs in a single one of all scans."""
    known, new = rng.standard_normal((scans, 1)), np.array([-10.0])
    rare = np.zeros(scans + 1)
    rare[rng.integers(scans + 1)] = 1 / SIDE**2
    found = compare_scans(np.column_stack([known, rare[:-1]]), np.append(new, rare[-1]))
    return found.p is not None and found.p <= LEVEL


USUAL = Kind()
NULLS = (("grains as wide as a block", USUAL), ("grains twice as wide", Kind(grain=12.0)))
VARIES = Kind(vary=0.1)


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate ``data_sets`` data sets per world; see :class:`.promise.Study`."""

    def draws(number: int) -> Iterator[np.random.Generator]:
        return (np.random.default_rng([seed, number, i]) for i in range(data_sets))

    alarm = "a scan of the same kind is called unlike"
    number = 0
    for scans in (1, 2, 4, 9, 19):
        for words, kind in NULLS if scans in (1, 4) else NULLS[:1]:
            number += 1
            hits = [judge(kind, kind, scans, rng) for rng in draws(number)]
            found = share_at_most(alarm, f"{scans} calibrate scan(s), {words}", hits, LEVEL)
            if scans == 19:
                # The test is exact: 1 of 20 scans is the most unusual one, so half of all studies find more.
                found = replace(
                    found, promised=f"1 of 20, so at most {LEVEL:g} but for chance", kept=found.low <= LEVEL
                )
            yield found
    for scans in (1, 4):
        number += 1
        hits = [judge(VARIES, VARIES, scans, rng) for rng in draws(number)]
        yield share_at_most(alarm, f"{scans} calibrate scan(s), composition varies by 0.1", hits, LEVEL)
    for blocks in (2, 4, 9):
        number += 1
        hits = [judge(USUAL, USUAL, 1, rng, blocks) for rng in draws(number)]
        yield share_at_most(alarm, f"{blocks} calibrate blocks", hits, LEVEL)
    seen = (
        ("10 % of a new material is seen", Kind(patch=0.1), USUAL, 4, None, 0.95),
        ("20 % of a new material is seen", Kind(patch=0.2), USUAL, 1, None, 0.95),
        ("0.8 of the dose is seen", Kind(dose=0.8), USUAL, 4, None, 0.9),
        ("0.8 of the dose is seen, composition varies by 0.1", Kind(dose=0.8, vary=0.1), VARIES, 4, None, 0.9),
        ("0.8 of the dose is seen", Kind(dose=0.8), USUAL, 1, None, 0.9),
        ("0.8 of the dose (-20 % of the mean) is seen", Kind(dose=0.8), USUAL, 19, None, 0.95),
        ("5 times the dose is seen", Kind(dose=5.0), USUAL, 1, 2, 0.95),
    )
    for about, kind, calibrated, scans, blocks, least in seen:
        number += 1
        hits = [judge(calibrated, kind, scans, rng, blocks) for rng in draws(number)]
        world = f"{scans} calibrate scan(s)" if blocks is None else f"{blocks} calibrate blocks"
        beside = ""
        if scans == 4 and calibrated is USUAL:
            alone = np.mean([middle_alone(calibrated, kind, scans, rng) for rng in draws(number)])
            beside = f"by the middle of all blocks alone: {alone:.2f}"
        yield share_at_least(about, world, hits, least, beside=beside)
    for scans in (19, 39, 99):
        number += 1
        hits = [one_column(scans, rng) for rng in draws(number)]
        yield share_at_least(
            "a scan 10 sd away is seen beside a statistic in which one scan alone differs",
            f"{scans} calibrate scans, 2 statistics",
            hits,
            0.95,
        )
