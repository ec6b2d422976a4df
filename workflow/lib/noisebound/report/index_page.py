"""What the index of a run shows, gathered from its tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from ..architecture.families import read_architecture
from ..core.data_frames import read_table
from ..core.errors import InputError
from ..figures.architecture_figures import all_dilations, architecture, describe, dilation_colours, name_family
from ..figures.coverage_figures import GROUP_WORDS, conditional_panel, reliability, reliability_gap
from ..figures.training_figures import ensemble_size, read_histories, stability, training
from .numbers import nominal_percent, number, percent
from .pictures import picture, png_file_uri
from .result_rows import with_structure


def cards(
    pages: Mapping[str, str | Path], thumbnails: Mapping[str, str | Path], roles: Mapping[str, str], output: str | Path
) -> list[dict[str, Any]]:
    """One card per scan with its role, a link relative to the index, and the thumbnail as a data URI."""
    if set(pages) != set(thumbnails):
        raise InputError(
            "pages and thumbnails are not those of the same scans",
            value=sorted(set(pages) ^ set(thumbnails)),
            remedy="give one page and one thumbnail per scan",
        )
    return [
        {
            "scan": scan,
            "role": roles.get(scan, ""),
            "link": link(page, output),
            "image": png_file_uri(thumbnails[scan]),
        }
        for scan, page in pages.items()
    ]


def link(page: str | Path, output: str | Path) -> str:
    """Address of a page in the page ``output``, relative to it."""
    return quote(Path(os.path.relpath(os.path.abspath(page), os.path.abspath(Path(output).parent))).as_posix())


def headline_numbers(
    summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], primary: float
) -> list[dict[str, str]]:
    """The few numbers that say how the run went, each with what it means."""
    numbers = []
    rows, among = with_structure(rows)
    values = [row["coverage"]["value"] for row in rows if row["coverage"]["value"] is not None]
    if values:
        shown = percent(values[0]) if len(values) == 1 else f"{100 * min(values):.1f} – {percent(max(values))}"
        words = f"coverage on the test region, {nominal_percent(primary)} was asked for"
        numbers.append({"value": shown, "words": words + (f"; in {among}" if among else "")})
    ratio = summary.get("ratio_to_gaussian")
    ratio = ratio.get("ratio") if isinstance(ratio, Mapping) else ratio
    if isinstance(ratio, int | float):
        words = "of the squared error that the best Gaussian filter leaves"
        numbers.append({"value": percent(ratio, 0), "words": words})
    gains = [row["psnr"] - row["gaussian_psnr"] for row in rows if _both(row["psnr"], row["gaussian_psnr"])]
    if gains and len(gains) == len(rows) <= 2:
        ends = dict.fromkeys(f"{gain:+.1f}".replace("-", "−") for gain in sorted(gains))
        numbers.append({"value": f"{' to '.join(ends)} dB", "words": "PSNR over the best Gaussian filter"})
    return numbers


def _both(a: object, b: object) -> bool:
    return isinstance(a, int | float) and isinstance(b, int | float)


def conditional(tables: Mapping[str, pd.DataFrame], channels: Sequence[str], primary: float) -> list[dict[str, Any]]:
    """Small panels of conditional coverage: a row per channel, a panel per kind of group."""
    rows = []
    for channel in channels:
        panels = []
        for kind, table in tables.items():
            label = f"Coverage of {channel} by {GROUP_WORDS.get(kind, kind)}"
            panels.append(picture(conditional_panel(table, channel, kind, primary), label, least=0.8))
        if any(panels):
            rows.append({"channel": channel, "panels": [panel for panel in panels if panel]})
    return rows


def drawn_architectures(paths: Sequence[str | Path]) -> dict[str, Any]:
    """The members' architectures as pictures with one line of facts each, and the legend of dilations.

    ``random`` says whether they are random graphs; a run has one family.
    """
    contents = [read_architecture(path).to_json() for path in paths]
    colours = dilation_colours(all_dilations(contents))
    members = [
        {
            "member": content["member"],
            "facts": describe(content),
            "picture": picture(
                architecture(content, colours),
                f"{name_family(content)} of member {content['member']}: {describe(content)}",
                least=0.6,
            ),
        }
        for content in contents
    ]
    return {"members": members, "dilations": list(colours.items()), "random": bool(colours)}


def mode_rows(path: str | Path, structured: Sequence[str]) -> list[dict[str, Any]]:
    """Ways to form corrections beside each other, over the ``structured`` channels together.

    Each has mode, unit, chosen, relative_width (geometric mean over channels), the ends of coverage over channels, and
    the lowest and highest coverage over deciles, tokens, distances to the border, (80 % of the) blocks and test
    scans.
    """
    table = read_table(path)
    if not len(table):
        return []
    table = table[table["channel"].isin(structured)] if structured else table
    rows = []
    for (mode, unit), own in table.groupby(["mode", "unit"], sort=False):
        widths = own["relative_width"].to_numpy(dtype=float)
        kinds = {
            kind: (float(own[f"{kind}_low"].min()), float(own[f"{kind}_high"].max()))
            for kind in ("decile", "token", "border", "block", "scan")
        }
        rows.append(
            {
                "mode": mode,
                "unit": unit,
                "chosen": bool(own["chosen"].iloc[0]),
                "relative_width": float(np.exp(np.log(widths).mean())) if (widths > 0).all() else None,
                "coverage": (float(own["coverage"].min()), float(own["coverage"].max())),
                "decile_gap": float(own["decile_gap"].mean()),
                "scans": int(own["scans"].iloc[0]),
                **kinds,
            }
        )
    return rows


def realised(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of decisions on the test regions, from the summary's ``decisions``; sides that nothing was called."""
    return [
        {
            "name": str(entry["name"]),
            "words": f"{entry['channel']} {entry['side']} {number(entry['threshold'])}",
            **{
                key: entry.get(key)
                for key in ("confidence", "precision", "low", "high", "declared", "n_pixels", "n_blocks")
            },
        }
        for entry in summary.get("decisions") or []
        if entry.get("n_pixels")
    ]


def stability_rows(path: str | Path) -> list[dict[str, str]]:
    """Rows of the stability table in words."""
    table = read_table(path)
    return [
        {
            "comparison": str(record["comparison"]),
            **{name: number(float(record[name])) for name in ("latents", "baseline", "null") if name in table},
        }
        for _, record in table.iterrows()
    ]


def stability_words(path: str | Path) -> list[str]:
    """What the stability table says against the tokens or for them, in sentences.

    Agreement that noise reaches as well is no sign of structure; what the latents add to the denoised intensities
    shows in the share of the reference's variance that either explains.
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


def charts(
    *,
    coverage_csv: str | Path,
    conditional_csv: Mapping[str, str | Path],
    ensemble_size_csv: str | Path,
    histories: Sequence[str | Path],
    stability_csv: str | Path,
    channels: Sequence[str],
    primary: float,
) -> dict[str, Any]:
    """All charts of the index as SVG; those without data are ``None``."""
    coverage = read_table(coverage_csv)
    sizes = read_table(ensemble_size_csv)
    trained = {name: table for name, table in read_histories(histories).items() if len(table)}
    agreements = read_table(stability_csv)
    tables = {kind: read_table(path) for kind, path in conditional_csv.items()}
    label = "Reliability: observed coverage on the test region over nominal coverage, per channel"
    return {
        "reliability": picture(reliability(coverage), label) if len(coverage) else None,
        "gap": picture(reliability_gap(coverage), f"{label}, as difference") if len(coverage) else None,
        "conditional": conditional(tables, channels, primary),
        "training": picture(training(trained), "Training and select loss per member") if trained else None,
        "ensemble_size": (
            picture(ensemble_size(sizes), "Correlation and error over the number of members") if len(sizes) else None
        ),
        "stability": (
            picture(stability(agreements), "Stability of the tokens, adjusted Rand index") if len(agreements) else None
        ),
    }


def seconds_of_training(histories: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Steps, time and device of each member's training, from its history."""
    rows = []
    for name, table in read_histories(histories).items():
        last = table.tail(1)
        if not len(last):
            continue
        seconds = float(last["seconds"].iloc[0])
        rows.append(
            {
                "member": name,
                "steps": int(last["step"].iloc[0]),
                "time": f"{seconds / 60:.1f} min" if seconds >= 90 else f"{seconds:.0f} s",
                "device": str(last["device"].iloc[0]) if "device" in table else "",
            }
        )
    return rows
