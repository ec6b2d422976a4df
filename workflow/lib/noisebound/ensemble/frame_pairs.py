"""Two independent frames of the same place, predicted anew: what of the latents a second measurement repeats."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..files.scan import Scan
from ..geometry.boxes import Region
from ..geometry.tiling import Tile
from ..latent.basis import LatentBasis, fit_basis
from ..latent.frames import FramePairs, no_pairs
from ..latent.sample import LatentSample
from ..regions.regions import Regions
from .frame_windows import Window, choose_scans, draw_windows, read_pair, within
from .members import Ensemble
from .settings import BasisSettings

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")

# Pixels that are predicted, with halos and all images counted: as many as the basis needs, which is two images of the
# train regions, but within these bounds. So the step takes about twice its time, and a large run no more than a sample
# is worth.
LEAST_WORK, MOST_WORK = 1 << 20, 1 << 26
# Two frames, and two images of noise.
IMAGES = 4


def draw_pairs(
    ensemble: Ensemble,
    scans: Sequence[str | Path],
    areas: Sequence[Regions],
    basis: LatentBasis,
    sample: LatentSample,
    pool: Floats,
    settings: BasisSettings,
) -> FramePairs:
    """Predict two independent frames of the same held-out pixels, and two images of noise alone.

    One orientation is predicted, as for the sample; where several are delivered, their tokens agree a little better.

    Parameters
    ----------
    ensemble
        The members.
    scans, areas
        Matching lists of ``scans/<scan>.h5`` and of their regions.
    basis, sample
        The latent basis, and the sample that it was fitted on.
    pool
        (C, n), raw values at the pixels of the sample, which noise is drawn from.
    settings
        How the basis was fitted.

    Returns
    -------
    FramePairs
        At most ``settings.sample_size`` pixels; none where no scan has two frames or counts.

    Raises
    ------
    InputError
        Where a scan has other dimensions or channels than the members.
    """
    random = np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=(2**31 + 1,)))
    with ExitStack() as stack:
        opened = [stack.enter_context(Scan(path)) for path in scans]
        for path, scan in zip(scans, opened, strict=True):
            ensemble.check(scan, path)
        source, place, boxes = choose_scans(opened, areas)
        if not boxes:
            logger.info("no scan has two frames or counts: no pairs of independent frames")
            return no_pairs(basis.n_components, ensemble.in_channels, ensemble.dimensions)
        windows = draw_windows(ensemble, [scan.shape for scan in opened], boxes, _work(areas) // IMAGES, random)
        picked = _pick(windows, settings.sample_size, random)

        def read(window: Window) -> tuple[Floats, Floats]:
            return read_pair(opened[window.number], window.around, source, settings.frame, random)

        scores, medians = _predict(ensemble, basis, windows, picked, read)
    null, null_fit = _noise(ensemble, sample, basis.n_components, pool, windows, picked, random)
    numbers = sorted({window.number for window in windows})
    logger.info("pairs of frames: %s, %s, %d windows of %d scans", source, place, len(windows), len(numbers))
    coordinates = np.concatenate([_coordinates(w, own) for w, own in zip(windows, picked, strict=True)])
    scan_of = np.repeat([numbers.index(window.number) for window in windows], [len(own) for own in picked])
    names = tuple(areas[number].scan for number in numbers)
    return FramePairs(source, place, scores, medians, null, null_fit, coordinates, scan_of.astype(np.int64), names)


def _work(areas: Sequence[Regions]) -> int:
    """Pixels that may be predicted, halos and images counted."""
    basis = 2 * sum(box.size for area in areas for box in area.of("train"))
    return min(max(basis, LEAST_WORK), MOST_WORK)


def _pick(windows: Sequence[Window], size: int, random: np.random.Generator) -> list[NDArray[np.intp]]:
    """Draw at most ``size`` pixels of all windows, as flat indices in each window."""
    sizes = [window.size for window in windows]
    counts = random.multivariate_hypergeometric(sizes, min(size, sum(sizes)))
    return [np.sort(random.choice(n, int(count), replace=False)) for n, count in zip(sizes, counts, strict=True)]


def draw_noise(pool: Floats, shape: Sequence[int], random: np.random.Generator) -> Floats:
    """Draw an image of noise, every pixel and channel on its own.

    Parameters
    ----------
    pool
        (C, n), the values of each channel to draw from.
    shape
        Spatial shape of the image.
    random
        Draws it.

    Returns
    -------
    array
        (C, *shape) of the dtype of ``pool``.
    """
    return np.stack([random.choice(channel, size=tuple(shape)) for channel in pool])


def _noise(
    ensemble: Ensemble,
    sample: LatentSample,
    components: int,
    pool: Floats,
    windows: Sequence[Window],
    picked: Sequence[NDArray[np.intp]],
    random: np.random.Generator,
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Scores of two images of noise, and of the noise in the sample, which their basis is fitted on.

    Neither has columns where no channel of the noise's latents varies.
    """
    try:
        basis = fit_basis(sample.null, sample.member_sizes.tolist(), components)
    except InputError:
        return np.zeros((2, sum(map(len, picked)), 0), np.float16), np.zeros((0, 0), np.float16)

    def drawn(window: Window) -> tuple[Floats, Floats]:
        shape = tuple(part.stop - part.start for part in window.around)
        return draw_noise(pool, shape, random), draw_noise(pool, shape, random)

    return _predict(ensemble, basis, windows, picked, drawn)[0], basis.project(sample.null.T).T.astype(np.float16)


def _predict(
    ensemble: Ensemble,
    basis: LatentBasis,
    windows: Sequence[Window],
    picked: Sequence[NDArray[np.intp]],
    read: Callable[[Window], tuple[Floats, Floats]],
) -> tuple[NDArray[np.float16], Floats]:
    """Scores (2, F, K) and medians (2, F, C) at the picked pixels of both images that ``read`` gives of each window."""
    scores: tuple[list[Floats], list[Floats]] = ([], [])
    medians: tuple[list[Floats], list[Floats]] = ([], [])
    for window, chosen in zip(windows, picked, strict=True):
        for which, image in enumerate(read(window)):
            found, denoised = (np.zeros((n, *window.shape), np.float32) for n in (len(basis.offset), len(image)))
            for tile in window.tiles:
                values = tile.complete(image[(slice(None), *within(tile.read, window.around))])
                kept, inner = _shared(tile, window.region)
                keep = (slice(None), *within(kept, window.region))
                found[keep] = basis.offset.reshape(-1, *(1,) * len(window.shape))
                for m in range(len(ensemble)):
                    latent, quantiles = ensemble.member(m, values)
                    found[keep] += basis.partial(m, latent[(slice(None), *inner)])
                    denoised[keep] += quantiles[1][(slice(None), *inner)] / len(ensemble)
            scores[which].append(found.reshape(len(found), -1)[:, chosen].T)
            medians[which].append(denoised.reshape(len(denoised), -1)[:, chosen].T)
    return (
        np.stack([np.concatenate(parts) for parts in scores]).astype(np.float16),
        np.stack([np.concatenate(parts) for parts in medians]),
    )


def _shared(tile: Tile, region: Region) -> tuple[Region, Region]:
    """The part of a region that a tile keeps, and where it lies in the completed tile.

    Tiles of networks that downsample begin at multiples of their alignment, so before the region.
    """
    kept = tuple(
        slice(max(own.start, part.start), min(own.stop, part.stop)) for own, part in zip(tile.keep, region, strict=True)
    )
    offsets = [own.start - place.start for own, place in zip(tile.keep, tile.inner, strict=True)]
    return kept, tuple(
        slice(part.start - offset, part.stop - offset) for part, offset in zip(kept, offsets, strict=True)
    )


def _coordinates(window: Window, picked: NDArray[np.intp]) -> NDArray[np.int64]:
    """Coordinates (n, ndim) in the scan of flat indices in a window."""
    inside = np.stack(np.unravel_index(picked, window.shape), axis=1)
    return (inside + np.asarray([part.start for part in window.region])).astype(np.int64)
