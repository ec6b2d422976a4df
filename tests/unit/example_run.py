"""A finished run as files, made from a phantom without any training: the input of the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import tifffile
from scipy import ndimage

from noisebound.architecture.random_graph import Architecture, Edge
from noisebound.core.storage import write_json
from noisebound.drift.words import explain
from noisebound.files.prediction_writers import create_denoised, create_predictions
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.provenance.jobs_page import write_jobs_page
from noisebound.provenance.origin import collect_provenance
from noisebound.regions.regions import Regions
from noisebound.report.index_page import IndexedScan, RunFiles
from noisebound.report.report_index import report_index
from noisebound.report.report_scan import ScanFiles, ScanReport, report_scan
from noisebound.report.settings import PageSettings
from noisebound.report.stability import CHANCE, SAME
from tests.unit.run_records import record

LOW_HIGH = (("low", -1), ("high", 1))
NOMINAL = (0.5, 0.8, 0.9, 0.95)
GUARANTEE = (
    "Per pixel and channel, approximately: an interval of nominal coverage 0.9 holds the mean of the other frames, for "
    "about 90 of 100 pixels of this field of view taken together. There is no guarantee at scan level."
)


def phantom(shape: Sequence[int], channels: int, seed: int) -> np.ndarray:
    """Smooth phases: non-negative float64 (C, *shape)."""
    random = np.random.default_rng(seed)
    fields = [ndimage.gaussian_filter(random.normal(size=shape), 6, mode="wrap") for _ in range(3)]
    phase = np.argmax(fields, axis=0)
    levels = random.uniform(0.2, 3.0, size=(channels, 3))
    return np.stack([ndimage.gaussian_filter(levels[c][phase], 0.8) for c in range(channels)])


def write_scan(
    folder: Path,
    *,
    name: str = "map",
    truth: np.ndarray,
    channels: Sequence[str],
    pixel_size: Sequence[float],
    pixel_unit: str,
    counts: bool,
    reference: bool,
    exceed: Sequence[Mapping[str, Any]],
    tokens: int = 3,
    frames: int = 4,
    seed: int = 0,
    stem: str = "scan",
    source: str | None = None,
) -> dict[str, Path]:
    """All files of one scan; ``truth`` is (C, *spatial). Returns them by name."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    shape, n_channels = truth.shape[1:], len(channels)
    if counts:
        noisy = random.poisson(truth, size=(frames, *truth.shape)).astype(np.uint16)
        stored = noisy.sum(axis=0, dtype=np.uint32)
    else:
        noisy = (truth + random.normal(scale=0.4, size=(frames, *truth.shape))).astype(np.float32)
        stored = truth.astype(np.float32)
    paths = {
        key: folder / f"{stem}.{suffix}"
        for key, suffix in {
            "scan": "scan.h5",
            "ensemble": "ensemble.h5",
            "denoised": "denoised.h5",
            "regions": "regions.json",
            "tokens_tif": "tokens.tif",
            "tokens_csv": "tokens.csv",
            "decisions_csv": "decisions.csv",
            "decisions_tif": "decisions.tif",
        }.items()
    }
    with h5py.File(paths["scan"], "w") as file:
        file["noisy"] = noisy
        if reference:
            file["reference"] = stored
        kind = ("leave-one-out" if counts else "measured") if reference else "none"
        file.attrs.update(
            {
                "format_version": 1,
                "scan": name,
                "group": "",
                "axes": "RCYX" if len(shape) == 2 else "RCZYX",
                "channels": json.dumps(list(channels)),
                "pixel_size": json.dumps(list(pixel_size)),
                "pixel_unit": pixel_unit,
                "counts": int(counts),
                "reference_kind": kind,
                "sources": json.dumps([{"path": source or f"{name}.tif", "sha256": "ab" * 32, "part": "noisy"}]),
            }
        )
    median = np.stack([ndimage.gaussian_filter(image, 0.7) for image in truth]).astype(np.float32)
    median += random.normal(scale=0.02, size=median.shape).astype(np.float32)
    half = (0.25 + 0.25 * np.sqrt(np.abs(median))).astype(np.float32)
    spread = 0.2 * half * random.uniform(0.5, 1.5, size=half.shape).astype(np.float32)
    everything = tuple(slice(0, n) for n in shape)
    with create_predictions(
        paths["ensemble"],
        scan=name,
        channels=channels,
        pixel_size=pixel_size,
        pixel_unit=pixel_unit,
        shape=shape,
        levels=(0.05, 0.5, 0.95),
        frame=0,
        n_frames=0,
        n_members=5,
        n_latent=0,
        counts=counts,
        keep_members=False,
    ) as writer:
        writer.write(everything, median - half, median, median + half, spread)
        writer.set_uncertainty({name: {"aleatoric": 0.4, "epistemic": 0.1} for name in channels})
    with (
        Predictions(paths["ensemble"]) as like,
        create_denoised(paths["denoised"], like, nominal=NOMINAL, primary=0.9) as out,
    ):
        out.set_zero_width({"0.9": dict.fromkeys(channels, 0.0) | {channels[0]: 0.0125}})
        out.write(
            everything, median, median + 0.1, spread, {n: (median - n * half, median + n * half) for n in NOMINAL}
        )
    labels = np.digitize(median[0], np.quantile(median[0], np.arange(1, tokens) / tokens)).astype(np.uint8)
    tifffile.imwrite(paths["tokens_tif"], labels)
    write_tokens(paths["tokens_csv"], labels, median, channels, tokens, f"{pixel_unit}^{len(shape)}", pixel_size)
    write_regions(paths["regions"], name, shape, reference)
    write_decisions(paths, median, shape, channels, pixel_size, pixel_unit, exceed)
    assert n_channels == len(median)
    return paths


def totals_of(channel: str, total: float) -> dict[str, float]:
    return {f"{channel}_total": total, f"{channel}_total_low": 0.9 * total, f"{channel}_total_high": 1.1 * total}


def write_tokens(
    path: Path,
    labels: np.ndarray,
    median: np.ndarray,
    channels: Sequence[str],
    n: int,
    unit: str,
    size: Sequence[float],
) -> None:
    rows = []
    for token in range(n):
        inside = labels == token
        row: dict[str, Any] = {"token": token, "pixels": int(inside.sum()), "fraction": inside.mean()}
        row |= {"area": inside.sum() * float(np.prod(size)), "unit": unit}
        for c, channel in enumerate(channels):
            values = median[c][inside]
            row |= {f"{channel}_mean": values.mean() if values.size else np.nan}
            row |= {f"{channel}_sd": values.std() if values.size else np.nan}
            row |= totals_of(channel, float(values.sum()))
        rows.append(row)
    pd.DataFrame(rows).to_csv(path, index=False)


def write_regions(path: Path, name: str, shape: Sequence[int], reference: bool) -> None:
    lead, (height, width) = tuple(shape[:-2]), shape[-2:]
    zero = (0,) * len(lead)
    if not reference:
        boxes: tuple[Box, ...] = (Box("apply", (*zero, 0, 0), tuple(shape)),)
    else:
        a, b = int(0.6 * width), int(0.66 * width)
        h = height // 2
        boxes = (
            Box("train", (*zero, 0, 0), (*lead, height, a)),
            Box("calibrate", (*zero, 0, b), (*lead, h - 4, width)),
            Box("test", (*zero, h + 4, b), (*lead, height, width)),
        )
    Regions(name, tuple(shape), (4,) * len(shape), "largest receptive radius of 5 members", boxes).write(path)


def write_decisions(
    paths: Mapping[str, Path],
    median: np.ndarray,
    shape: Sequence[int],
    channels: Sequence[str],
    pixel_size: Sequence[float],
    pixel_unit: str,
    exceed: Sequence[Mapping[str, Any]],
) -> None:
    axes = "zyx"[-len(shape) :]
    maps, rows = [], []

    def row(kind: str, rank: int, bounds: Sequence[tuple[int, int]], about: Mapping[str, Any]) -> dict[str, Any]:
        pixels = int(np.prod([b - a for a, b in bounds]))
        found = {"kind": kind, "name": about.get("name", kind), "rank": rank, "channel": about.get("channel", "")}
        found |= {"role": "train", "share_train": 0.75, "frames": 3, "score_error": 0.5}
        for c, channel in enumerate(channels):
            found |= totals_of(channel, float(median[c][tuple(slice(a, b) for a, b in bounds)].sum()))
        found |= {"threshold": about.get("above"), "confidence": about.get("confidence"), "score": 10.0 / rank}
        found |= {"pixels": pixels, "area": pixels * float(np.prod(pixel_size)), "unit": f"{pixel_unit}^{len(shape)}"}
        for axis, (a, b), size in zip(axes, bounds, pixel_size, strict=True):
            found |= {f"{axis}0_px": a, f"{axis}1_px": b, f"{axis}0": a * size, f"{axis}1": b * size}
        return found

    for entry in exceed:
        image = median[list(channels).index(entry["channel"])]
        above = image > entry["above"]
        maps.append(np.select([above, image < 0.7 * entry["above"]], [2, 0], 1).astype(np.uint8))
        labels, _ = ndimage.label(above)
        found = sorted(ndimage.find_objects(labels), key=lambda s: -int(np.prod([p.stop - p.start for p in s])))
        rows += [
            row("exceed", rank, [(p.start, p.stop) for p in place], entry) for rank, place in enumerate(found[:20], 1)
        ]
    side = [max(1, n // 4) for n in shape]
    for rank in (1, 2, 3):
        corner = [int((n - s) * (0.15 + 0.25 * rank) * 0.9) for n, s in zip(shape, side, strict=True)]
        rows.append(row("remeasure", rank, [(c, c + s) for c, s in zip(corner, side, strict=True)], {}))
    if not maps:
        maps = [np.ones(shape, dtype=np.uint8)]
    tifffile.imwrite(paths["decisions_tif"], np.stack(maps))
    pd.DataFrame(rows).to_csv(paths["decisions_csv"], index=False)


def summary_entry(coverage: float, explanation: str | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "coverage": {
            f"{n:g}": {
                "value": coverage if n == 0.9 else n,
                "low": (coverage if n == 0.9 else n) - 0.02,
                "high": min(1.0, (coverage if n == 0.9 else n) + 0.015),
                "mean_width": 1.234,
                "without_atoms": coverage - 0.004,
                "of_atoms": coverage + 0.05,
                "atoms": 0.25,
                "zero_width": 0.0125,
                "of_truth": coverage + 0.031,
            }
            for n in NOMINAL
        },
        "rmse": 0.31,
        "rmse_noise_removed": 0.12,
        "bias": -0.0123,
        "bias_of_mean": 0.0021,
        "target_mean": 1.5,
        "correlation": 0.987,
        "psnr": 30.4,
        "n_pixels": 12345,
        "n_blocks": 48,
        "gaussian": {"sigma": 2.5, "mse_noise_removed": 0.0181, "psnr": 26.6},
        "flat_mse_noise_removed": 1.18,
    }
    if explanation:
        entry["explanation"] = explanation
    return entry


def write_run_files(folder: Path, channels: Sequence[str], scan: str, members: int, dimensions: int) -> dict[str, Any]:
    """The files of the run that all pages share; returns them by name."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    calibration, summary = folder / "calibration.json", folder / "summary.json"
    table = {f"{n:g}": {c: {"lower": 0.1, "upper": 0.1, "n": 1000, "k": 901} for c in channels} for n in NOMINAL}
    calibration.write_text(
        json.dumps(
            {
                "format_version": 1,
                "unit": "pixel",
                "score": "symmetric",
                "levels": [0.05, 0.5, 0.95],
                "channels": list(channels),
                "nominal": list(NOMINAL),
                "primary": 0.9,
                "floor": 0.0,
                "corrections": table,
                "one_sided": {},
                "target": "the mean of the other frames",
                "guarantee": GUARANTEE,
                "unit_reason": "Chosen by calibration.unit: auto, for no scan that served calibration alone.",
                "sources": [],
                "n_frames": 4,
                "n_pixels": 1000,
            }
        )
    )
    entries = {
        c: summary_entry(0.9 + 0.012 * np.sin(i), "Coverage misses by 0.03: steep edges." if i == 1 else None)
        for i, c in enumerate(channels)
    }
    summary.write_text(
        json.dumps(
            {
                "run": "example",
                "seed": 1,
                "channels": entries,
                "ratio_to_gaussian": 0.62,
                "target": "the mean of the other frames",
                "guarantee": GUARANTEE,
                "scans": {scan: entries},
            }
        )
    )
    rows = [
        {
            "channel": c,
            "nominal": n,
            "coverage": n + 0.01 * np.sin(i),
            "low": n - 0.02,
            "high": min(1.0, n + 0.025),
            "coverage_without_atoms": n,
            "mean_width": 1.0 + n,
            "n_pixels": 1000,
            "n_blocks": 40,
        }
        for i, c in enumerate(channels)
        for n in NOMINAL
    ]
    pd.DataFrame(rows).to_csv(folder / "coverage.csv", index=False)
    ends = {"decile": 0.06, "token": 0.03, "border": 0.02, "block": 0.05, "scan": 0.08}
    modes = [
        {"number": k, "mode": name, "unit": "pixel", "chosen": not k, "channel": c, "nominal": nominal}
        | {"coverage": nominal + 0.004 * i, "joint_coverage": nominal - 0.1, "worst_slab": nominal - 0.05}
        | {"mean_width": 1 + 0.1 * k, "relative_width": 1 + 0.1 * k, "decile_gap": 0.02 / (k + 1), "scans": 3}
        | {"winkler": 2.0 + k, "relative_winkler": 1 + 0.5 * k}
        | {f"{kind}_{end}": nominal + sign * gap / (k + 1) for kind, gap in ends.items() for end, sign in LOW_HIGH}
        for k, name in enumerate(("symmetric", "asymmetric, scaled by width"))
        for nominal in (0.5, 0.9)
        for i, c in enumerate(channels)
    ]
    pd.DataFrame(modes).to_csv(folder / "modes.csv", index=False)
    conditional = {}
    for kind, groups in {"intensity": range(1, 11), "token": range(3), "border": ["0-2", "2-4", "4-8", "8+"]}.items():
        found = [
            {"channel": c, kind: g, "nominal": 0.9, "coverage": v, "low": v - 0.03, "high": min(1.0, v + 0.02)}
            for c in channels
            for g in groups
            for v in [float(np.clip(0.9 + random.normal(scale=0.02), 0, 1))]
        ]
        conditional[kind] = folder / f"by_{kind}.csv"
        pd.DataFrame(found).to_csv(conditional[kind], index=False)
    blocks = [
        {"channel": c, "nominal": 0.9, "scan": scan, "y": y, "x": 0, "coverage": float(v), "mean_width": 1.0}
        | {"n_pixels": 256}
        for c in channels
        for y, v in enumerate(np.clip(random.normal(0.9, 0.04, 60), 0, 1))
    ]
    conditional["block"] = folder / "by_block.csv"
    pd.DataFrame(blocks).to_csv(conditional["block"], index=False)
    sizes = [
        {"channel": c, "members": m, "correlation": 0.98 - 0.01 / m, "rmse": 0.2 + 0.1 / m}
        for c in channels
        for m in range(1, members + 1)
    ]
    pd.DataFrame(sizes).to_csv(folder / "ensemble_size.csv", index=False)
    pd.DataFrame(
        {
            "comparison": ["frames", SAME, CHANCE, "subsamples", "members", "k-means restarted"],
            "latents": [0.62, 0.81, 0.45, 0.93, 0.88, 0.99],
            "baseline": [0.55, 0.78, 0.44, 0.91, np.nan, 0.98],
            "null": [0.01, 0.34, 0.33, 0.68, 0.01, 0.97],
            "difference": [0.07, *[np.nan] * 5],
            "low": [-0.02, *[np.nan] * 5],
            "high": [0.16, *[np.nan] * 5],
            "kind": ["repeats, held-out", *[""] * 5],
        }
    ).to_csv(folder / "stability.csv", index=False)
    histories, architectures = [], []
    for m in range(members):
        histories.append(folder / f"member-{m}.history.csv")
        step = np.arange(0, 2001, 50)
        loss = 0.2 + np.exp(-step / 300) + random.normal(scale=0.01, size=step.size)
        select = np.where(step % 100 == 0, loss + 0.02, np.nan)
        best = (step == step[np.nanargmin(select)]).astype(int)
        pd.DataFrame(
            {
                "step": step,
                "learning_rate": 1e-3,
                "train_loss": loss,
                "select_loss": select,
                "seconds": step / 20,
                "device": "cpu",
                "best": best,
            }
        ).to_csv(histories[-1], index=False)
        architectures.append(folder / f"member-{m}.json")
        architectures[-1].write_text(json.dumps(random_graph(m, 7, dimensions, random)))
    return {
        "calibration": calibration,
        "summary": summary,
        "coverage_csv": folder / "coverage.csv",
        "conditional_csv": conditional,
        "modes_csv": folder / "modes.csv",
        "ensemble_size_csv": folder / "ensemble_size.csv",
        "stability_csv": folder / "stability.csv",
        "histories": histories,
        "architectures": architectures,
    }


def random_graph(member: int, depth: int, dimensions: int, random: np.random.Generator) -> dict[str, Any]:
    """The content of an architecture file."""
    pairs = [(i, i + 1) for i in range(depth + 1)]
    pairs += [(int(a), int(b)) for a, b in np.sort(random.integers(0, depth + 2, (8, 2))) if b > a + 1]
    edges = tuple(
        Edge(a, b, int(random.integers(1, 6)), int(random.choice([4, 8, 12]))) for a, b in dict.fromkeys(pairs)
    )
    return Architecture(member, 1, dimensions, 2, 2, depth, 12, 16, edges).to_json()


CONFIG = {"run": "example", "seed": 1, "data": {"channels": ["Mg", "Fe"]}, "calibration": {"nominal": list(NOMINAL)}}


def write_drift(path: Path, scan: str, channels: Sequence[str], warned: bool, ndim: int = 2) -> Path:
    """The check of a scan: quiet, or with every kind of warning."""
    place = {"channel": channels[0], "kind": "lost", "lower": [2] * ndim, "upper": [5] * ndim, "size": 3.5}
    place |= {"feature": "bright", "centre": [3] * ndim, "window": 1.5, "sigma": 7.25}
    noisy = place | {"image": 2.05, "predicted": 2.05, "measured": 6.1}
    other = noisy | {"kind": "invented", "channel": channels[-1], "sigma": -6.5}
    miss = place | {
        "feature": "dark",
        "sigma": -8.1,
        "role": "between regions",
        "interval": [2.2, 2.8],
        "outside": True,
    }
    about = {"pixels": 40401, "channels": {channels[0]: 2 if warned else 0} | {channels[-1]: 1 if warned else 0}}
    spot = {"width": 4.7, "height": 4.4, "mean": 3.5, "dark": False}
    superiority = (0.97, 0.09, 0.85) if warned else (0.6, 0.42, 0.55)
    kinds = (("mean", channels[0]), ("fine", channels[-1]), ("distance", ""))
    lags = [{"lag": [0, 1], "correlation": 0.31 if warned else -0.02, "error": 0.01, "calibrated": -0.01}]
    content: dict[str, Any] = {
        **{"scan": scan, "level": 0.05, "difference": 0.8, "block": 16, "unit": "block"},
        **{"verdict": "unlike" if warned else "like", "p": 0.001 if warned else 0.43, "resolution": 0.001},
        **{"n_blocks": 96, "n_calibrate_blocks": 42, "n_calibrate_scans": 0, "needed_scans": 19},
        "statistics": [
            {"kind": kind, "of": of, "p": 0.001 if warned else 0.43, "superiority": share, "told": warned}
            | {"here": 1 + share, "calibrated": 1.4}
            for (kind, of), share in zip(kinds, superiority, strict=True)
        ],
        "residuals": {
            "verdict": "correlated" if warned else "white",
            "tolerance": 0.1,
            "channels": [{"channel": name, "correlated": warned, "lags": lags} for name in channels],
        },
        "background": {
            **{"verdict": "structure" if warned else "flat", "blocks": 21, "of": 96, "allowed": 0.1},
            "channels": [
                {"channel": name, "share": 0.34 if warned else 0.01, "error": 0.02, "structure": warned}
                for name in channels
            ],
        },
        "exceedance": {
            **{"p": 0.001 if warned else 1.0, "blocks": 9 if warned else 0, "of": 96, "needed": 7, "told": warned},
            "statistics": [{"kind": "mean", "of": channels[0], "blocks": 9, "above": True}] if warned else [],
        },
        "dose": {"ratio": 0.8 if warned else 1.02, "p": 0.001 if warned else 0.7, "visible": 0.12, "told": warned},
        "places": [noisy, other] if warned else [],
        "compared": ["test"],
        "local": {
            **about,
            **{"total": 3 if warned else 0, "level": 5.3, "counts": True},
            "smallest": [{"channel": name, "sigma": 7.8 + 4 * i, "spot": spot} for i, name in enumerate(channels)],
        },
    }
    if not warned:
        content |= {"misses": [miss | {"image": 2.51, "reference": 1.39}]}
        content["missed"] = {"total": 1, "channels": {channels[0]: 1}, "pixels": 40401, "level": 5.6, "noise": "counts"}
    path.write_text(json.dumps(content | explain(content)))
    return path


def scan_files(made: Mapping[str, Path], drift: Path) -> ScanFiles:
    """What ``report_scan`` reads of the files that ``write_scan`` made, and the check of the scan."""
    return ScanFiles(**{key: path for key, path in made.items() if key != "ensemble"}, drift=drift)


def report_of(folder: Path, stem: str) -> ScanReport:
    """Where the page of a scan, its thumbnail and its overview go."""
    return ScanReport(
        page=folder / "scans" / f"{stem}.html",
        thumbnail=folder / "thumbnails" / f"{stem}.png",
        overview=folder / "figures" / f"{stem}.png",
    )


def write_pages(
    folder: Path,
    *,
    truth: np.ndarray,
    channels: Sequence[str],
    pixel_size: Sequence[float],
    pixel_unit: str = "nm",
    counts: bool = True,
    scan: str = "map",
    second: str = "new scan",
    title: str = "Example",
    unit: str = "counts",
    config: Mapping[str, Any] = CONFIG,
    exceed_name: str = "rich",
    members: int = 5,
    tokens: int = 3,
    simulated: bool = False,
    combine: str = "average",
    source: str | None = None,
) -> dict[str, Any]:
    """A whole report of two scans, one with a test region and one to apply to; returns the paths of the pages."""
    files = write_run_files(folder / "run", channels, scan, members, truth.ndim - 1)
    provenance = collect_provenance(
        run="example",
        seed=1,
        config=config,
        files={"calibration": files["calibration"], "architecture": files["architectures"]},
    )
    threshold = float(np.quantile(truth[0], 0.8))
    exceed = [{"name": exceed_name, "channel": channels[0], "above": threshold, "confidence": 0.9}]
    settings = PageSettings(
        title=title,
        run="example",
        intensity_unit=unit,
        kind="counts" if counts else "intensity",
        exceed=exceed,
        combine=combine,
    )
    scans: dict[str, IndexedScan] = {}
    sources: dict[str, ScanFiles] = {}
    for number, name in enumerate((scan, second)):
        made = write_scan(
            folder / "files",
            name=name,
            stem=f"scan-{number}",
            truth=truth if number == 0 else truth[..., ::-1],
            channels=channels,
            pixel_size=pixel_size,
            pixel_unit=pixel_unit,
            counts=counts,
            reference=number == 0,
            exceed=exceed,
            tokens=tokens,
            source=source,
        )
        drift = write_drift(
            folder / "files" / f"scan-{number}.drift.json", name, channels, warned=number > 0, ndim=truth.ndim - 1
        )
        output = report_of(folder / "report", f"scan-{number}")
        sources[name] = scan_files(made, drift)
        report_scan(
            sources[name],
            calibration=files["calibration"],
            summary=files["summary"] if number == 0 else None,
            provenance=provenance,
            settings=settings,
            output=output,
        )
        scans[name] = IndexedScan("apply" if number else "split", output.page, output.thumbnail, drift)
    index, comparison = folder / "report" / "index.html", folder / "report" / "comparison.html"
    if simulated:
        comparison.parent.mkdir(exist_ok=True)
        comparison.touch()
    report_index(
        scans,
        RunFiles(**files),
        provenance=provenance,
        settings=settings,
        output_html=index,
        comparison=comparison if simulated else None,
    )
    jobs = folder / "report" / "jobs.html"
    lost = record(number=2, state="failed", error=f"no place for {title}", wildcards={"member": "1"})
    write_jobs_page(jobs, run="example", title=title, records=[record(), record(number=1, attempt=2), lost])
    write_json(folder / "provenance" / "ro-crate-metadata.json", {})
    pages = {name: scan.page for name, scan in scans.items()}
    made_from = {"files": files, "scans": sources, "settings": settings}
    return {"index": index, "jobs": jobs, "pages": pages, "folder": folder, **made_from}
