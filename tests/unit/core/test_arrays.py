"""Arrays in npz files: what was written comes back; what is damaged or absurd is refused, without memory."""

from __future__ import annotations

import io
import json
import random
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from noisebound.core.arrays import plain, read_arrays, write_arrays
from noisebound.core.errors import InputError
from tests.unit.core.damage import damaged

ARRAYS = {"mean": np.arange(6, dtype=np.float64), "keep": np.ones((2, 3), dtype=bool)}


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No more than 2 GiB beyond what the process has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def npz(path: Path, header: bytes, data: bytes = b"", compression: int = zipfile.ZIP_STORED) -> Path:
    """An npz file whose array ``mean`` has this header, as a Python literal."""
    content = io.BytesIO()
    header = header.ljust(117) + b"\n"
    content.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("mean.npy", content.getvalue())
    return path


@pytest.mark.parametrize(
    "shape",
    [
        "(1099511627776,)",
        "(1000000, 1000000, 1000000)",
        "(-1, 7)",
        "(9999999999999999999999,)",
        "(" * 100,
        "(1.5,)",
        "7",
    ],
)
@pytest.mark.parametrize("dtype", ["<f8", "<U1000000", "|O", "<q9"])
def test_headers_that_announce_more_than_there_is(tmp_path: Path, shape: str, dtype: str) -> None:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    path = npz(tmp_path / "basis.npz", header)
    with pytest.raises(InputError, match=r"basis\.npz"):
        read_arrays(path, ["mean"])


def test_arrays_that_unfold_to_more_than_the_file_has(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000,), }"
    path = npz(tmp_path / "basis.npz", header, bytes(8_000_000), zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="promises"):
        read_arrays(path, ["mean"])


def test_damaged_arrays_are_refused_or_the_same(tmp_path: Path) -> None:
    chance, path = random.Random(3), tmp_path / "basis.npz"
    write_arrays(path, ARRAYS)
    whole = path.read_bytes()
    for _ in range(200):
        path.write_bytes(damaged(whole, chance))
        try:
            found = read_arrays(path, list(ARRAYS))
        except InputError:
            continue
        assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


def test_arrays_come_back_and_the_same_give_the_same_bytes(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", ARRAYS)
    write_arrays(tmp_path / "b.npz", ARRAYS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read_arrays(tmp_path / "a.npz", ["keep"])
    assert list(found) == ["keep"] and found["keep"].dtype == bool and found["keep"].shape == (2, 3)
    with pytest.raises(InputError, match=r"a\.npz.*'scale, weight'.*lacks"):
        read_arrays(tmp_path / "a.npz", ["mean", "scale", "weight"])


def test_numbers_are_made_plain_for_json() -> None:
    content = {1: np.float32(0.5), "a": [np.int64(3), np.nan, float("inf")], "b": (np.bool_(True), None, "x")}
    found = plain(content)
    assert found == {"1": 0.5, "a": [3, None, None], "b": [True, None, "x"]}
    assert json.loads(json.dumps(found, allow_nan=False)) == found
