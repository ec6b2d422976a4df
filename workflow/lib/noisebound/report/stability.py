"""What the index says of the tokens' stability."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..core.data_frames import read_table
from .numbers import number, percent


def stability_rows(path: str | Path) -> list[dict[str, str]]:
    """Write the rows of the stability table in words.

    Parameters
    ----------
    path
        Agreement of repeated clusterings, CSV.

    Returns
    -------
    list of dict
        Texts per row: comparison, and latents, baseline and null as far as the table has them.
    """
    table = read_table(path)
    return [
        {
            "comparison": str(record["comparison"]),
            **{name: number(float(record[name])) for name in ("latents", "baseline", "null") if name in table},
        }
        for _, record in table.iterrows()
    ]


def stability_words(path: str | Path) -> list[str]:
    """Say in sentences what the stability table says for or against the tokens.

    Agreement that clusters of noise reach too is no sign of structure. What latents add to the denoised intensities is
    seen in the share of the variance of the reference that clusters of each explain.

    Parameters
    ----------
    path
        Agreement of repeated clusterings, CSV.

    Returns
    -------
    list of str
        No, one or two sentences.
    """
    table = read_table(path)
    words = []
    index = table[~table["comparison"].astype(str).str.contains("share")] if len(table) else table
    if {"latents", "null"} <= set(index.columns):
        compared = index[index["latents"].notna() & index["null"].notna()]
        beaten = [str(name) for name in compared.loc[compared["latents"] <= compared["null"], "comparison"]]
        if beaten:
            words.append(
                f"Repeated over {_listed(beaten)}, clusters of noise alone agree as well as the tokens do or better: "
                "that agreement is no sign of structure."
            )
    share = table[table["comparison"].astype(str).str.contains("variance explained")] if len(table) else table
    if {"latents", "baseline"} <= set(share.columns) and len(share):
        latents, baseline = (float(share[column].iloc[0]) for column in ("latents", "baseline"))
        if np.isfinite(latents) and np.isfinite(baseline):
            words.append(
                f"The tokens explain {percent(latents)} of the variance of the reference; as many clusters of the "
                f"denoised intensities explain {percent(baseline)}."
            )
    return words


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
