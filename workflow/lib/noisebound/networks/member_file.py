"""Trained members as files: weights, normalisation, and the digest of the architecture that they belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..architecture.base import Blueprint
from ..architecture.families import read_architecture
from ..core.archives import check_archive
from ..core.errors import InputError
from ..core.storage import atomic_path
from . import engine
from .normalisation import Normalisation
from .quantile_network import QuantileNetwork


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
        network = engine.build_network(graph)
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
