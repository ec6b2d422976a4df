"""Trained members as files: weights, normalisation, and the digest of their architecture."""

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
    """Write a trained member, atomically.

    Parameters
    ----------
    path
        The file to write.
    weights
        float32 tensors by the names of the network's parameters.
    architecture
        The architecture, whose digest is written.
    normalisation
        Transforms and statistics of the training pixels.
    member
        Number of the member.
    step
        The step of the training that gave the weights.
    """
    about = {
        "member": member,
        "architecture": architecture.to_json()["digest"],
        "normalisation": normalisation.to_json(),
        "step": step,
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    # Given a path, torch would write the name of the file into the file.
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        torch.save({"about": json.dumps(about, sort_keys=True), "weights": tensors}, file)


def load_member(path: str | Path, architecture: str | Path) -> tuple[QuantileNetwork, Normalisation]:
    """Read a trained member without executing anything stored in the file.

    Parameters
    ----------
    path
        The file that :func:`save_member` wrote.
    architecture
        ``architectures/member-<m>.json`` of the same member.

    Returns
    -------
    network : QuantileNetwork
        On the processor, ready to predict.
    normalisation : Normalisation
        Transforms and statistics of its training pixels.

    Raises
    ------
    InputError
        Where the file is not a member, or belongs to another architecture.
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
