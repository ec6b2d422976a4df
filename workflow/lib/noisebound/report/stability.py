"""What the index says of how far the tokens can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core.data_frames import read_table
from .numbers import number, percent

# Agreement of two frames (adjusted Rand index) that may exceed that of noise alone, and the map still be called noise:
# maps of noise reach this by chance.
NOISE = 0.05
SAME, CHANCE = "same token in both frames (share)", "same token by chance (share)"
ARI = "ARI, the adjusted Rand index, is 1 for equal maps and about 0 for maps that share nothing."
# What the reader must know of the frames and pixels that were compared.
REMARKS = {
    "thinned": "Each half has half the dose, so two whole frames should agree better; counts are taken for Poisson.",
    "train": "The networks were trained on these pixels, as no others were kept apart; elsewhere maps may agree less.",
}
# Rows of the table by what the page calls them.
NAMES = {
    "frames": "two independent frames",
    "subsamples": "halves of the sample",
    "members": "halves of the members",
}
RESTARTED = "k-means restarted"


def stability_rows(path: str | Path) -> list[dict[str, str]]:
    """Write the rows of the stability table in words.

    Parameters
    ----------
    path
        Agreement of frames and of repeated clusterings, CSV.

    Returns
    -------
    list of dict
        Texts per row: comparison, and latents, baseline and null as far as the table has them.
    """
    table = read_table(path)
    return [
        {
            "comparison": NAMES.get(str(record["comparison"]), str(record["comparison"]))
            + (" on the same values: says nothing of structure" if record["comparison"] == RESTARTED else ""),
            **{name: number(float(record[name])) for name in ("latents", "baseline", "null") if name in table},
        }
        for _, record in table.iterrows()
    ]


def stability_words(path: str | Path) -> list[str]:
    """Say in sentences what the stability table says for or against the tokens.

    What two independent frames agree on is structure that a second measurement repeats. Agreement that clusters of
    noise reach too is no sign of structure. What latents add to the denoised intensities is seen in how far either
    agrees over frames, and in the share of the variance of the reference that clusters of each explain.

    Parameters
    ----------
    path
        Agreement of frames and of repeated clusterings, CSV.

    Returns
    -------
    list of str
        Sentences; none for an empty table.
    """
    table = read_table(path)
    rows: dict[str, Mapping[str, Any]] = {
        str(record["comparison"]): dict(record) for record in table.to_dict(orient="records")
    }
    words = frame_words(rows)
    index = table[~table["comparison"].astype(str).str.contains("share|frames|restarted")] if len(table) else table
    if {"latents", "null"} <= set(index.columns):
        compared = index[index["latents"].notna() & index["null"].notna()]
        beaten = [str(name) for name in compared.loc[compared["latents"] <= compared["null"], "comparison"]]
        if beaten:
            names = [NAMES.get(name, name) for name in beaten]
            words.append(
                f"Repeated over {_listed(names)}, clusters of noise alone agree as well as the tokens do or better: "
                "that agreement is no sign of structure."
            )
    return words + _reference_words(table)


def frame_words(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say how far the token maps of two independent frames agree.

    Parameters
    ----------
    rows
        Rows of the stability table by what they compare.

    Returns
    -------
    list of str
        Sentences; none where the table has no row on frames.
    """
    if "frames" not in rows:
        return []
    row = rows["frames"]
    source, _, place = str(row.get("kind", "")).partition(", ")
    latents, baseline, null, low, high = (
        float(row.get(key, np.nan)) for key in ("latents", "baseline", "null", "low", "high")
    )
    if source == "none":
        return [
            "It is not known how much of the token map is noise: that takes two frames of the same place, or counts, "
            "and no scan that trained the networks has either."
        ]
    if not np.isfinite(latents):
        return [
            "Two independent frames give the same token nearly everywhere: the pixels compared hold one token only."
        ]
    others = (("noise alone", null), ("k-means on the denoised image", baseline))
    beside = ", ".join(f"{words} {_index(value)}" for words, value in others if np.isfinite(value))
    agree = f"to ARI {_index(latents)}" + (f" ({beside})" if beside else "")
    maps = "Two random halves of one frame's counts give" if source == "thinned" else "Two independent frames give"
    words = [f"{maps} the same token map {agree}.", ARI]
    kept, chance = (float(rows.get(name, {}).get("latents", np.nan)) for name in (SAME, CHANCE))
    if np.isfinite(kept) and np.isfinite(chance):
        words.append(f"{percent(kept, 0)} of pixels keep their token, {percent(chance, 0)} would by chance.")
    words.append(_verdict(latents, baseline, null, low, high))
    return words + [REMARKS[word] for word in (source, place) if word in REMARKS]


def _verdict(latents: float, baseline: float, null: float, low: float, high: float) -> str:
    """What the agreement of frames says of the tokens, beside noise and the baseline."""
    if latents - np.fmax(null, 0.0) <= NOISE:
        return "These tokens follow the noise: do not read them as structure."
    if not np.isfinite(baseline):
        return "A second frame repeats part of this map: that part is not the noise of one frame."
    if low > 0:
        return "The tokens are repeated better than k-means on the denoised image."
    if high < 0:
        return "k-means on the denoised image is repeated better than the tokens are."
    if latents <= baseline:
        return "k-means on the denoised image does as well."
    reach = f" (difference {_index(latents - baseline)}, 95\u202f% interval {_index(low)} to {_index(high)})"
    reach = reach if np.isfinite(low) and np.isfinite(high) else ", as too few separate places were compared"
    return f"The tokens are not told apart from k-means on the denoised image{reach}."


def _reference_words(table: pd.DataFrame) -> list[str]:
    """How much of the reference the tokens explain, and k-means on the denoised image."""
    share = table[table["comparison"].astype(str).str.contains("variance explained")] if len(table) else table
    if not {"latents", "baseline"} <= set(share.columns) or not len(share):
        return []
    latents, baseline = (float(share[column].iloc[0]) for column in ("latents", "baseline"))
    if not (np.isfinite(latents) and np.isfinite(baseline)):
        return []
    return [
        f"The tokens explain {percent(latents)} of the variance of the reference; as many clusters of the denoised "
        f"intensities explain {percent(baseline)}."
    ]


def _index(value: float) -> str:
    """An index with two decimals, and a minus sign as pages write it."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "\u2212")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
