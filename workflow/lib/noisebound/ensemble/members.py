"""The trained members of a run, and what each predicts of an image, averaged over orientations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import InputError
from ..core.hardware import Hardware
from ..files.scan import Scan
from ..geometry.boxes import Region
from ..geometry.tiling import Tile, choose_size, tiles
from ..networks import engine
from ..networks.member_file import load_member
from ..networks.normalisation import Normalisation
from ..networks.quantile_network import QuantileNetwork

Floats = NDArray[np.float32]
# Bytes that the features of a tile should take: about the size of a processor's caches; enough to keep a GPU busy.
COMFORTABLE = {"cpu": 64 << 20, "cuda": 1 << 30}


class Ensemble:
    """The trained members of a run, ready to predict. Memory grows with the region asked for, not with the scan.

    With several orientations, each member sees the image turned by right angles in Y and X (4), and mirrored as well
    (8); its outputs are turned back and averaged. Training uses all eight orientations alike, so members prefer none:
    the average only reduces the random part of their errors.

    Parameters
    ----------
    members, architectures
        Matching lists of ``members/member-<m>.pt`` and ``architectures/member-<m>.json``.
    orientations
        1, 4 or 8.
    hardware
        What to compute on; by default that of this machine.

    Attributes
    ----------
    networks, normalisations : list
        The network and the normalisation of each member.
    dimensions, in_channels : int
        Spatial dimensions and channels of the scans that the members were trained on.
    latent_sizes : list of int
        Length of each member's latent vectors.
    halo : tuple of int
        The largest receptive radius of the members, for each spatial axis (px).
    alignment : int
        Tiles begin and end at multiples of this length (px).

    Raises
    ------
    InputError
        Where no member is given, a file is not a member, or members differ in dimensions or channels.
    """

    def __init__(
        self,
        members: Sequence[str | Path],
        architectures: Sequence[str | Path],
        orientations: int = 1,
        hardware: Hardware | None = None,
    ) -> None:
        if not members:
            raise InputError("no member is given", key="architecture.members", remedy="train at least one")
        self.orientations = [(turns, flipped) for flipped in (False, True) for turns in range(4)][:orientations]
        self.hardware = hardware or Hardware.here()
        self.hardware.prepare()
        self.device = self.hardware.device
        loaded = [load_member(path, graph) for path, graph in zip(members, architectures, strict=True)]
        self.networks: list[QuantileNetwork] = [network.to(self.device) for network, _ in loaded]
        self.normalisations: list[Normalisation] = [normalisation for _, normalisation in loaded]
        graphs = [network.architecture for network in self.networks]
        if len({(g.dimensions, g.in_channels, g.out_channels) for g in graphs}) != 1:
            raise InputError(
                "members differ in dimensions or channels", file=members[0], remedy="train all members again"
            )
        self.dimensions = graphs[0].dimensions
        self.in_channels = graphs[0].in_channels
        self.latent_sizes = [graph.latent for graph in graphs]
        radius = max(graph.radius() for graph in graphs)
        self.halo = (radius,) * self.dimensions
        self.alignment = math.lcm(*(graph.alignment for graph in graphs))

    def __len__(self) -> int:
        return len(self.networks)

    def pixels_within(self, memory: int) -> int:
        """Estimate how many pixels can be predicted at a time.

        Parameters
        ----------
        memory
            Bytes to be used.

        Returns
        -------
        int
            Number of pixels, halo included; 1 at least.
        """
        widest = max(engine.floats_per_pixel(network, self.device) for network in self.networks)
        quantities = 3 * self.networks[0].architecture.out_channels
        # Latents and quantiles of a member in several forms, sums in float64, and every member's median.
        around = 8 * (max(self.latent_sizes) + quantities) + 2 * quantities * len(self)
        return max(1, memory // (4 * (widest + around)))

    @torch.no_grad()
    def member(self, m: int, image: Floats) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
        """Predict an image with one member.

        Parameters
        ----------
        m
            Position of the member in the list.
        image
            float32 (C, *spatial), raw.

        Returns
        -------
        latent : array
            float32 (L, *spatial).
        quantiles : tuple of array
            Lower, median and upper quantile, float32 (C, *spatial) each, in the units of the reference.
        """
        normalised = torch.from_numpy(self.normalisations[m].normalise_input(image))[None].to(self.device)
        sums: list[Tensor] = []
        for turns, flipped in self.orientations:
            latent, quantiles = engine.predict(self.networks[m], _turn(normalised, turns, flipped))
            outputs = [_turn_back(part, turns, flipped) for part in (latent, *quantiles)]
            sums = [total + part for total, part in zip(sums, outputs, strict=True)] if sums else outputs
        means = [(total[0] / len(self.orientations)).cpu().numpy() for total in sums]
        lower, median, upper = (self.normalisations[m].restore_target(values) for values in means[1:])
        return means[0], (lower, median, upper)

    def check(self, scan: Scan, path: str | Path) -> None:
        """Check that a scan has the dimensions and the number of channels that the members were trained on.

        Parameters
        ----------
        scan
            The scan.
        path
            Its file, for the error message.

        Raises
        ------
        InputError
            Where it has others.
        """
        if (scan.ndim, scan.n_channels) != (self.dimensions, self.in_channels):
            raise InputError(
                f"the scan has {scan.n_channels} channels in {scan.ndim}-D, the members were trained on "
                f"{self.in_channels} in {self.dimensions}-D",
                file=path,
                key="data.channels",
                remedy="use a scan with the channels and dimensions of the run",
            )


def _turn(image: Tensor, turns: int, flipped: bool) -> Tensor:
    """Mirror X where asked, then turn Y towards X by ``turns`` right angles."""
    return torch.rot90(image.flip(-1) if flipped else image, turns, (-2, -1))


def _turn_back(image: Tensor, turns: int, flipped: bool) -> Tensor:
    """The inverse of :func:`_turn`."""
    turned = torch.rot90(image, -turns, (-2, -1))
    return turned.flip(-1) if flipped else turned


def tile_size(
    tile: str | Sequence[int], ensemble: Ensemble, shape: Sequence[int], halo: Sequence[int], memory: int
) -> tuple[int, ...]:
    """Choose the lengths of tiles for a scan or a part of one.

    Parameters
    ----------
    tile
        The key ``ensemble.tile``: lengths (px), or ``auto`` for what suits hardware and memory.
    ensemble
        The members.
    shape
        Spatial shape of what is to be tiled (px).
    halo
        Pixels per axis that tiles read beyond what they keep.
    memory
        Bytes that the job may take.

    Returns
    -------
    tuple of int
        Pixels per spatial axis that a tile keeps.

    Raises
    ------
    InputError
        Where ``tile`` has not one length per axis.
    """
    if isinstance(tile, str):
        # Half of the memory, because files, libraries and the tile that is read ahead need some as well.
        most = ensemble.pixels_within(memory // 2)
        comfortable = ensemble.pixels_within(COMFORTABLE[ensemble.device.type])
        return choose_size(shape, halo, comfortable, most, ensemble.alignment)
    if len(tile) != ensemble.dimensions:
        raise InputError(
            f"a {ensemble.dimensions}-D scan needs {ensemble.dimensions} numbers",
            key="ensemble.tile",
            value=tile,
            remedy="give one number of pixels per axis, or auto",
        )
    return tuple(int(extent) for extent in tile)


def exact_tiles(ensemble: Ensemble, shape: Sequence[int], region: Region, memory: int) -> Iterator[Tile]:
    """Cut a region of a scan into tiles whose halo is the full receptive radius.

    Parameters
    ----------
    ensemble
        The members.
    shape
        Spatial shape of the scan (px).
    region
        The part to be covered, one slice per spatial axis.
    memory
        Bytes that the job may take.

    Returns
    -------
    iterator of Tile
        Their kept parts are disjoint and cover the region (see ``geometry.tiling.tiles``).
    """
    extents = [part.stop - part.start for part in region]
    size = tile_size("auto", ensemble, extents, ensemble.halo, memory)
    return tiles(shape, size, ensemble.halo, ensemble.alignment, region)
