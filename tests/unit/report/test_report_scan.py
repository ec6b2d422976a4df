"""The page of a scan: what it says against the files it comes from."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from noisebound.core.errors import InputError
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.report.report_scan import ScanFiles, report_scan
from noisebound.report.scan_images import ScanImages
from noisebound.report.settings import PageSettings
from tests.unit.example_run import (
    GUARANTEE,
    phantom,
    report_of,
    scan_files,
    write_drift,
    write_run_files,
    write_scan,
)
from tests.unit.report.parsed_page import Page

PROVENANCE = {"run": "r", "seed": 1, "versions": {}, "digests": [], "config": ""}


def settings_with(exceed: list[dict[str, Any]]) -> PageSettings:
    return PageSettings(title="T", run="r", intensity_unit="", kind="counts", exceed=exceed, combine="average")


def test_a_page_says_what_the_files_say(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    summary = json.loads(flat["files"]["summary"].read_text())["scans"]["map"]
    assert GUARANTEE in page.text
    assert "the mean of the other frames" in page.text
    for name in ("Mg", "Fe"):
        entry = summary[name]["coverage"]["0.9"]
        assert f"{100 * entry['value']:.1f} %" in page.text
        assert f"[{100 * entry['low']:.1f} %, {100 * entry['high']:.1f} %]" in page.text.replace("[ ", "[")
    ratio = 0.12**2 / 0.0181
    assert f"{100 * ratio:.0f} %" in page.text
    assert "Coverage misses by 0.03: steep edges." in page.text
    assert "ab" * 32 in page.text
    assert "1.72 nm" in page.text
    assert "the networks expect the reference within noise of ±0.400 counts (aleatoric)" in page.text
    assert "5.9 % of the variance" in page.text
    assert page.text.count("1.25 % of the intervals of Mg have no width") == 1
    assert "25 % tied: " in page.text
    assert f"of the true signal: {100 * (summary['Mg']['coverage']['0.9']['of_truth']):.1f} %" in page.text
    assert "+0.00210" in page.text
    assert "calibration.unit: auto, for no scan" in page.text
    assert "seed" in page.text
    roles = {role for role in ("train", "calibrate", "test") if role in page.text}
    assert roles == {"train", "calibrate", "test"}


def test_scans_without_reference_are_not_judged(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    assert "No reference was measured here" in page.text
    assert "What this scan was for" not in page.text
    assert "Does it hold?" not in page.text
    assert "reference" not in page.store["images"]
    assert GUARANTEE in page.text


def test_the_page_of_a_scan_does_not_depend_on_other_scans(flat: dict[str, Any], tmp_path: Path) -> None:
    summary = json.loads(flat["files"]["summary"].read_text())
    summary["scans"]["another"] = summary["scans"]["map"]
    summary["channels"] = {}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    output = report_of(tmp_path, "again")
    report_scan(
        flat["scans"]["map"],
        calibration=flat["files"]["calibration"],
        summary=tmp_path / "summary.json",
        provenance=PROVENANCE,
        settings=flat["settings"],
        output=output,
    )
    mark = "Where this comes from"
    pages = [Page(Path(path)).text.split(mark)[0] for path in (output.page, flat["pages"]["map"])]
    assert pages[0] == pages[1]


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    exceed = [{"name": "rich", "channel": "Fe", "above": 1.0, "confidence": 0.9}]
    calibration = write_run_files(tmp_path, ["Fe"], "s", 1, 2)["calibration"]
    output = report_of(tmp_path, "page")

    def write(folder: str, shape: tuple[int, int]) -> ScanFiles:
        made = write_scan(
            tmp_path / folder, truth=phantom(shape, 1, 0), channels=["Fe"], pixel_size=[1, 1], pixel_unit="px",
            counts=True, reference=True, exceed=exceed,
        )  # fmt: skip
        return scan_files(made, write_drift(tmp_path / folder / "drift.json", "s", ["Fe"], warned=False))

    def report(files: ScanFiles, exceed: list[dict[str, Any]]) -> None:
        report_scan(
            files,
            calibration=calibration,
            summary=None,
            provenance=PROVENANCE,
            settings=settings_with(exceed),
            output=output,
        )

    files, other = write("s", (24, 32)), write("o", (24, 40))
    tifffile.imwrite(tmp_path / "wrong.tif", np.zeros((24, 31), np.uint8))
    with pytest.raises(InputError, match=r"wrong\.tif.*Remedy"):
        report(replace(files, tokens_tif=tmp_path / "wrong.tif"), exceed)
    with pytest.raises(InputError, match=r"1 maps for 2 entries"):
        report(files, exceed * 2)
    with pytest.raises(InputError, match=r"scan\.denoised\.h5.*Remedy"):
        report(replace(files, denoised=other.denoised), exceed)
    assert not Path(output.page).exists()


def test_infinite_intervals_are_shown_as_such(tmp_path: Path) -> None:
    made = write_scan(
        tmp_path, truth=phantom((24, 32), 1, 0), channels=["Fe"], pixel_size=[1, 1], pixel_unit="px", counts=True,
        reference=False, exceed=[],
    )  # fmt: skip
    with h5py.File(made["denoised"], "r+") as file:
        file["lower"][...] = 0.0
        file["upper"][...] = np.inf
    with Scan(made["scan"]) as scan, Predictions(made["denoised"]) as denoised:
        images = ScanImages(scan, denoised)
        assert images.most_structured() == 0
    output = report_of(tmp_path, "page")
    report_scan(
        scan_files(made, write_drift(tmp_path / "drift.json", "map", ["Fe"], warned=False)),
        calibration=write_run_files(tmp_path / "run", ["Fe"], "map", 1, 2)["calibration"],
        summary=None,
        provenance=PROVENANCE,
        settings=settings_with([]),
        output=output,
    )
    page = Page(Path(output.page))
    assert "Some intervals are infinite" in page.text
    assert "Where does it exceed?" not in page.text


def test_thumbnail_and_overview_are_written_as_images(flat: dict[str, Any]) -> None:
    folder = flat["folder"] / "report"
    with Image.open(folder / "thumbnails" / "scan-0.png") as image:
        assert image.format == "PNG"
        assert image.size[0] / image.size[1] == pytest.approx(4 / 3, rel=0.01)
    with Image.open(folder / "figures" / "scan-0.png") as image:
        assert image.format == "PNG"
        assert image.size[0] > 1.5 * image.size[1], "four panels for the first of two channels"


def test_the_signal_comes_first_and_totals_may_lack_an_interval(flat: dict[str, Any], tmp_path: Path) -> None:
    """A page whose noise is known, of a scan with one frame: nothing shows how far a total may be off."""
    files = flat["scans"]["map"]
    shutil.copy(files.denoised, tmp_path / "denoised.h5")
    with h5py.File(tmp_path / "denoised.h5", "r+") as file:
        median = file["median"][:]
        for nominal in json.loads(file.attrs["nominal"]):
            for side, sign in (("lower", -1), ("upper", 1)):
                file[f"signal/{nominal:g}/{side}"] = median + np.float32(sign * 0.25)
    content = json.loads(flat["files"]["calibration"].read_text())
    entry = {
        **{"knots": [0.0, 1.0], "weights": [0.1, 0.1, 0.0], "least": 0.01, "factor": 1.0, "bounds": {}},
        **{"quantiles": {"0.9": [-1.6, 1.6]}, "error": 0.2, "error_low": 0.1, "error_high": 0.3, "noise_share": 0.91},
    }
    content |= {"signal": {"sources": ["the reference counts events"], "channels": {"Mg": entry, "Fe": entry}}}
    (tmp_path / "calibration.json").write_text(json.dumps(content))
    tokens = pd.read_csv(files.tokens_csv)
    bounds = [name for name in tokens.columns if name.endswith(("_total_low", "_total_high"))]
    assert bounds
    tokens[bounds] = np.nan
    tokens.to_csv(tmp_path / "tokens.csv", index=False)
    summary = json.loads(flat["files"]["summary"].read_text())
    for own in summary["scans"]["map"].values():
        own["signal"] = {
            "error_ratio": 0.8,
            "error_low": 0.6,
            "error_high": 1.1,
            "coverage": {"0.9": {"mean_width": 0.5, "of_truth": None}},
        }
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    output = report_of(tmp_path, "signal")
    report_scan(
        replace(files, denoised=tmp_path / "denoised.h5", tokens_csv=tmp_path / "tokens.csv"),
        calibration=tmp_path / "calibration.json",
        summary=tmp_path / "summary.json",
        provenance=PROVENANCE,
        settings=flat["settings"],
        output=output,
    )
    text = Page(Path(output.page)).text
    assert "The 90 % signal interval is ±0.250 (Mg) and ±0.250 (Fe) counts on average." in text
    assert text.index("signal interval is") < text.index("repeat intervals")
    assert "The 90 % signal interval of Mg is ±0.250 counts on average over this scan" in text
    assert text.index("Signal interval. In about 90 of 100 pixels") < text.index("Repeat interval.")
    assert "91 % of the squared difference between reference and denoised image is the reference’s own noise" in text
    assert "upper end of the signal" in text and "error found / expected" in text
    assert "Where a repeat of the reference would fall" in text
