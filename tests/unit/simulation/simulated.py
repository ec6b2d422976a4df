"""Simulated scans that went through the ingest, ensembles of small random members, and curves of made-up ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from noisebound.architecture.settings import unet_settings
from noisebound.architecture.unet import plan_unet
from noisebound.geometry.montage import Montage
from noisebound.networks import engine
from noisebound.networks.member_file import save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.networks.quantile_network import QuantileNetwork
from noisebound.simulation.compare_ensembles import MemberFiles
from noisebound.simulation.curves import Known, curves
from noisebound.simulation.simulate_scan import simulate_scan
from tests.unit.learning_files import draw_small, give_weights, write_architecture
from tests.unit.scans.ingested import ingest as ingest_scan

SIZE, MARGIN = 24, 8
NOMINAL = 0.8


def ingest(folder: Path, name: str, count: int, *, seed: int = 5, reference_noise: float = 0.0) -> Path:
    """A simulated scan of ``count`` images that went through the step ingest_scan; the simulated file is kept."""
    source = folder / "simulated" / f"{name}.h5"
    simulate_scan(source, Montage(count, SIZE, MARGIN), seed=seed, reference_noise=reference_noise)
    ingest_scan(
        [f"{source}:/noisy"],
        [f"{source}:/reference"],
        folder / f"{name}.h5",
        scan=name,
        dimensions=2,
        channels=["intensity"],
        counts=False,
        truth=f"{source}:/truth",
    )
    return folder / f"{name}.h5"


def write_members(folder: Path, family: str, members: int) -> MemberFiles:
    """Small members with random weights; that of number m took 10 (m + 1) s."""
    unet = {"unet": {"levels": 1, "width": 3, "convolutions": 1}, "latent": 4, "hidden": 4, "max_radius": MARGIN}
    ones = np.ones(1, np.float32)
    parts = {f"{part}_{measure}": ones for part in ("input", "target") for measure in ("mean", "spread")}
    paths = [folder / f"{family}-{member}.pt" for member in range(members)]
    for member, path in enumerate(paths):
        about = {"seed": 1, "member": member, "dimensions": 2, "in_channels": 1, "out_channels": 1}
        graph = draw_small(seed=3, member=member) if family == "random" else plan_unet(unet_settings(unet), **about)
        network: QuantileNetwork = give_weights(engine.build_network(graph), 7 + member)
        write_architecture(path.with_suffix(".json"), graph)  # type: ignore[arg-type]
        normalisation = Normalisation("none", "none", counts=False, **parts)
        save_member(path, network.state_dict(), graph, normalisation, member=member, step=1)
        path.with_suffix(".csv").write_text(f"step,seconds\n1,{member}\n2,{10 * (member + 1)}\n")
    return MemberFiles(paths, *([path.with_suffix(suffix) for path in paths] for suffix in (".json", ".csv")))


def make_members(count: int, pixels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles (count, 3, pixels) of members that err each in its own way, and the truth."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=pixels).astype(np.float32)
    median = truth + random.normal(0, 0.5, (count, pixels))
    width = random.uniform(0.05, 0.6, (count, pixels))
    return np.stack([median - width, median, median + width], axis=1).astype(np.float32), truth


def curves_of(count: int) -> pd.DataFrame:
    """Curves of ``count`` members on 60 pixels, with a reference that is not the truth."""
    (learned, target), (judged, truth) = make_members(count, 41, 0), make_members(count, 60, 1)
    reference = truth + np.float32(0.1)
    known = Known(reference, truth, 3.0, 5.0)
    random = np.random.default_rng(0)
    return curves("random", learned, target, judged, known, nominal=NOMINAL, most=100, random=random)
