"""The whole benchmark: measures everything, writes the results as a page, and prints them.

python -m benchmarks.run             writes results/benchmark/RESULTS.md
python -m benchmarks.run --quick     the same, with less of everything
python -m benchmarks.run --update    replaces benchmarks/RESULTS.md
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from noisebound.core.storage import write_text
from noisebound.simulation.filters import compare_filters

from . import destination, gpu, quality, results, speed
from .data import make_images
from .gpu import OnDevice
from .speed import Ratio

RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True)
class Scope:
    """How much is measured: graphs and pairs for speed; members of the reference, the U-Net and ours; our seeds.

    The graphs are those of the reference's members of these numbers.
    """

    graphs: tuple[int, ...]
    pairs: int
    reference: int
    unet: int
    members: int
    seeds: int


FULL = Scope(graphs=(0, 1, 2, 3, 4), pairs=3, reference=5, unet=5, members=8, seeds=3)
QUICK = Scope(graphs=(0, 3), pairs=3, reference=2, unet=1, members=5, seeds=1)


def measure_gpu(scope: Scope) -> tuple[list[Ratio], OnDevice | None]:
    """Ratios and absolute figures of the GPU; nothing where there is none."""
    if not torch.cuda.is_available():
        return [], None
    ratios, _ = speed.measure(scope.graphs, scope.pairs, "cuda", repeats=10)
    return [*ratios, speed.measure_memory(scope.graphs, "cuda")], gpu.measure()


def describe_machine() -> str:
    """Processor, cores and versions."""
    information = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in information if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}"


def measure(quick: bool, readme: str) -> str:
    """Measure everything; the page, in which ``readme`` is where it links to benchmarks/README.md."""
    scope, settings = (QUICK if quick else FULL), quality.read_settings()
    if quick:
        quality.shorten(settings)
    start = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - start:5.0f} s  {what}", file=sys.stderr, flush=True)

    say("speed, in turn with the reference")
    ratios, notes = speed.measure(scope.graphs, scope.pairs)
    say("memory")
    ratios.append(speed.measure_memory(scope.graphs))
    say("GPU" if torch.cuda.is_available() else "no GPU")
    gpu_ratios, alone = measure_gpu(scope)
    say("filters")
    filters = compare_filters(make_images("train"), make_images("test"))
    say("quality: training every member")
    found = quality.train_all(
        settings,
        seeds=range(scope.seeds),
        members=scope.members,
        reference=scope.reference,
        unet=scope.unet,
        workers=os.cpu_count() or 1,
    )
    say("done")
    rows = [*results.speed_rows(ratios), *results.quality_rows(found)]
    rows += results.gpu_rows(gpu_ratios, alone) if alone else []
    return results.TEMPLATE.format(
        command="QUICK=1 make benchmark" if quick else "make benchmark",
        minutes=(time.monotonic() - start) / 60,
        machine=describe_machine(),
        shortened=results.SHORTENED if quick else "",
        readme=readme,
        seeds=scope.seeds,
        quality=results.quality_table(found, filters),
        notes="\n".join(f"- {note}" for note in notes),
        gpu=results.gpu_text(gpu_ratios, alone),
        pairs=scope.pairs,
        ratios=results.table(("measure", "noisebound", "asked", "met"), (row.cells() for row in rows)),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    destination.add_options(parser, RESULTS, "less of everything, in 8 minutes on 2 cores")
    options = parser.parse_args(arguments)
    output = destination.choose(parser, options, RESULTS)
    text = measure(options.quick, os.path.relpath(RESULTS.with_name("README.md"), output.parent))
    write_text(output, text)
    print(text)
    print(f"written to {output}", file=sys.stderr)


if __name__ == "__main__":
    main()
