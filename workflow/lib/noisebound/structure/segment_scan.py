"""The step segment_scan: the token of every pixel of a scan, and statistics of each token."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.storage import atomic_path
from ..core.tables import write_table
from ..files.frame_totals import TOTALS, Totals, frame_totals
from ..files.labels import create_label_tiff
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of
from .label_statistics import LabelStatistics, label_statistics
from .token_model import TokenModel

QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}


def segment_scan(
    ensemble: str | Path,
    model: str | Path,
    output_tif: str | Path,
    output_csv: str | Path,
    scan: str | Path | None = None,
) -> None:
    """Give every pixel of a scan its token; write the label TIFF and a table of statistics per token.

    The TIFF has the shape of the scan, (Y, X) or (Z, Y, X), as uint8 (uint16 for more than 256 tokens), with axes and
    pixel size as ImageJ reads them. The CSV has one row per token: token, pixels, fraction of all pixels, area and its
    unit (area or volume in the scan's unit of length), then mean, sd, q05, median and q95 of the denoised median in
    each channel, then the total of the raw frames with its 95 % interval, total_low and total_high (see
    ``files.frame_totals``), and their number. Statistics of a token without pixels are empty. Memory does not grow with
    the scan.

    Parameters
    ----------
    ensemble
        File of the ensemble step, with latents.
    model
        File of :func:`noisebound.structure.fit_tokens.fit_tokens`.
    output_tif, output_csv
        Files to write.
    scan
        File of the scan, whose raw frames are added up; without it the table holds no totals.

    Raises
    ------
    InputError
        Where a file is unusable, or the two do not belong together.
    """
    tokens = TokenModel.load(model)
    count = len(tokens.centres)
    dtype = np.uint8 if count <= 256 else np.uint16
    with Predictions(ensemble) as file, atomic_path(output_tif) as temporary:
        if file.n_latent != tokens.centres.shape[1]:
            raise InputError(
                f"the file holds {file.n_latent} latent scores, the token model expects {tokens.centres.shape[1]}",
                file=ensemble,
                remedy="run the ensemble step again with the latent basis the tokens were fitted on",
            )
        image = create_label_tiff(temporary, file, np.dtype(dtype))
        regions = list(blocks_of((0,) * file.ndim, file.shape))
        for region in regions:
            image[region] = tokens.assign(file.read_latent(region))
        image.flush()

        def blocks() -> Iterator[tuple[NDArray, NDArray[np.float32]]]:
            for region in regions:
                values = file.read("median", region)
                yield np.asarray(image[region]).astype(np.intp).reshape(-1), values.reshape(len(values), -1)

        statistics = label_statistics(blocks, count, len(file.channels), list(QUANTILES.values()))
        totals = None
        if scan is not None:
            with Scan(scan) as source:
                totals = frame_totals(source, image, count, file.frame)
        _write_statistics(output_csv, statistics, totals, file)


def _write_statistics(path: str | Path, statistics: LabelStatistics, totals: Totals | None, file: Predictions) -> None:
    names = ("mean", "sd", *QUANTILES)
    header = ["token", "pixels", "fraction", "area", "unit"]
    header += [f"{channel}_{name}" for channel in file.channels for name in names]
    if totals is not None:
        header += [f"{channel}_{name}" for channel in file.channels for name in TOTALS] + ["frames"]
    total, pixel = math.prod(file.shape), math.prod(file.pixel_size)
    rows: list[Sequence[object]] = []
    for token, pixels in enumerate(statistics.count.tolist()):
        values = np.stack([statistics.mean[token], statistics.sd[token], *statistics.quantiles[:, token]], axis=1)
        rows.append(
            [
                token,
                pixels,
                pixels / total,
                pixels * pixel,
                f"{file.pixel_unit}^{file.ndim}",
                *values.reshape(-1).tolist(),
            ]
        )
        if totals is not None:
            ends = np.stack([totals.total[token], totals.low[token], totals.high[token]], axis=1)
            rows[-1] = [*rows[-1], *ends.reshape(-1).tolist(), totals.frames]
    write_table(path, header, rows, digits=6)
