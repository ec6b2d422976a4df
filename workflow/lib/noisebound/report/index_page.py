"""What the index of a run shows in words and numbers, taken from its tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..architecture.families import read_architecture
from ..core.certainty import NO_INTERVAL, told_apart
from ..figures.architecture_figures import all_dilations, architecture, describe, dilation_colours, name_family
from ..figures.draw_figures import RunTables
from ..figures.training_figures import read_histories
from ..files.coverage_key import nominal_key
from .numbers import nominal_percent, number, percent
from .pictures import picture, png_file_uri
from .result_rows import with_structure


@dataclass(frozen=True)
class IndexedScan:
    """A scan in the index.

    Parameters
    ----------
    role
        Its role in the scan sheet.
    page
        Its page, HTML.
    thumbnail
        Its thumbnail, PNG.
    drift
        Its ``drift/<scan>.json``.
    """

    role: str
    page: str | Path
    thumbnail: str | Path
    drift: str | Path


@dataclass(frozen=True)
class RunFiles(RunTables):
    """Files of a run that its index is made from: the tables of its figures, and four more files.

    Parameters
    ----------
    calibration
        The run's ``calibration/calibration.json``.
    summary
        The run's ``evaluation/summary.json``.
    modes_csv
        Comparison of the ways to form corrections.
    stability_csv
        Agreement of repeated clusterings.
    """

    calibration: str | Path
    summary: str | Path
    modes_csv: str | Path
    stability_csv: str | Path


def cards(scans: Mapping[str, IndexedScan], output: str | Path) -> list[dict[str, Any]]:
    """Make one card per scan.

    Parameters
    ----------
    scans
        Scans by name.
    output
        Page that shows the cards.

    Returns
    -------
    list of dict
        scan (its name), role, link (address of its page, relative to ``output``) and image (thumbnail as a data URI).
    """
    return [
        {"scan": name, "role": scan.role, "link": link(scan.page, output), "image": png_file_uri(scan.thumbnail)}
        for name, scan in scans.items()
    ]


def link(page: str | Path, output: str | Path) -> str:
    """Make the address of a page, relative to another.

    Parameters
    ----------
    page
        Page that the link leads to.
    output
        Page that holds the link.

    Returns
    -------
    str
        Relative address, quoted for a URL.
    """
    return quote(Path(os.path.relpath(os.path.abspath(page), os.path.abspath(Path(output).parent))).as_posix())


def headline_numbers(
    summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], primary: float
) -> list[dict[str, str]]:
    """Choose the few numbers that say how the run went.

    Parameters
    ----------
    summary
        Content of ``evaluation/summary.json``.
    rows
        What :func:`noisebound.report.result_rows.test_rows` returns.
    primary
        Nominal coverage of the delivered intervals.

    Returns
    -------
    list of dict
        value and words (what it means) of each, as text.
    """
    numbers = []
    rows, among = with_structure(rows)
    values = [row["coverage"]["value"] for row in rows if row["coverage"]["value"] is not None]
    if values:
        shown = percent(values[0]) if len(values) == 1 else f"{100 * min(values):.1f} – {percent(max(values))}"
        words = f"coverage on the test region, {nominal_percent(primary)} was asked for"
        numbers.append({"value": shown, "words": words + (f"; in {among}" if among else "")})
    joint = (summary.get("joint_coverage") or {}).get(nominal_key(primary), {}).get("value")
    if isinstance(joint, int | float) and len(summary.get("channels") or {}) > 1:
        chance = percent(primary ** len(summary["channels"]), 0)
        words = f"of the pixels are inside in all channels at once; {chance} if channels missed independently"
        numbers.append({"value": percent(joint), "words": words})
    ratio = summary.get("ratio_to_gaussian")
    if isinstance(ratio, int | float):
        words = f"of the squared error that the best Gaussian filter leaves{_ratio_interval(summary)}"
        numbers.append({"value": percent(ratio, 0), "words": words})
    gains = [row["psnr"] - row["gaussian_psnr"] for row in rows if _both(row["psnr"], row["gaussian_psnr"])]
    if gains and len(gains) == len(rows) <= 2:
        ends = dict.fromkeys(f"{gain:+.1f}".replace("-", "−") for gain in sorted(gains))
        numbers.append({"value": f"{' to '.join(ends)} dB", "words": "PSNR over the best Gaussian filter"})
    return numbers


def _ratio_interval(summary: Mapping[str, Any]) -> str:
    """The interval of the ratio to the Gaussian filter, and whether the two are told apart."""
    low, high = summary.get("ratio_to_gaussian_low"), summary.get("ratio_to_gaussian_high")
    told = told_apart(low, high)
    if told is None:
        return f"; {NO_INTERVAL}"
    words = f" [95 %: {percent(low, 0)} to {percent(high, 0)}]"
    return words if told else f"{words}: not told apart from the filter"


def _both(a: object, b: object) -> bool:
    return isinstance(a, int | float) and isinstance(b, int | float)


def drawn_architectures(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Draw the architectures of the members, which are all of one family.

    Parameters
    ----------
    paths
        Architecture files in the order of the members.

    Returns
    -------
    dict
        members (member, facts in one line, picture as SVG), dilations (pairs of dilation and colour) and random,
        whether they are random graphs.

    Raises
    ------
    InputError
        Where a file is no architecture.
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


def realised(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List how decisions turned out on the test regions.

    Parameters
    ----------
    summary
        Content of ``evaluation/summary.json``, of which ``decisions`` is read.

    Returns
    -------
    list of dict
        One entry per threshold and side (above or below) with at least one pixel called so: name, words, confidence,
        precision, low, high, declared, n_pixels, n_blocks, of, against and expected (see ``evaluation.precision``).
    """
    return [
        {
            "name": str(entry["name"]),
            "words": f"{entry['channel']} {entry['side']} {number(entry['threshold'])}",
            **{
                key: entry.get(key)
                for key in (
                    *("confidence", "precision", "low", "high", "declared", "n_pixels", "n_blocks"),
                    *("of", "against", "expected"),
                )
            },
        }
        for entry in summary.get("decisions") or []
        if entry.get("n_pixels")
    ]


def seconds_of_training(histories: Sequence[str | Path]) -> list[dict[str, Any]]:
    """List steps, time and device of each member's training.

    Parameters
    ----------
    histories
        Training histories in the order of the members.

    Returns
    -------
    list of dict
        member, steps, time (in words) and device, without members whose history is empty.
    """
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
