"""Say whether there is a conda that Snakemake can create environments with; ends with a message where there is none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

OLDEST = (24, 7, 1)


def main() -> None:
    needed = ".".join(map(str, OLDEST))
    remedy = f"Remedy: install Miniforge with conda {needed} or newer and put it on the PATH, or run `make demo`."
    if shutil.which("conda") is None:
        sys.exit(f"noisebound: there is no conda on the PATH. {remedy}")
    text = subprocess.run(["conda", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None or tuple(map(int, found.groups())) < OLDEST:
        sys.exit(f"noisebound: {text or 'a conda that does not tell its version'} is too old. {remedy}")


if __name__ == "__main__":
    main()
