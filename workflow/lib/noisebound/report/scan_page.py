"""What the page of one scan shows, taken from the files of that scan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..core.sharing import shared_path
from ..figures.labels import label_uri
from ..figures.style import token_colours
from ..files.coverage_key import nominal_key
from ..files.predictions import Predictions
from ..files.scan import Scan
from .image_store import colour_bars, geometry, image_store
from .region_words import total_in_words
from .result_rows import overlap_share
from .scan_images import UNCERTAINTY_COLORMAP, ScanImages, area, read_planes


def about_scan(scan: Scan) -> dict[str, Any]:
    """Gather what a page says about the scan itself.

    Parameters
    ----------
    scan
        The scan.

    Returns
    -------
    dict
        scan (its name), channels, n_frames, has_reference, reference_kind, simulated (whether the true signal is known)
        and sources (with paths that may be shared).
    """
    return {
        "scan": scan.name,
        "channels": scan.channels,
        "n_frames": scan.n_frames,
        "has_reference": scan.has_reference,
        "reference_kind": scan.reference_kind,
        "simulated": scan.has_truth,
        "sources": [{**source, "path": shared_path(source["path"])} for source in scan.sources],
    }


def about_predictions(predicted: Predictions, primary: float) -> dict[str, Any]:
    """Gather what a page says about the denoised images.

    Parameters
    ----------
    predicted
        The denoised images.
    primary
        Nominal coverage of the delivered intervals.

    Returns
    -------
    dict
        frame, n_members, overlap_share (error of narrow tile overlaps), variances (see :func:`uncertainty_parts`) and
        flat (see :func:`without_width`).
    """
    return {
        "frame": predicted.frame,
        "n_members": predicted.n_members,
        "overlap_share": overlap_share(predicted.overlap_error),
        "variances": uncertainty_parts(predicted),
        "flat": without_width(predicted, primary),
    }


def about_images(
    images: ScanImages, colormap: str, token_content: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Gather the images of a page.

    Parameters
    ----------
    images
        The shown planes of the scan.
    colormap
        Colour map of intensities.
    token_content
        The first result of :func:`tokens`.
    found
        What :func:`noisebound.report.decisions.decisions` returns.

    Returns
    -------
    dict
        channel and plane that are shown first, slices, geometry, gains, bars (colour bars by kind), store (all images)
        and pending (those that the page does not start with).
    """
    channel, plane = images.most_structured(), images.first_plane
    store = image_store(images, colormap)
    return {
        "channel": channel,
        "plane": plane,
        "slices": images.view.slices,
        "geometry": geometry(images),
        "gains": images.gain,
        "bars": {
            "value": colour_bars(images, "median", colormap),
            "width": colour_bars(images, "width", UNCERTAINTY_COLORMAP),
            "repeat_width": colour_bars(images, "repeat_width", UNCERTAINTY_COLORMAP),
            "spread": colour_bars(images, "spread", UNCERTAINTY_COLORMAP),
        },
        "store": store,
        "pending": pending_images(store, token_content, found, channel, plane),
    }


def uncertainty_parts(denoised: Predictions) -> list[dict[str, Any]]:
    """Split the predicted variance of each channel into noise (aleatoric) and disagreement of the members (epistemic).

    Parameters
    ----------
    denoised
        The denoised images.

    Returns
    -------
    list of dict
        Per channel: name, aleatoric and epistemic (roots of mean variances, in the unit of the reference), and share,
        that of the epistemic variance in the sum; ``None`` where both are 0.
    """
    rows = []
    for name, of in denoised.uncertainty.items():
        total = of["aleatoric"] ** 2 + of["epistemic"] ** 2
        rows.append({"name": name, **of, "share": of["epistemic"] ** 2 / total if total > 0 else None})
    return rows


def without_width(denoised: Predictions, nominal: float) -> list[tuple[str, float]]:
    """List the channels in which some intervals have no width.

    Parameters
    ----------
    denoised
        The denoised images.
    nominal
        Nominal coverage of the intervals.

    Returns
    -------
    list of tuple
        Pairs of channel and share of its intervals without width.
    """
    shares = denoised.zero_width.get(nominal_key(nominal), {})
    return [(name, share) for name, share in shares.items() if share > 0]


def tokens(images: ScanImages, tif: str | Path, csv: str | Path) -> tuple[dict[str, Any], NDArray[Any]]:
    """Gather the token map and its legend.

    Parameters
    ----------
    images
        The shown planes of the scan.
    tif, csv
        Token map, and statistics of each token.

    Returns
    -------
    content : dict
        uris (the map by plane) and legend. Per token, legend has its number, colour, fraction and area in words, and by
        channel means, sds, totals in words and bars (length in percent: the largest absolute mean is 100). has_totals
        says whether any token has totals.
    labels : ndarray
        Labels (y, x) of the plane that is shown first.

    Raises
    ------
    InputError
        Where the map does not have the shape of the scan.
    """
    table = read_table(csv)
    planes = read_planes(tif, images.view, images.scan.shape)
    numbers = [int(value) for value in table["token"]]
    colours = token_colours(max([*numbers, int(planes.max(initial=0))]) + 1)
    channels = images.scan.channels
    legend: list[dict[str, Any]] = []
    for position, token in enumerate(numbers):
        record = table.iloc[position]
        legend.append(
            {
                "token": token,
                "colour": colours[token],
                "fraction": float(record["fraction"]),
                "area": area(float(record["area"]), images),
                "means": [float(record[f"{name}_mean"]) for name in channels],
                "sds": [float(record[f"{name}_sd"]) for name in channels],
                "totals": [total_in_words(record, name) for name in channels],
            }
        )
    # A bar beside each mean shows at a glance in which channels a token is bright. In each channel, the token with the
    # largest mean has the longest bar.
    for c in range(len(channels)):
        top = max((abs(row["means"][c]) for row in legend if np.isfinite(row["means"][c])), default=0.0)
        for row in legend:
            value = abs(row["means"][c])
            row.setdefault("bars", []).append(100 * value / top if top > 0 and np.isfinite(value) else 0.0)
    # Values of an unknown offset, such as grey values, add up to nothing that a reader could use.
    has_totals = images.scan.counts and any(words for row in legend for words in row["totals"])
    content = {"uris": [label_uri(plane, colours) for plane in planes], "legend": legend, "has_totals": has_totals}
    return content, planes[images.first_plane]


def pending_images(
    store: Mapping[str, Any], token_content: Mapping[str, Any], found: Mapping[str, Any], channel: int, plane: int
) -> dict[str, list[list[str | None]]]:
    """Choose the images that the script of a page shows later.

    The page already holds the images that it starts with. They are ``None`` here, so that nothing is stored twice.

    Parameters
    ----------
    store
        Images by layer, channel and plane.
    token_content, found
        Token map and exceedance maps. All channels share them, so their layers have one channel.
    channel, plane
        Channel and plane that the page starts with.

    Returns
    -------
    dict
        Images by layer, channel and plane, as data URIs.
    """
    first = {"noisy", "median", "width", "repeat_width", "spread"}
    layers: dict[str, list[list[str | None]]] = {
        name: [[*planes] for planes in channels] for name, channels in store.items()
    }
    layers["tokens"] = [[*token_content["uris"]]]
    layers |= {f"exceed{i}": [[*entry["uris"]]] for i, entry in enumerate(found["exceed"])}
    for name, channels in layers.items():
        if len(channels) == 1:
            channels[0][plane] = None if name in first or name not in store else channels[0][plane]
        elif name in first:
            channels[channel][plane] = None
    return layers
