"""Training one member: all three quantiles in one loss, random patches, a one-cycle schedule, checkpoints.

The same seed, data and settings give the same weights, whether or not the training was interrupted: every random draw
comes from one generator whose state is part of the checkpoint.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import execution
from .architecture import read_architecture
from .archives import check_archive
from .blueprint import Blueprint
from .devices import mixed_precision, pick_device, resolve_precision
from .errors import InputError, LeakageError
from .losses import quantile_loss
from .network import QuantileNetwork
from .optimiser import KernelOptimiser
from .patches import PatchSampler, RoleImages, check_patch, load_role, measure_normalisation
from .regions import Regions
from .scans import Scan
from .storage import atomic_path, digest_json, write_json
from .tables import write_table
from .tiling import DEFAULT_TILE, tiles
from .transforms import Normalisation

logger = logging.getLogger("noisebound")

HISTORY_COLUMNS = ("step", "learning_rate", "train_loss", "select_loss", "seconds", "device", "best")
WARM_UP = 0.2  # share of the steps in which the learning rate rises


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Learning rate at ``step`` of ``steps``: a cosine rise to ``peak``, then a cosine fall towards zero.

    Source: Smith and Topin, arXiv:1708.07120, with cosine annealing on both sides.
    """
    rise = max(1, int(WARM_UP * steps))
    if step < rise:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * step / rise)) / 2)
    return peak * (0.002 + 0.998 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2)


class Trainer:
    """The state of one training: network, averaged weights, optimiser, generator, best weights and history.

    The weights that are judged and kept are an exponential moving average over the steps, which a one-cycle schedule
    still improves, and which makes the choice of the last step matter less.
    """

    def __init__(
        self,
        architecture: Blueprint,
        train: Sequence[RoleImages],
        select: Sequence[RoleImages],
        settings: Mapping[str, Any],
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings = dict(settings)
        self.levels = (float(settings["levels"][0]), 0.5, float(settings["levels"][1]))
        self.radius = [architecture.radius()] * architecture.dimensions
        self.patch = tuple(int(size) for size in settings["patch"])
        # A rim narrower than the receptive radius lets pixels count that see the zeros around the patch: more of a
        # patch teaches, at the price of a truncated context. What is held out stays out of sight either way.
        rim = settings.get("rim")
        self.rim = self.radius if rim is None else [min(int(rim), radius) for radius in self.radius]
        check_patch(self.patch, self.rim, architecture.alignment)
        self.device = device
        self.sampler, self.select_images = PatchSampler(train, self.patch, self.rim), list(select)
        # spawn_key (member, 1): apart from the architecture's own stream, which is (member,).
        entropy = np.random.SeedSequence(seed, spawn_key=(architecture.member, 1)).generate_state(1, np.uint64)[0]
        self.generator = torch.Generator().manual_seed(int(entropy) % 2**63)
        self.network = execution.build_network(architecture)
        self.network.initialise(self.generator)
        self.network.to(device)
        self.optimiser = KernelOptimiser(
            self.network,
            weight_decay=float(settings["weight_decay"]),
            kernel_rate=float(settings["kernel_rate"]),
            clip=float(settings["clip"]),
        )
        self.averaged = self.optimiser.vector.detach().clone()
        self.best = self._averaged_weights()
        self.step = 0
        self.best_loss = math.inf
        self.best_step = 0
        self.running_loss = 0.0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    def state(self) -> dict[str, Any]:
        """Everything a later process needs to continue as if it had never stopped; tensors and plain values only."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "progress": json.dumps(
                {
                    "step": self.step,
                    "best_loss": self.best_loss,
                    "best_step": self.best_step,
                    "running_loss": self.running_loss,
                    "seconds": self.seconds,
                    "history": self.history,
                }
            ),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from :meth:`state`."""
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.best = dict(state["best"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())
        for name, value in json.loads(state["progress"]).items():
            setattr(self, name, value)

    @property
    def finished(self) -> bool:
        """True after the last step, or when the select loss has not improved for ``patience`` checks."""
        patience = int(self.settings["patience"]) * int(self.settings["select_every"])
        stalled = bool(self.select_images) and self.step - self.best_step >= patience
        return self.step >= int(self.settings["steps"]) or (stalled and self.best_step > 0)

    def advance(self) -> None:
        """One optimiser step, and at every ``select_every``-th (and the last) the select loss."""
        start = time.monotonic()
        rate = one_cycle(self.step, int(self.settings["steps"]), float(self.settings["learning_rate"]))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.sampler.batch(int(self.settings["batch"]), self.generator)
        noisy, target, mask = (part.to(self.device) for part in batch)
        with mixed_precision(str(self.settings["precision"]), self.device):
            loss = execution.loss(self.network, noisy, target, self.levels, mask)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.step += 1
        # The average forgets faster at the start, so that it never remembers the random initial weights.
        keep = min(float(self.settings["averaging"]), self.step / (self.step + 10))
        self.averaged.lerp_(self.optimiser.vector.detach(), 1 - keep)
        every = int(self.settings["select_every"])
        value = float(loss.detach())
        if not math.isfinite(value):
            raise InputError(
                f"the loss is {value} at step {self.step} of {self.settings['steps']}: the training has diverged",
                key="training.learning_rate",
                value=self.settings["learning_rate"],
                remedy="lower it, or lower training.clip",
            )
        self.running_loss = value if self.step == 1 else 0.95 * self.running_loss + 0.05 * value
        self.seconds += time.monotonic() - start
        if self.step % every == 0 or self.step == int(self.settings["steps"]):
            self._judge(rate)

    def _judge(self, rate: float) -> None:
        start = time.monotonic()
        select_loss = self.select_loss() if self.select_images else math.nan
        best = not self.select_images or select_loss < self.best_loss
        if best:
            self.best_loss, self.best_step = select_loss, self.step
            self.best = self._averaged_weights()
        self.seconds += time.monotonic() - start
        row = (self.step, rate, self.running_loss, select_loss, round(self.seconds, 3), str(self.device), int(best))
        self.history.append(dict(zip(HISTORY_COLUMNS, row, strict=True)))
        logger.info(
            "step %d of %d: train loss %.4f, select loss %.4f%s, %.1f s",
            self.step,
            int(self.settings["steps"]),
            self.running_loss,
            select_loss,
            " (best)" if best else "",
            self.seconds,
        )

    def _averaged_weights(self) -> dict[str, Tensor]:
        """The averaged weights by their names in the network, apart from the vector."""
        parameters = dict(self.network.named_parameters())
        parts = self.averaged.split([parameter.numel() for parameter in parameters.values()])
        return {name: part.clone().view(p.shape) for (name, p), part in zip(parameters.items(), parts, strict=True)}

    @torch.no_grad()
    def select_loss(self) -> float:
        """Quantile loss of the averaged weights over all select pixels and frames."""
        network = execution.build_network(self.network.architecture).to(self.device)
        network.load_state_dict(self._averaged_weights())
        network.eval()
        total, pixels = 0.0, 0
        for images in self.select_images:
            cuts = tiles(
                images.mask.shape, DEFAULT_TILE[len(self.radius)], self.radius, self.network.architecture.alignment
            )
            for cut in cuts:
                # Boxes may lie far apart: what lies between them, and the rim, is not looked at.
                mask = torch.zeros_like(images.mask)
                mask[cut.keep] = images.mask[cut.keep]
                mask = mask[cut.read][None, None]
                count = int(mask.sum())
                if not count:
                    continue
                window = (slice(None), *cut.read)
                for frame in range(images.noisy.shape[0]):
                    noisy = images.noisy[frame][window][None].to(self.device)
                    target = images.target[frame % images.target.shape[0]][window][None].to(self.device)
                    _, quantiles = execution.predict(network, noisy)
                    loss = quantile_loss(quantiles, target, self.levels, mask.to(self.device))
                    total += float(loss) * count
                    pixels += count
        return total / pixels


def train_member(
    architecture: str | Path,
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    output: str | Path,
    history: str | Path,
    *,
    member: int,
    seed: int,
    settings: Mapping[str, Any],
    transforms: tuple[str, str],
    counts: bool,
    about: str | Path | None = None,
    code: str = "",
    threads: int = 1,
    members_per_gpu: int = 1,
) -> None:
    """Train one member and write its weights (``.pt``) and its ``history`` (CSV).

    ``about`` is a JSON file for what the member was trained with: the pages compare it with what they state.

    ``scans`` and ``regions`` are matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``; pixels with role
    train are learned from, pixels with role select choose the step whose weights are kept. ``transforms`` names the
    variance-stabilising transforms of input and target. A checkpoint beside the output, bound to data, architecture,
    settings and ``code`` (a digest of the library) by a digest, lets a killed job continue. The last one is kept: a job
    that ended while no Snakemake watched is repeated by the next, and that repetition then has nothing left to train.
    How often it is written (``settings["checkpoint_every"]``, in steps) changes no weight and is no part of the digest.
    Of this user's jobs, at most ``members_per_gpu`` share a GPU.

    Raises ``InputError`` where the scans do not fit the architecture or hold no training pixels, where a patch is
    smaller than the receptive field or does not fit the alignment, and where the training diverges.
    """
    torch.set_num_threads(max(1, threads))
    torch.use_deterministic_algorithms(True, warn_only=True)
    graph = read_architecture(architecture)
    _check_scans(graph, scans, regions)
    normalisation = measure_normalisation(scans, regions, transforms=transforms, counts=counts)
    radius = [graph.radius()] * graph.dimensions
    # spawn_key (member, 2): apart from the streams of the graph and of the training.
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(member, 2)))
    images: dict[str, list[RoleImages]] = {"train": [], "select": []}
    for role, found in images.items():
        for scan_file, region_file in zip(scans, regions, strict=True):
            loaded = load_role(scan_file, region_file, role, radius, normalisation, random)
            if loaded is not None:
                found.append(loaded)
    device = pick_device(members_per_gpu)
    if not images["select"]:
        logger.warning("no pixel has role 'select': the weights of the last step are kept")
    trainer = Trainer(graph, images["train"], images["select"], settings, seed, device)
    logger.info(
        "member %d: %s, %d parameters, receptive radius %s px, %d train and %d select pixels, on %s",
        member,
        graph.words(),
        graph.parameter_count(),
        radius,
        sum(image.pixels for image in images["train"]),
        sum(image.pixels for image in images["select"]),
        device,
    )
    checkpoint = checkpoint_path(output)
    shaping = {key: value for key, value in settings.items() if key != "checkpoint_every"}
    resolved = {**shaping, "precision": resolve_precision(str(settings["precision"]), device)}
    digest = _training_digest(graph, scans, regions, resolved, seed, transforms, counts, code)
    _resume(trainer, checkpoint, digest)
    while not trainer.finished:
        trainer.advance()
        if trainer.step % int(settings["checkpoint_every"]) == 0 or trainer.finished:
            with atomic_path(checkpoint) as temporary:
                torch.save({"digest": digest, **trainer.state()}, temporary)
    write_history(history, trainer.history)
    save_member(output, trainer.best, graph, normalisation, member=member, step=trainer.best_step)
    if about is not None:
        made = {"member": member, "seed": seed, "training": shaping, "transforms": list(transforms)}
        write_json(about, {**made, "counts": counts, "architecture": graph.to_json()["digest"]})


def checkpoint_path(output: str | Path) -> Path:
    """Where the checkpoint of a member lies, whose weights are ``output``."""
    return Path(output).with_suffix(".checkpoint.pt")


def _check_scans(graph: Blueprint, scans: Sequence[str | Path], regions: Sequence[str | Path]) -> None:
    for scan_file, region_file in zip(scans, regions, strict=True):
        guard = Regions.read(region_file).guard
        if min(guard) < graph.radius():
            raise LeakageError(
                f"the guard band of {min(guard)} px is narrower than the receptive radius of {graph.radius()} px",
                file=region_file,
                key="guard",
                remedy="run the step assign_regions again, or draw smaller networks",
            )
        with Scan(scan_file) as scan:
            if (scan.ndim, scan.n_channels) != (graph.dimensions, graph.in_channels):
                raise InputError(
                    f"the scan has {scan.n_channels} channels in {scan.ndim}-D, the networks take "
                    f"{graph.in_channels} in {graph.dimensions}-D",
                    file=scan_file,
                    key="data.channels",
                    remedy="train on scans that all have the configured channels and dimensions",
                )


def _training_digest(
    graph: Blueprint,
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    settings: Mapping[str, Any],
    seed: int,
    transforms: tuple[str, str],
    counts: bool,
    code: str,
) -> str:
    """Digest of everything that shapes the weights, so that a checkpoint of another training is never continued."""
    data = []
    for scan_file, region_file in zip(scans, regions, strict=True):
        with Scan(scan_file) as scan:
            facts = [scan.channels, scan.shape, scan.n_frames, scan.reference_kind, scan.axes]
            sources = [[source["sha256"], source["part"]] for source in scan.sources]
        boxes = [(b.role, b.lower, b.upper) for b in Regions.read(region_file).of("train", "select")]
        data.append([facts, sources, boxes])
    content = [graph.to_json()["digest"], graph.member, data, dict(settings), seed, list(transforms), counts, code]
    return digest_json(content)


def _resume(trainer: Trainer, checkpoint: Path, digest: str) -> None:
    if not checkpoint.exists():
        return
    try:
        check_archive(checkpoint)
        state = torch.load(checkpoint, map_location=trainer.device, weights_only=True)
        found = state["digest"]
    except Exception as error:  # a torn or foreign file must not stop the training it was meant to shorten
        logger.warning("checkpoint %s cannot be read (%s): starting from the first step", checkpoint, error)
        return
    if found != digest:
        logger.info("checkpoint %s belongs to other data, settings or code: starting from the first step", checkpoint)
        return
    trainer.restore(state)
    logger.info("continuing from step %d of checkpoint %s", trainer.step, checkpoint)


def write_history(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the loss curves as CSV with the columns of ``HISTORY_COLUMNS``."""
    write_table(path, HISTORY_COLUMNS, ([row[column] for column in HISTORY_COLUMNS] for row in rows), digits=None)


def save_member(
    path: str | Path,
    weights: Mapping[str, Tensor],
    architecture: Blueprint,
    normalisation: Normalisation,
    *,
    member: int,
    step: int,
) -> None:
    """Write a trained member: float32 weights on the CPU, and as JSON text the normalisation and the graph's digest."""
    about = {
        "member": member,
        "architecture": architecture.to_json()["digest"],
        "normalisation": normalisation.to_json(),
        "step": step,
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    # Through a stream, because torch writes the name of a file into the file.
    with atomic_path(path) as temporary, open(temporary, "wb") as stream:
        torch.save({"about": json.dumps(about, sort_keys=True), "weights": tensors}, stream)


def load_member(path: str | Path, architecture: str | Path) -> tuple[QuantileNetwork, Normalisation]:
    """Read a trained member without executing anything stored in the file.

    Raises ``InputError`` where the file is not a member or belongs to another architecture.
    """
    graph = read_architecture(architecture)
    try:
        check_archive(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        about = json.loads(content["about"])
        network = execution.build_network(graph)
        if about["architecture"] != graph.to_json()["digest"]:
            raise InputError(
                f"trained with another graph than {architecture}",
                file=path,
                key="architecture",
                remedy="train the member again",
            )
        network.load_state_dict(content["weights"])
        normalisation = Normalisation.from_json(about["normalisation"])
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"not a trained member ({error})", file=path, remedy="delete it and train the member again"
        ) from None
    network.eval()
    return network, normalisation
