"""Write the files with hashes anew: python3 requirements/lock.py, after a change of run.txt or constraints.txt.

locked.txt holds everything that run.txt brings along except PyTorch. torch.txt holds PyTorch alone, cuda.txt what only
its CUDA build needs, build.txt what packages without a wheel are built with. Versions come from run.txt and
constraints.txt. uv reads the hashes of all files of a release from the package index: every platform, every Python from
3.11. This script uses only the standard library and installs uv into a temporary folder.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
UV = "uv==0.13.9"
CUDA = re.compile(r"(nvidia|cuda)-.*|triton")

# The builds for Linux without CUDA lie on PyTorch's own index, which uv does not read here. Two public lists of that
# index, one of them of 6 October 2026, state these hashes alike. The first is also that of the wheel which the tests of
# this project run with. Look them up again with every new version of PyTorch.
PROCESSOR_BUILDS = {
    "2.13.0": {
        "cp311 x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "cp311 aarch64": "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
        "cp312 x86_64": "4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2",
        "cp312 aarch64": "6f307c2c32d764ffc6ff6893b801fad6d4752f3e67966cb8abf1843427c02604",
        "cp313 x86_64": "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",
        "cp313 aarch64": "0b8f7d0423027ae8b90c7977c627f3379f325363a08224dffad9b4b2d684a83d",
        "cp314 x86_64": "d20fa53ee744502fa4c69818a720b05ca0d37abd055d4f6e66cae155114bc691",
        "cp314 aarch64": "ca021f9eb2f8345c83fa03e3a04587308afb8df71bd472670b3ece00df58621c",
    }
}

ORIGIN = "# Written by requirements/lock.py from run.txt and constraints.txt; do not edit.\n"
LOCKED = ORIGIN + (
    "# Everything that `make demo` installs except PyTorch, with the SHA-256 of every file of each release.\n"
)
TORCH = ORIGIN + (
    "# PyTorch alone, in a step of its own: an index that is named for it (make TORCH_INDEX=...) serves nothing else.\n"
    "# The last eight hashes are those of the processor builds; requirements/lock.py says where they come from.\n"
)
CUDA_ONLY = ORIGIN + "# What PyTorch's CUDA build needs beside locked.txt; installed where that build is.\n"


def compiled() -> str:
    """The complete list with hashes, as uv resolves it for all platforms."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV], check=True)
        command = [python, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--system-certs"]
        command += ["--constraint", HERE / "constraints.txt", HERE / "run.txt"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    entries = re.split(r"^(?=[a-z0-9])", compiled(), flags=re.MULTILINE)
    found = {re.split(r"[=\[]", entry, maxsplit=1)[0]: entry for entry in entries if entry.strip()}
    torch = found.pop("torch")
    version = torch.split("==")[1].split()[0]
    if version not in PROCESSOR_BUILDS:
        sys.exit(f"noisebound: requirements/lock.py knows no hashes of the processor builds of PyTorch {version}")
    builds = "".join(f" \\\n    --hash=sha256:{digest}" for digest in PROCESSOR_BUILDS[version].values())
    torch = torch.rstrip() + builds + "\n"
    cuda = "".join(entry for name, entry in found.items() if CUDA.fullmatch(name))
    rest = "".join(entry for name, entry in found.items() if not CUDA.fullmatch(name) and name != "setuptools")
    build = ORIGIN + "# What packages without a wheel, and noisebound itself, are built with.\n" + found["setuptools"]
    for name, text in {
        "build": build,
        "locked": LOCKED + rest,
        "torch": TORCH + torch,
        "cuda": CUDA_ONLY + cuda,
    }.items():
        (HERE / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
