"""One line per finished run for the terminal, and the table of a comparison on simulated scans.

``python -m noisebound.report.summarise results/<run> ...``
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.certainty import NO_INTERVAL, told_apart
from ..core.errors import NoiseboundError
from ..core.storage import read_json
from ..figures.published import comparison_text
from ..files.coverage_key import nominal_key


def summary_line(summary: Mapping[str, Any]) -> str:
    """Say in one line how a run went.

    Parameters
    ----------
    summary
        Content of ``evaluation/summary.json``.

    Returns
    -------
    str
        Name of the run, the coverage of the channels with structure at the primary nominal value, and an error: their
        squared error over that of the best Gaussian filter, with its interval, and for one channel the PSNR of both.
        Where nothing was tested, the reason.
    """
    channels = summary["channels"]
    if not channels:
        return f"{summary['run']}: {summary.get('why', 'nothing was tested')}"
    names = summary.get("structured_channels") or list(channels)
    primary = summary["primary"]
    values = {name: channels[name]["coverage"][nominal_key(primary)]["value"] for name in names}
    coverage = ", ".join(f"{name} {_number(value, '.3f')}" for name, value in values.items())
    return f"{summary['run']}: coverage at nominal {primary:g}: {coverage}; {_error_words(summary, names)}"


def _error_words(summary: Mapping[str, Any], names: Sequence[str]) -> str:
    if len(names) == 1:
        entry = summary["channels"][names[0]]
        ours, filtered = _number(entry["psnr"], ".1f"), _number(entry["gaussian"]["psnr"], ".1f")
        psnr = f"PSNR {ours} dB (best Gaussian filter {filtered} dB), RMSE {_number(entry['rmse'], '.3g')}"
        return f"{psnr}, {_ratio_words(summary)}"
    return _ratio_words(summary)


def _ratio_words(summary: Mapping[str, Any]) -> str:
    """The squared error over that of the filter, with its interval, and whether the two are told apart."""
    words = f"squared error {_number(summary['ratio_to_gaussian'], '.2f')} of the best Gaussian filter's"
    low, high = summary.get("ratio_to_gaussian_low"), summary.get("ratio_to_gaussian_high")
    if summary["ratio_to_gaussian"] is None:
        return words
    if low is None or high is None:
        return f"{words} ({NO_INTERVAL})"
    apart = "" if told_apart(low, high) else ", not told apart from the filter"
    return f"{words} [95 %: {low:.2f} to {high:.2f}]{apart}"


def _number(value: float | None, form: str) -> str:
    """A number in the given format, or "unknown" for the null of JSON."""
    return "unknown" if value is None else format(value, form)


def main(runs: Sequence[str]) -> int:
    """Print the page and the line of each run.

    Parameters
    ----------
    runs
        Folders of runs.

    Returns
    -------
    int
        Exit status: 0, or 1 where a run is not finished, with the reason on the standard error.
    """
    lines = []
    for run in runs:
        try:
            lines.append(f"{Path(run) / 'report' / 'index.html'}\n  {summary_line(_summary(run))}")
            lines += _comparison(Path(run))
        except NoiseboundError as error:
            print(f"noisebound: {error}", file=sys.stderr)
            return 1
    print("\n".join(lines))
    return 0


def _comparison(run: Path) -> list[str]:
    """Where the page of a comparison is, and its table; nothing for a run without simulated scans."""
    content = run / "comparison" / "summary.json"
    return [f"{run / 'report' / 'comparison.html'}", comparison_text(read_json(content))] if content.is_file() else []


def _summary(run: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = read_json(Path(run) / "evaluation" / "summary.json")
    return content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
