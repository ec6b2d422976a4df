"""Machine code that is kept on disk: whatever happens to the files, the results are the same and no process ends."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import ANY

import numba
import numpy as np
import pytest

from noisebound.networks import machine_code

ROOT = Path(__file__).parents[3]


MODULE = """
from noisebound.networks.machine_code import compiled


@compiled
def scale(values, factor):
    total = 0.0
    for number in range(len(values)):
        values[number] *= factor
        total += values[number]
    return total
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of machine code that holds that of two signatures of the function."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
    monkeypatch.setattr(machine_code, "_named", set())
    (tmp_path / "kept.py").write_text(MODULE, encoding="utf-8")
    use(tmp_path)
    assert len(files(folder)) == 2
    return folder


def use(folder: Path) -> list[str]:
    """Load the module anew, as every process does, and use its function; the signatures that had to be compiled."""
    specification = importlib.util.spec_from_file_location("kept", folder / "kept.py")
    module = sys.modules["kept"] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    scale = module.scale
    for dtype in (np.float64, np.float32):
        values = np.arange(5, dtype=dtype)
        assert scale(values, 3) == 30 and values.tolist() == [0, 3, 6, 9, 12]
    return [str(signature) for signature in scale.stats.cache_misses]


def start(folder: Path, cache: Path, before: str = "") -> subprocess.Popen[str]:
    """A process that uses the function."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "workflow" / "lib")])
    code = (
        f"{before}from pathlib import Path\nfrom tests.unit.networks.test_machine_code import use\n"
        f"use(Path({str(folder)!r}))"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": paths}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-len(content) // 3] ^= 1
    path.write_bytes(content)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def of_another_function(path: Path) -> None:
    other = next(other for other in path.parent.glob("*.nbc") if other != path)
    path.write_bytes(other.read_bytes())


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(os.urandom(5000)),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "one bit": one_bit,
    "huge": lambda path: os.truncate(path, 1 << 42),
    "of another signature": of_another_function,
    "link to nowhere": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "pipe": a_pipe,
    "folder": a_folder,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_named_once_and_replaced(
    cache: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    path = files(cache)[0]
    damage(path)
    assert len(use(cache.parent)) == 1
    assert [message for message in caplog.messages if str(path) in message] == caplog.messages[:1]
    assert "compiled anew" in caplog.text
    if path.is_dir():  # which nothing can replace
        path.rmdir()
        use(cache.parent)
    assert use(cache.parent) == [], "what was compiled anew is kept"


def test_whole_files_are_used_and_nothing_is_said(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert use(cache.parent) == [] and caplog.messages == []


def test_another_version_of_the_source_never_runs_old_code(cache: Path) -> None:
    source = cache.parent / "kept.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert len(use(cache.parent)) == 2


def test_a_folder_that_cannot_be_written_is_named_once(
    cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unusable = cache.parent / "unusable"
    unusable.write_text("a file", encoding="utf-8")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(unusable))
    use(cache.parent)
    use(cache.parent)
    assert [message.partition(": ")[::2] for message in caplog.messages] == [(str(unusable), ANY)]


def test_a_full_disk_costs_time_and_leaves_nothing(cache: Path) -> None:
    folder = cache.parent / "full"
    full = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
    process = start(cache.parent, folder, full)
    said = process.communicate()[1]
    assert process.returncode == 0 and said.count("cannot be kept here (File too large)") == 2, said
    assert files(folder) == []


def test_writers_at_once_never_harm_each_other(cache: Path) -> None:
    folder = cache.parent / "shared"
    processes = [start(cache.parent, folder) for _ in range(3)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 3
    assert len(files(folder)) == 2


def test_what_a_killed_writer_left_goes_when_it_is_old(cache: Path) -> None:
    path = files(cache)[0]
    old, new = (path.with_name(f"{path.name}.{age}.tmp") for age in ("old", "new"))
    for left in (old, new):
        left.write_bytes(b"half")
    os.utime(old, (1, 1))
    path.unlink()
    use(cache.parent)
    assert path.exists() and not old.exists() and new.exists()


TORN = """
import os, sys

cache, torn = os.environ["NUMBA_CACHE_DIR"], []


def tear(event, arguments):
    if event == "open" and str(arguments[0]).startswith(cache) and not os.path.exists(arguments[0]) and not torn:
        torn.append(arguments[0])
        with open(arguments[0], "wb") as stream:
            stream.write(b"torn")


import torch
from noisebound.networks import engine
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import draw_small

network = MemberNetwork(draw_small())
image = torch.randn(1, 1, 12, 12)
sys.addaudithook(tear)
latent, quantiles = engine.predict(network, image)
torch.testing.assert_close(latent, network.encode(image), rtol=1e-4, atol=1e-5)
print(*torn)
"""


def test_a_torn_file_of_machine_code_costs_time_not_the_job(tmp_path: Path) -> None:
    """The file is torn just before it is read, so that the loops are compiled once only."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", TORN], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout and done.stdout.strip() in done.stderr
