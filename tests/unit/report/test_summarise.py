"""The line that a finished run ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from noisebound.report.summarise import main, summary_line


def channel(coverage: float | None, psnr: float) -> dict[str, Any]:
    return {
        "coverage": {"0.9": {"value": coverage}},
        "psnr": psnr,
        "rmse": 0.123456,
        "gaussian": {"psnr": psnr - 4},
    }


SUMMARY = {
    "run": "demo",
    "primary": 0.9,
    "channels": {"Mg": channel(0.9012, 30), "O": channel(0.5, 3), "Fe": channel(None, 20)},
    "structured_channels": ["Mg", "Fe"],
    "ratio_to_gaussian": 0.8765,
    "ratio_to_gaussian_low": 0.81,
    "ratio_to_gaussian_high": 0.94,
}


def test_several_channels() -> None:
    line = summary_line(SUMMARY)
    assert line == (
        "demo: coverage at nominal 0.9: Mg 0.901, Fe unknown; squared error 0.88 of the best Gaussian filter's "
        "[95 %: 0.81 to 0.94]"
    )
    assert summary_line({**SUMMARY, "ratio_to_gaussian_high": 1.02}).endswith(
        "[95 %: 0.81 to 1.02], not told apart from the filter"
    )
    assert summary_line({**SUMMARY, "ratio_to_gaussian_low": None}).endswith(
        "filter's (no interval: fewer than 8 independent places)"
    )


def test_one_channel() -> None:
    line = summary_line({**SUMMARY, "structured_channels": ["Mg"]})
    assert "PSNR 30.0 dB (best Gaussian filter 26.0 dB), RMSE 0.123" in line


def test_a_nominal_coverage_of_many_digits_is_found() -> None:
    odd = 0.912345678
    one = channel(0.5, 30) | {"coverage": {repr(odd): {"value": 0.9}}}
    assert "Mg 0.900" in summary_line(
        {**SUMMARY, "primary": odd, "channels": {"Mg": one}, "structured_channels": ["Mg"]}
    )


def test_nothing_tested() -> None:
    assert summary_line({"run": "demo", "channels": {}, "why": "No test region."}) == "demo: No test region."


def test_prints_page_and_line_of_each_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "demo"
    (run / "evaluation").mkdir(parents=True)
    (run / "evaluation" / "summary.json").write_text(json.dumps(SUMMARY))
    assert main([str(run)]) == 0
    page, line = capsys.readouterr().out.splitlines()
    assert page == str(run / "report" / "index.html")
    assert line.strip() == summary_line(SUMMARY)
    assert main([str(tmp_path / "other")]) == 1
    assert "other" in capsys.readouterr().err
