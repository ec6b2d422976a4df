"""Monte Carlo study of what the library promises: first the units of calibration, then every promise as a row.

    python -m benchmarks.calibration_study             writes results/benchmark/calibration-study.md
    python -m benchmarks.calibration_study --quick     the same, with far fewer data sets, in seconds
    python -m benchmarks.calibration_study --update    replaces docs/calibration-study.md

Nothing is trained. A fixed, biased predictor meets simulated scans whose noise is correlated over 12 px and whose gain
differs from scan to scan; the corrections are those of the workflow (``noisebound.calibration.conformal``). Each data
set calibrates anew, and is judged on the same large number of further scans. The tables that follow come from the
modules of ``benchmarks.promises``, in a process per core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from noisebound.calibration.conformal import corrections, side_scores
from noisebound.calibration.exchangeability import Unit, needed_scans
from noisebound.core.storage import write_text

from . import destination, promise_tables

PAGE = Path(__file__).resolve().parents[1] / "docs" / "calibration-study.md"
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How scans come about: lengths in px, ``gain`` the standard deviation of a scan's gain about 1."""

    name: str
    size: int = 64
    correlation: float = 12.0
    correlated: float = 0.5
    gain: float = 0.2
    noise: float = 0.2


@dataclass(frozen=True)
class Study:
    """How much is simulated."""

    data_sets: int = 300
    calibrate: tuple[int, ...] = (1, 10, 30, 60)
    judged: int = 2000
    nominal: tuple[float, ...] = (0.5, 0.8, 0.9, 0.95)
    confidence: float = 0.95
    seed: int = 20250513
    # Data sets per world of the tables of promises; 0 leaves these out.
    promises: int = 200


@dataclass(frozen=True)
class Row:
    """What one unit does with ``scans`` calibration scans at one nominal coverage, over all data sets.

    ``mean`` is the mean coverage of further scans and ``error`` its Monte Carlo standard error, from the number of data
    sets and of further scans; ``low`` and ``high``
    hold 90 % of the data sets' coverages; ``reached`` is the share of data sets whose coverage is at least nominal;
    ``most`` the share of data sets for which at least the share nominal of further scans are each covered at least as
    asked for; ``truth`` the mean coverage of the true signal; ``width`` the mean width of an interval.
    """

    unit: Unit
    scans: int
    nominal: float
    mean: float
    error: float
    low: float
    high: float
    reached: float
    most: float
    truth: float
    width: float


def smooth(white: Doubles, length: float) -> Doubles:
    """Fields (n, Y, X) with a Gaussian correlation of about ``length`` px, mean 0 and variance 1, periodic.

    0 px leaves the pixels independent.
    """
    size = white.shape[-1]
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    # A kernel of standard deviation s gives a correlation exp(-d^2 / 4 s^2): 1/e at d = 2 s.
    transfer = np.exp(-2 * (np.pi * length / 2) ** 2 * (fy**2 + fx**2))
    fields = np.fft.irfft2(np.fft.rfft2(white) * transfer, s=white.shape[-2:])
    both = np.fft.irfft2(transfer, s=white.shape[-2:])
    return np.asarray(fields / np.sqrt(np.square(both).sum()))


def scans(world: World, n: int, random: np.random.Generator) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Lower and upper ends, reference and truth of ``n`` scans, (n, pixels) each.

    The signal is 1.5 plus a smooth field of spread 0.4. The reference is gain * signal plus noise that grows with the
    signal, one part correlated and one part white. The predictor says 0.95 * signal + 0.1, whatever the gain.
    """
    shape = (n, world.size, world.size)
    signal = 1.5 + 0.4 * smooth(random.standard_normal(shape), world.correlation)
    noise = np.sqrt(1 - world.correlated) * random.standard_normal(shape)
    if world.correlated:
        noise += np.sqrt(world.correlated) * smooth(random.standard_normal(shape), world.correlation)
    truth = signal * (1 + world.gain * random.standard_normal((n, 1, 1)))
    reference = truth + world.noise * signal * noise
    middle = 0.95 * signal + 0.1
    ends = middle - 0.25, middle + 0.25
    flat = [part.astype(np.float32).astype(np.float64).reshape(n, -1) for part in (*ends, reference, truth)]
    return flat[0], flat[1], flat[2], flat[3]


def scores(lower: Doubles, upper: Doubles, target: Doubles) -> Doubles:
    """Symmetric scores, (n, pixels)."""
    return np.maximum(*side_scores(lower, upper, target))


def thresholds(world: World, study: Study) -> Iterator[tuple[Unit, int, float, list[float]]]:
    """The corrections of all data sets for each unit, number of scans and nominal coverage that is finite."""
    found: dict[tuple[Unit, int, float], list[float]] = {}
    for seed in np.random.SeedSequence(study.seed).spawn(study.data_sets):
        lower, upper, reference, _ = scans(world, max(study.calibrate), np.random.default_rng(seed))
        own = np.sort(scores(lower, upper, reference), axis=1)
        for n in study.calibrate:
            parts = list(own[:n])
            for unit in ("pixel", "scan", "pac"):
                given = np.concatenate(parts) if unit == "pixel" else parts
                for nominal in study.nominal:
                    if n >= needed_scans(unit, nominal, study.confidence):
                        entry = corrections(given, given, nominal, "symmetric", unit, study.confidence)
                        found.setdefault((unit, n, nominal), []).append(entry["upper"])
    for (unit, n, nominal), values in found.items():
        yield unit, n, nominal, values


def run(world: World, study: Study) -> list[Row]:
    """Simulate; rows in the order of nominal coverage, number of scans and unit."""
    seed = np.random.SeedSequence(study.seed, spawn_key=(10**6,))
    lower, upper, reference, truth = scans(world, study.judged, np.random.default_rng(seed))
    further = np.sort(scores(lower, upper, reference), axis=1)
    pooled, of_truth = np.sort(further.ravel()), np.sort(scores(lower, upper, truth).ravel())
    width = float((upper - lower).mean())
    rows = []
    for unit, n, nominal, values in thresholds(world, study):
        q = np.asarray(values)
        coverage = np.searchsorted(pooled, q, side="right") / pooled.size
        # What it takes to cover the share nominal of each further scan.
        needed = further[:, int(np.ceil(round(nominal * further.shape[1], 9))) - 1]
        share = np.searchsorted(np.sort(needed), q, side="right") / needed.size
        low, high = np.quantile(coverage, [0.05, 0.95])
        of_scans = (further <= q.mean()).mean(axis=1)
        error = np.hypot(coverage.std(ddof=1) / np.sqrt(q.size), of_scans.std(ddof=1) / np.sqrt(of_scans.size))
        rows.append(
            Row(
                unit,
                n,
                nominal,
                mean=float(coverage.mean()),
                error=float(error),
                low=float(low),
                high=float(high),
                reached=float((coverage >= nominal).mean()),
                most=float((share >= nominal).mean()),
                truth=float((np.searchsorted(of_truth, q, side="right") / of_truth.size).mean()),
                width=width + 2 * float(q.mean()),
            )
        )
    return sorted(rows, key=lambda row: (row.nominal, row.scans, ("pixel", "scan", "pac").index(row.unit)))


def verdict(row: Row, study: Study) -> str:
    """Whether what ``row`` measured is what its unit promises, within two Monte Carlo standard errors.

    For pixel, judged is what its count of pixels would promise if they were independent: coverage of further scans as
    asked for on average, and within 1 % of it in 9 of 10 data sets.
    """
    if row.unit == "pixel":
        kept = row.mean + 2 * row.error >= row.nominal and row.high - row.low <= 0.02
        return "holds" if kept else "**fails**"
    if row.unit == "scan":
        return "holds" if row.mean + 2 * row.error >= row.nominal else "**fails**"
    chance = 2 * np.sqrt(study.confidence * (1 - study.confidence) / study.data_sets)
    kept = min(row.most, row.reached) + chance >= study.confidence and row.mean + 2 * row.error >= row.nominal
    return "holds" if kept else "**fails**"


def table(rows: Sequence[Row], study: Study) -> str:
    """The rows as a Markdown table."""
    head = (
        "| nominal | scans | unit | mean coverage | 90 % of data sets | P(coverage ≥ nominal) | "
        "P(enough scans covered) | coverage of the truth | width | promise |\n|" + "---|" * 10
    )
    lines = [
        f"| {row.nominal:g} | {row.scans} | {row.unit} | {row.mean:.4f} ± {row.error:.4f} "
        f"| {row.low:.3f} – {row.high:.3f} | {row.reached:.3f} "
        f"| {row.most:.3f} | {row.truth:.3f} | {row.width:.3f} "
        f"| {verdict(row, study)} |"
        for row in rows
    ]
    return "\n".join([head, *lines])


def words(
    world: World,
    control: World,
    study: Study,
    tables: Sequence[str],
    seconds: float,
    shortened: str = "",
    promises: str = "",
) -> str:
    """The page: how it came about, the tables of ``promises``, then what each unit is worth."""
    return f"""Made by `make calibration-study` (`benchmarks/calibration_study.py`, seed {study.seed}, {seconds:.0f} s);
change the program, not this page.
{shortened}
{promises}
# What each unit of exchangeability is worth

{study.data_sets} simulated data sets calibrate a fixed, biased predictor; nothing is trained. Every coverage is judged
on the same {study.judged} further scans. A scan has {world.size} x {world.size} px. Its reference is
gain x signal + noise: the gain differs from scan to scan with a standard deviation of {world.gain:g}, and half of the
noise's variance is correlated over {world.correlation:g} px (down to 1/e), the other half from pixel to pixel. The
predictor does not know the gain. Covered is the noisy reference; the coverage of the true signal stands beside it.

- **mean coverage**: share of covered pixels of further scans, averaged over the data sets, ± its Monte Carlo standard
  error. `scan` promises that it is at least nominal.
- **90 % of data sets**: between the 5 % and the 95 % quantile of that share over the data sets.
- **P(coverage ≥ nominal)**: share of the data sets whose coverage over further scans, taken together, is at least
  nominal. `pac` promises that it is at least {study.confidence:g}.
- **P(enough scans covered)**: share of the data sets for which at least the share nominal of further scans have at
  least the share nominal of their own pixels covered. `pac` promises that it is at least {study.confidence:g}.
- **promise**: for `scan` and `pac`, whether theirs was kept within two Monte Carlo standard errors (for `pac`, both of
  its probabilities, and the mean). For `pixel`, whether further scans are covered as asked for, and to within 0.01 in
  9 of 10 data sets, as the number of its pixels would have it if they were independent.

Rows are missing where an interval would be infinite: `scan` takes 1, 4, 9 and 19 scans at 0.5, 0.8, 0.9 and 0.95, `pac`
takes 5, 14, 29 and 59.

## Correlated noise and a gain of {world.gain:g} from scan to scan

{tables[0]}

`pixel` fails: pooled pixels say nothing about the gain of the next scan. With one scan, coverage of further scans is
whatever that scan's gain makes it; with {max(study.calibrate)} it still lies on either side of what was asked for, from
data set to data set, far more than the number of pixels suggests. `scan` keeps its mean, which says nothing about a
single data set; `pac` keeps its promise in nearly all, and pays with width.

## Control: independent pixels of signal and noise, the same gain in all scans

{tables[1]}

Where pixels are exchangeable, `pixel` is right and the narrowest; the others still hold.
"""


QUICK = Study(data_sets=10, calibrate=(1, 30), judged=100, nominal=(0.9,), promises=10)
SHORTENED = """
**This was the quick run: its data sets are far too few to tell what holds.**
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    destination.add_options(parser, PAGE, "far fewer data sets, in seconds")
    options = parser.parse_args(arguments)
    output = destination.choose(parser, options, PAGE)
    started = time.monotonic()
    study = QUICK if options.quick else Study()
    world = World("correlated noise, gain")
    control = replace(world, name="independent pixels", correlation=0.0, correlated=0.0, gain=0.0)
    few = replace(study, calibrate=(1, 30), nominal=(0.9,))
    results = [(run(world, study), study), (run(control, few), few)]
    tables = [table(rows, of) for rows, of in results]
    found = promise_tables.run_all(study.promises, study.seed) if study.promises else []
    seconds, shortened = time.monotonic() - started, SHORTENED if options.quick else ""
    page = words(world, control, study, tables, seconds, shortened, promise_tables.in_words(found))
    write_text(output, page)
    print("\n\n".join(tables))
    print(f"written to {output}", file=sys.stderr)


if __name__ == "__main__":
    main()
