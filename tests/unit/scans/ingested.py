"""Scans brought into the standard file, with what the sheet and the configuration say given by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from noisebound.scans.find_problems import find_problems
from noisebound.scans.ingest_scan import ingest_scan
from noisebound.scans.settings import DataSettings, SourceSettings


def ingest(
    noisy: Sequence[str],
    reference: Sequence[str] | str | None,
    output: Path,
    *,
    dimensions: int | None = 2,
    channels: Sequence[str] | None = ("Mg", "Si"),
    counts: bool = True,
    scan: str = "a",
    **more: Any,
) -> None:
    """The step ingest_scan; ``more`` are fields of ``SourceSettings`` and arguments of the step."""
    step = {name: more.pop(name) for name in ("sources_file", "planned", "role", "others") if name in more}
    source, data = SourceSettings(noisy, reference, **more), DataSettings(dimensions, channels, counts)
    ingest_scan(source, data, output, scan=scan, **step)


def problems_of(
    noisy: Sequence[str],
    reference: Sequence[str] | str | None = None,
    *,
    dimensions: int | None = 2,
    channels: Sequence[str] | None = ("Mg", "Si"),
    counts: bool = True,
    **source: Any,
) -> list[str]:
    """What ``find_problems`` finds; ``source`` are fields of ``SourceSettings``."""
    return find_problems(SourceSettings(noisy, reference, **source), DataSettings(dimensions, channels, counts))
