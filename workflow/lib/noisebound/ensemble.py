"""All members over one scan: averaged quantiles, spread and latents in a single pass, tile by tile."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import execution
from .devices import pick_device, usable_memory
from .errors import InputError
from .latent import LatentBasis, LatentSample, fit_basis, save_sample
from .network import QuantileNetwork
from .pooling import normal_quantile, pool_quantiles
from .predictions import create_predictions
from .regions import Box, Regions
from .scans import Scan
from .streaming import stream
from .tiling import Region, Tile, choose_size, tiles
from .training import load_member
from .transforms import Normalisation

logger = logging.getLogger("noisebound")

Floats = NDArray[np.float32]

# Features of a tile in bytes: on a processor what its caches nearly hold, on a GPU what keeps it busy.
COMFORTABLE = {"cpu": 64 << 20, "cuda": 1 << 30}
# On how many tiles the error of a narrow overlap is measured.
MEASURED_TILES = 3


class Ensemble:
    """The trained members, ready to predict. Memory grows with the region asked for, not with the scan."""

    def __init__(
        self,
        members: Sequence[str | Path],
        architectures: Sequence[str | Path],
        orientations: int = 1,
        members_per_gpu: int = 1,
    ) -> None:
        """Load weights and graphs; raises ``InputError`` where a file is no member or members do not fit together.

        With ``orientations`` 4 or 8, each member sees the image in that many orientations (right-angle turns of Y and
        X, then their mirror images), and its outputs, turned back, are averaged. Training treats all orientations
        alike, so this only removes chance from what a member says. ``members_per_gpu`` jobs share a GPU.
        """
        if not members:
            raise InputError("no member is given", key="architecture.members", remedy="train at least one")
        self.orientations = [(turns, flipped) for flipped in (False, True) for turns in range(4)][:orientations]
        self.device = pick_device(members_per_gpu)
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
        """How many pixels, halo included, can be predicted at a time with ``memory`` bytes."""
        widest = max(execution.floats_per_pixel(network, self.device) for network in self.networks)
        quantities = 3 * self.networks[0].architecture.out_channels
        # Latents and quantiles of a member in several forms, sums in float64, and every member's median.
        around = 8 * (max(self.latent_sizes) + quantities) + 2 * quantities * len(self)
        return max(1, memory // (4 * (widest + around)))

    @torch.no_grad()
    def member(self, m: int, image: Floats) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
        """Latents (L, *spatial) and quantiles (C, *spatial) of member ``m`` for a raw ``image`` (C, *spatial).

        The quantiles are lower, median and upper in the physical units of the reference, float32.
        """
        normalised = torch.from_numpy(self.normalisations[m].normalise_input(image))[None].to(self.device)
        sums: list[Tensor] = []
        for turns, flipped in self.orientations:
            latent, quantiles = execution.predict(self.networks[m], _turn(normalised, turns, flipped))
            outputs = [_turn_back(part, turns, flipped) for part in (latent, *quantiles)]
            sums = [total + part for total, part in zip(sums, outputs, strict=True)] if sums else outputs
        means = [(total[0] / len(self.orientations)).cpu().numpy() for total in sums]
        lower, median, upper = (self.normalisations[m].restore_target(values) for values in means[1:])
        return means[0], (lower, median, upper)

    def check(self, scan: Scan, path: str | Path) -> None:
        """Raise ``InputError`` where a scan has other dimensions or channels than the members were trained on."""
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


# Combined lower, median and upper, spread, projected latents, each member's median, and sums per channel over pixels of
# the members' own variance and of the variance between them.
TilePrediction = tuple[tuple[Floats, Floats, Floats], Floats, Floats | None, list[Floats], NDArray[np.float64]]


def combine_members(
    ensemble: Ensemble,
    image: Floats,
    inner: tuple[slice, ...],
    basis: LatentBasis | None,
    levels: Sequence[float] = (0.05, 0.95),
    combine: str = "average",
) -> TilePrediction:
    """Predict one tile with every member, and combine their quantiles, in physical units.

    ``image`` (C, *keep plus halo) raw, ``inner`` the part to keep. Returns the combined (lower, median, upper) (C,
    *keep), the spread, which is the standard deviation of the members' medians (C, *keep), the projected latents (K,
    *keep) where a ``basis`` is given, each member's median, and (2, C) sums over the pixels, also only with a basis: of
    the mean over members of the variance that a normal distribution of their width between ``levels`` would have
    (aleatoric), and of the squared spread (epistemic).

    ``combine`` "average": the mean of the members' quantiles, which is the quantile function of the Vincent average
    (Vincent 1912; Genest, Ann. Statist. 20 (1992) 1137); their disagreement does not widen the interval. "pool": the
    quantiles of their distributions taken together, which it widens, see ``pooling.pool_quantiles``. Only "pool" keeps
    all members' quantiles of the tile in memory.
    """
    window = (slice(None), *inner)
    sums: list[NDArray[np.float64]] = []
    medians: list[Floats] = []
    outer: list[tuple[Floats, Floats]] = []
    own = np.zeros(ensemble.networks[0].architecture.out_channels)
    scores: Floats | None = None
    normal_width = normal_quantile(levels[1]) - normal_quantile(levels[0])
    for m in range(len(ensemble)):
        latent, quantiles = ensemble.member(m, image)
        kept = [quantile[window] for quantile in quantiles]
        if not sums:
            sums = [np.zeros(part.shape, dtype=np.float64) for part in kept]
        for total, part in zip(sums, kept, strict=True):
            total += part
        medians.append(kept[1])
        if combine == "pool":
            outer.append((kept[0], kept[2]))
        if basis is not None:
            deviation = (kept[2] - kept[0]) / normal_width
            own += np.square(deviation).reshape(len(own), -1).sum(axis=1, dtype=np.float64) / len(ensemble)
            partial = basis.partial(m, latent[window])
            scores = partial if scores is None else scores + partial
    if basis is not None and scores is not None:
        scores = scores + basis.offset.reshape(-1, *(1,) * len(inner)).astype(np.float32)
    if combine == "pool":
        lows, highs = (np.stack([pair[end] for pair in outer]) for end in (0, 1))
        lower, median, upper = pool_quantiles(lows, np.stack(medians), highs, levels, ensemble.device)
    else:
        lower, median, upper = ((total / len(ensemble)).astype(np.float32) for total in sums)
    spread = np.std(np.stack(medians), axis=0, dtype=np.float64).astype(np.float32)
    between = np.square(spread, dtype=np.float64).reshape(len(own), -1).sum(axis=1)
    return (lower, median, upper), spread, scores, medians, np.stack([own, between])


def ensemble_scan(
    members: Sequence[str | Path],
    architectures: Sequence[str | Path],
    basis: str | Path,
    scan: str | Path,
    output: str | Path,
    *,
    settings: Mapping[str, Any],
    counts: bool,
    threads: int = 1,
    members_per_gpu: int = 1,
) -> None:
    """Apply all members to one scan and write ``ensemble/<scan>.h5``.

    The delivered frame (``settings["frame"]``) gets quantiles, spread and latents. A scan with a reference also gets
    the quantiles of every other frame, each predicted on its own, because calibration and evaluation are about single
    frames. ``settings`` further holds ``tile`` (px per axis, or "auto": by ``usable_memory``), ``overlap`` (px, or
    "exact"), ``orientations``, ``combine``, ``keep_members`` and ``levels``. The next tile is read and the last one
    written while one is computed. Where the overlap is narrower than the receptive radius, its error is measured,
    logged and written beside the images.

    Raises ``InputError`` where the scan does not fit the members, or has no frame of that number.
    """
    torch.set_num_threads(max(1, threads))
    ensemble = Ensemble(members, architectures, int(settings["orientations"]), members_per_gpu)
    projection = LatentBasis.load(basis)
    if list(projection.member_sizes) != ensemble.latent_sizes:
        raise InputError("fitted on other members", file=basis, remedy="run the step fit_latent_basis again")
    with Scan(scan) as source:
        ensemble.check(source, scan)
        delivered = int(settings["frame"])
        if not 0 <= delivered < source.n_frames:
            raise InputError(
                f"the scan has {source.n_frames} frames, numbered from 0",
                file=scan,
                key="ensemble.frame",
                value=delivered,
                remedy="deliver a frame that exists",
            )
        levels, combine = settings["levels"], str(settings.get("combine", "average"))
        with create_predictions(
            output,
            scan=source.name,
            channels=source.channels,
            pixel_size=source.pixel_size,
            pixel_unit=source.pixel_unit,
            shape=source.shape,
            levels=(levels[0], 0.5, levels[1]),
            frame=delivered,
            n_frames=source.n_frames if source.has_reference else 0,
            n_members=len(ensemble),
            n_latent=projection.n_components,
            counts=counts,
            keep_members=bool(settings["keep_members"]) and source.has_reference,
        ) as writer:
            frames = range(source.n_frames) if source.has_reference else [delivered]
            halo = _halo(settings["overlap"], ensemble.halo)
            memory = usable_memory(ensemble.device, threads, members_per_gpu)
            size = _tile_size(settings["tile"], ensemble, source.shape, halo, memory)
            cuts = list(tiles(source.shape, size, halo, ensemble.alignment))
            logger.info("scan %s: %d tiles of up to %s px, overlap %s px", source.name, len(cuts), size, halo)
            if halo != ensemble.halo:
                error = _measure_overlap(ensemble, source, delivered, cuts, halo, memory, levels, combine)
                writer.set_overlap_error(error)
            pieces = [(k, tile) for k in frames for tile in cuts]
            variances = np.zeros((2, source.n_channels))

            def read(piece: tuple[int, Tile]) -> Floats:
                k, tile = piece
                return tile.complete(source.read_frame(k, tile.read))

            def predict(piece: tuple[int, Tile], image: Floats) -> TilePrediction:
                k, tile = piece
                basis_of = projection if k == delivered else None
                return combine_members(ensemble, image, tile.inner, basis_of, levels, combine)

            def write(piece: tuple[int, Tile], found: TilePrediction) -> None:
                k, tile = piece
                quantiles, spread, scores, medians, sums = found
                if source.has_reference:
                    writer.write_frame(k, tile.keep, *quantiles)
                if k == delivered and scores is not None:
                    writer.write(tile.keep, *quantiles, spread)
                    writer.write_latent(tile.keep, scores)
                    variances[:] += sums
                    if settings["keep_members"] and source.has_reference:
                        for m, median in enumerate(medians):
                            writer.write_member(m, tile.keep, median)
                if tile is cuts[-1]:
                    logger.info("scan %s: frame %d of %d", source.name, k + 1, source.n_frames)

            stream(pieces, read, predict, write)
            writer.set_uncertainty(_uncertainty(variances / math.prod(source.shape), source.channels))


def _uncertainty(variances: NDArray[np.float64], channels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Root mean variances by channel, to six digits: in which order tiles were added up must leave no trace."""
    return {
        name: {
            kind: float(f"{math.sqrt(variances[row, c]):.6g}") for row, kind in enumerate(("aleatoric", "epistemic"))
        }
        for c, name in enumerate(channels)
    }


def _halo(overlap: Any, exact: tuple[int, ...]) -> tuple[int, ...]:
    """Pixels per axis that tiles read beyond what they keep; never more than the networks can see."""
    return exact if overlap == "exact" else tuple(min(int(overlap), rim) for rim in exact)


def _measure_overlap(
    ensemble: Ensemble,
    source: Scan,
    frame: int,
    cuts: Sequence[Tile],
    halo: Sequence[int],
    memory: int,
    levels: Sequence[float],
    combine: str,
) -> dict[str, dict[str, float]]:
    """What a ``halo`` narrower than the receptive radius changes, on a few tiles spread evenly over ``cuts``.

    With the exact halo, a tile may need more than ``memory``: it is then computed in parts, which leave no trace.
    Returns, for each channel, ``rms`` and ``largest`` difference of the median to that with the exact halo, and the
    mean ``width`` of the exact interval from lower to upper, all in the unit of the reference.
    """

    def predict(tile: Tile) -> tuple[Floats, Floats, Floats]:
        image = tile.complete(source.read_frame(frame, tile.read))
        return combine_members(ensemble, image, tile.inner, None, levels, combine)[0]

    chosen = sorted({round(at) for at in np.linspace(0, len(cuts) - 1, MEASURED_TILES)})
    differences, widths = [], []
    for tile in (cuts[number] for number in chosen):
        narrow = predict(tile)[1]
        for part in exact_tiles(ensemble, source.shape, tile.keep, memory):
            lower, median, upper = predict(part)
            within = (
                slice(small.start - large.start, small.stop - large.start)
                for small, large in zip(part.keep, tile.keep, strict=True)
            )
            differences.append((narrow[(slice(None), *within)] - median).reshape(len(median), -1))
            widths.append((upper - lower).reshape(len(median), -1))
    difference, width = np.concatenate(differences, axis=1), np.concatenate(widths, axis=1)
    found = {}
    for c, channel in enumerate(source.channels):
        root = float(np.sqrt(np.mean(np.square(difference[c], dtype=np.float64))))
        largest, mean = float(np.abs(difference[c]).max()), float(width[c].mean(dtype=np.float64))
        found[channel] = {"rms": root, "largest": largest, "width": mean}
        logger.info(
            "overlap %s px instead of %s: on %d of %d tiles, the median of %s differs by %.3g (root mean square), "
            "%.3g at most; the interval is %.3g wide before calibration",
            tuple(halo),
            ensemble.halo,
            len(chosen),
            len(cuts),
            channel,
            root,
            largest,
            mean,
        )
    return found


def _tile_size(
    tile: Any, ensemble: Ensemble, shape: Sequence[int], halo: Sequence[int], memory: int
) -> tuple[int, ...]:
    if tile == "auto":
        # Half of the memory, because files, libraries and what is read ahead need some as well.
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
    """Tiles with the exact halo that cover a ``region`` of a scan of this ``shape`` within ``memory`` bytes."""
    extents = [part.stop - part.start for part in region]
    size = _tile_size("auto", ensemble, extents, ensemble.halo, memory)
    return tiles(shape, size, ensemble.halo, ensemble.alignment, region)


def fit_latent_basis(
    members: Sequence[str | Path],
    architectures: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    basis: str | Path,
    sample: str | Path,
    *,
    components: int,
    sample_size: int,
    seed: int,
    frame: int = 0,
    threads: int = 1,
    members_per_gpu: int = 1,
) -> None:
    """Fit the common basis of all members' latents on train pixels, and keep the sample for measures of stability.

    Every scan with train boxes gives equally many pixels, its boxes in proportion to their size. The sample also holds
    latents of noise-only input: values of the same boxes, drawn for each pixel and channel on its own, which keeps the
    histograms and destroys every structure.
    """
    torch.set_num_threads(max(1, threads))
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**31,)))
    ensemble = Ensemble(members, architectures, members_per_gpu=members_per_gpu)
    memory = usable_memory(ensemble.device, threads, members_per_gpu)
    areas = [Regions.read(path) for path in regions]
    drawn: dict[str, list[NDArray[Any]]] = {"latents": [], "null": [], "medians": [], "coordinates": [], "scan": []}
    names: list[str] = []
    for path, area in zip(scans, areas, strict=True):
        boxes = area.of("train")
        if not boxes:
            continue
        with Scan(path) as source:
            ensemble.check(source, path)
            share = sample_size / max(1, sum(bool(a.of("train")) for a in areas))
            total = sum(box.size for box in boxes)
            for box in boxes:
                wanted = min(box.size, max(1, round(share * box.size / total)))
                part = _sample_box(ensemble, source, min(frame, source.n_frames - 1), box, wanted, random, memory)
                for key, values in part.items():
                    drawn[key].append(values)
                drawn["scan"].append(np.full(wanted, len(names), dtype=np.int64))
        names.append(area.scan)
        logger.info("scan %s: latents of %d train boxes", area.scan, len(boxes))
    if not names:
        raise InputError("no scan has a train region", key="role", remedy="give a scan the role train or split")
    stacked = {key: np.concatenate(values) for key, values in drawn.items()}
    sizes = np.asarray(ensemble.latent_sizes, dtype=np.int64)
    fit_basis(stacked["latents"], list(sizes), components).save(basis)
    save_sample(sample, LatentSample(member_sizes=sizes, scans=tuple(names), **stacked))


def _sample_box(
    ensemble: Ensemble, source: Scan, frame: int, box: Box, wanted: int, random: np.random.Generator, memory: int
) -> dict[str, NDArray[Any]]:
    """Latents, medians and noise-only latents at ``wanted`` random pixels of one box, read tile by tile.

    The noise is drawn for each tile in turn, so it depends on ``memory``, which therefore must not change by chance.
    """
    chosen = np.sort(random.choice(box.size, size=wanted, replace=False))
    coordinates = np.stack(np.unravel_index(chosen, box.shape), axis=1) + np.asarray(box.lower)
    latents = np.zeros((wanted, sum(ensemble.latent_sizes)), dtype=np.float32)
    null = np.zeros_like(latents)
    medians = np.zeros((wanted, source.n_channels), dtype=np.float32)
    for tile in exact_tiles(ensemble, source.shape, box.slices, memory):
        starts = np.asarray([part.start for part in tile.keep])
        stops = np.asarray([part.stop for part in tile.keep])
        here = np.flatnonzero(((coordinates >= starts) & (coordinates < stops)).all(axis=1))
        if not len(here):
            continue
        image = tile.complete(source.read_frame(frame, tile.read))
        noise = _draw_noise(image[(slice(None), *_overlap(tile, box))], image.shape[1:], random)
        within = tuple((coordinates[here] - starts + [part.start for part in tile.inner]).T)
        first = 0
        for m, size in enumerate(ensemble.latent_sizes):
            for target, values in ((latents, image), (null, noise)):
                latent, quantiles = ensemble.member(m, values)
                target[here, first : first + size] = latent[(slice(None), *within)].T
                if target is latents:
                    medians[here] += quantiles[1][(slice(None), *within)].T / len(ensemble)
            first += size
    return {"latents": latents, "null": null, "medians": medians, "coordinates": coordinates.astype(np.int64)}


def _overlap(tile: Tile, box: Box) -> tuple[slice, ...]:
    """Where the part of a box that a tile keeps lies in the tile's completed image."""
    sides = zip(tile.keep, tile.inner, box.lower, box.upper, strict=True)
    return tuple(
        slice(max(keep.start, low) - keep.start + inner.start, min(keep.stop, high) - keep.start + inner.start)
        for keep, inner, low, high in sides
    )


def _draw_noise(pool: Floats, shape: Sequence[int], random: np.random.Generator) -> Floats:
    """An image (C, *shape) of values drawn from ``pool`` (C, *spatial), every pixel and channel on its own."""
    return np.stack([random.choice(channel.ravel(), size=tuple(shape)) for channel in pool])
