"""Archives of weights and of arrays: whole ones pass, and a changed byte or a false promise is found."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.core.archives import check_archive, check_arrays


def test_archives_that_numpy_and_torch_write_pass(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", some=np.arange(6.0).reshape(2, 3), none=np.zeros((0, 4)), text=np.array(["µ", "b"]))
    torch.save({"weights": torch.arange(5)}, tmp_path / "a.pt")
    check_arrays(tmp_path / "a.npz")
    check_archive(tmp_path / "a.pt")


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_changed_byte_of_the_content_is_found(tmp_path: Path, place: str) -> None:
    path, values = tmp_path / "a.npz", np.arange(1000, dtype=np.float64) + 0.5
    np.savez(path, values=values)
    content = bytearray(path.read_bytes())
    start = content.index(values.tobytes())
    content[start if place == "first" else start + values.nbytes - 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"values\.npy in it is damaged"):
        check_archive(path)


def test_compressed_archives_promise_more_than_they_hold(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", values=np.zeros(10**6))
    with pytest.raises(ValueError, match="promises 8000128 bytes"):
        check_archive(tmp_path / "a.npz")


def test_a_header_that_promises_more_than_the_file_has_is_refused(tmp_path: Path) -> None:
    path, values = tmp_path / "a.npz", np.arange(40.0)
    np.savez(path, values=values)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")  # the list of entries, with the size of each behind 24 bytes
    content[entry + 24 : entry + 28] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"promises {1 << 30} bytes of content"):
        check_archive(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all" * 10])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match="not a zip file"):
        check_archive(tmp_path / "a.npz")
    with pytest.raises(OSError, match=r"none\.npz"):
        check_archive(tmp_path / "none.npz")


@pytest.mark.parametrize(("rows", "whole"), [(3, True), (4, False), (-1, False)])
def test_arrays_have_the_values_that_their_headers_announce(tmp_path: Path, rows: int, whole: bool) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (rows, 100)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", stream.getvalue() + bytes(3 * 100 * 8))
    if whole:
        check_arrays(tmp_path / "a.npz")
    else:
        with pytest.raises(ValueError, match=rf"a\.npy announces the shape \({rows}, 100\)"):
            check_arrays(tmp_path / "a.npz")


def test_what_is_no_array_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("note.txt", "no array")
    with pytest.raises(ValueError, match=r"note\.txt"):
        check_arrays(tmp_path / "a.npz")
