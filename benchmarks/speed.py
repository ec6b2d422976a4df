"""Speed and memory beside the reference: the same graphs, the same images, in turn, one thread each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .protocol import Worker, engine, reference

TRAIN, IMAGES, LARGE, VOLUMES = (16, 64, 64), (32, 64, 64), (1, 1024, 1024), (4, 32, 32, 32)


@dataclass(frozen=True)
class Case:
    """What both sides are asked for: ``call`` on images of ``shape``; ``ours`` where our call has another name."""

    name: str
    call: str
    shape: tuple[int, ...]
    dimensions: int = 2
    ours: str | None = None
    target: str = ""
    gpu_target: str = ""


CASES = (
    Case("training step, 16 images of 64x64", "train_step", TRAIN, target=">= 2", gpu_target=">= 5"),
    Case("prediction, 32 images of 64x64", "predict", IMAGES, target=">= 5", gpu_target=">= 10"),
    Case("prediction, one image of 1024x1024", "predict", LARGE, target=">= 5", gpu_target=">= 10"),
    Case("the same as delivered, in tiles with a halo", "predict", LARGE, ours="deliver"),
    Case("training step, 4 volumes of 32x32x32", "train_step", VOLUMES, 3, target=">= 2"),
    Case("prediction, 4 volumes of 32x32x32", "predict", VOLUMES, 3, target=">= 4"),
)


@dataclass(frozen=True)
class Ratio:
    """The reference's time (or memory) divided by ours: median over pairs of all graphs, and its range over graphs.

    ``rates`` is what the reference and we do per second: images in training, million pixels or voxels in prediction.
    """

    name: str
    median: float
    low: float
    high: float
    target: str = ""
    rates: tuple[float, float] | None = None


def summarise(name: str, graphs: Sequence[Sequence[tuple[float, float]]], target: str, work: float = 0) -> Ratio:
    """From pairs (theirs, ours) per graph. ``work`` is that of one call, for rates; memory has none."""
    per_graph = [float(np.median([theirs / ours for theirs, ours in pairs])) for pairs in graphs]
    pairs = [pair for graph in graphs for pair in graph]
    theirs, ours = (float(np.median(side)) for side in zip(*pairs, strict=True))
    rates = (work / theirs, work / ours) if work else None
    middle = float(np.median([reference / engine for reference, engine in pairs]))
    return Ratio(name, middle, min(per_graph), max(per_graph), target, rates)


def measure(seeds: Sequence[int], pairs: int, device: str = "cpu", repeats: int = 1) -> tuple[list[Ratio], list[str]]:
    """All cases on the graphs of ``seeds``, ``pairs`` times each; and one line about every graph."""
    found: dict[Case, list[list[tuple[float, float]]]] = {case: [] for case in CASES}
    notes = []
    with reference() as theirs, engine() as ours:
        for dimensions in (2, 3):
            for seed in seeds:
                notes.append(build_both(theirs, ours, seed, dimensions, device))
                for case in CASES:
                    if case.dimensions == dimensions:
                        found[case].append(_pairs(theirs, ours, case, pairs, repeats))
    targets = {case: case.target if device == "cpu" else case.gpu_target for case in CASES}
    return [summarise(case.name, found[case], targets[case], _work(case)) for case in CASES], notes


def build_both(theirs: Worker, ours: Worker, seed: int, dimensions: int, device: str) -> str:
    """Make the networks of both sides from one graph; returns a line about it."""
    graph = theirs.call("build", seed=seed, dimensions=dimensions, device=device)
    built = ours.call("build", graph=graph, device=device)
    return (
        f"{dimensions}-D, seed {seed}: {graph['nodes'] - 2} hidden nodes, {len(graph['edges'])} edges, "
        f"receptive radius {built['radius']} px; {graph['parameters']} parameters in the reference, "
        f"{built['parameters']} here"
    )


def _pairs(theirs: Worker, ours: Worker, case: Case, pairs: int, repeats: int) -> list[tuple[float, float]]:
    def ask(worker: Worker, name: str) -> float:
        repeated = {} if name == "deliver" else {"repeats": repeats}
        return float(worker.call(name, shape=list(case.shape), **repeated))

    calls = (partial(ask, theirs, case.call), partial(ask, ours, case.ours or case.call))
    for call in calls:  # compiling, and first touches of memory
        call()
    # Every other pair the other way round, so that neither side always follows on the other's heels.
    found = []
    for k in range(pairs):
        if k % 2:
            second = calls[1]()
            found.append((calls[0](), second))
        else:
            found.append((calls[0](), calls[1]()))
    return found


def _work(case: Case) -> float:
    """Images of a training step; million pixels or voxels of a prediction."""
    return case.shape[0] if case.call == "train_step" else float(np.prod(case.shape)) / 1e6


def measure_memory(seeds: Sequence[int], device: str = "cpu") -> Ratio:
    """Peak memory of one 1024x1024 image, each side in a process of its own that has done nothing else."""
    graphs = []
    for seed in seeds:
        with reference() as worker:
            graph = worker.call("build", seed=seed, dimensions=2, device=device)
            theirs = worker.call("memory", shape=list(LARGE))
        with engine() as worker:
            worker.call("build", graph=graph, device=device)
            graphs.append([(theirs, worker.call("memory", shape=list(LARGE)))])
    return summarise("peak memory, one image of 1024x1024", graphs, ">= 2" if device == "cpu" else "")
