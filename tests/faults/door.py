"""Reads image files one after the other, as a user's files are read, and says how each went.

A program of its own, so that a file that kills it or makes it hang is known: every line on stdin is a request, every
line on stdout its answer.
"""

from __future__ import annotations

import json
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

from noisebound.core.errors import NoiseboundError
from noisebound.files.scan_sources import ScanSources
from noisebound.scans.find_problems import find_problems
from noisebound.scans.ingest_scan import ingest_scan
from noisebound.scans.settings import DataSettings, SourceSettings

_EVERYBODY = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
MOST_MEMORY = 512_000_000  # bytes
MOST_ADDRESSES = 6 << 30  # bytes; a request for more fails instead of taking the machine's memory


def peak_memory() -> int:
    """Most bytes of memory held at a time since the last call of ``forget_peak``, and by any child so far."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def processor_seconds() -> float:
    """Time on the processor, that of processes that the library started included."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, _EVERYBODY))


def forget_peak() -> None:
    """Count the most memory from now on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def read(source: str, folder: Path) -> dict[str, Any]:
    """Check and ingest one source: ``{"refused": words}``, ``{"pixels": digests}`` or ``{"raised": traceback}``."""
    described, data = SourceSettings([source]), DataSettings(2, ["Mg", "Si"], counts=False)
    output, sources = folder / "scan.h5", folder / "scan.json"
    output.unlink(missing_ok=True)
    try:
        problems = find_problems(described, data)
        try:
            ingest_scan(described, data, output, scan="a", sources_file=sources)
        except NoiseboundError as error:
            return {"refused": str(error), "found": problems}
        if problems:
            return {"raised": f"ingested although find_problems said {problems}"}
        arrays = ScanSources.read(sources).arrays
        return {"pixels": [entry["sha256"] for entry in arrays if entry["part"] in ("noisy", "reference", "truth")]}
    except BaseException:
        return {"raised": traceback.format_exc()}


def main() -> None:
    """Answer every request, up to one that takes too much memory."""
    folder = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    for line in sys.stdin:
        forget_peak()
        begin = processor_seconds()
        answer = read(json.loads(line), folder)
        answer |= {"seconds": processor_seconds() - begin, "memory": peak_memory()}
        print(json.dumps(answer), flush=True)
        if answer["memory"] > MOST_MEMORY:
            return  # the most that a child held is never forgotten


if __name__ == "__main__":
    main()
