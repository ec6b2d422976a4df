"""Files as they were when they were opened, and images that would not fit into memory."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from noisebound.core.errors import InputError
from noisebound.scans.stored_image import SourceFile, check_memory


def test_a_file_that_was_changed_is_another(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"1234")
    before = SourceFile.of(path)
    assert before == SourceFile.of(str(path)) and (before.path, before.size) == (str(path), 4)
    os.utime(path, ns=(5, before.mtime_ns + 1))
    assert SourceFile.of(path) != before and SourceFile.of(path).mtime_ns == before.mtime_ns + 1


def test_what_fits_into_memory_passes_and_what_does_not_is_refused_in_words() -> None:
    check_memory(1 << 20, "a.h5")
    with pytest.raises(InputError, match=r"a\.h5.*announces 1e\+06 GB of pixels.*GB of memory are free.*Remedy"):
        check_memory(10**15, "a.h5")


def test_the_limit_is_the_memory_that_is_free() -> None:
    free = psutil.virtual_memory().available
    check_memory(free // 2, "a.h5")
    with pytest.raises(InputError, match="memory are free"):
        check_memory(2 * free, "a.h5")


def test_where_the_system_does_not_say_all_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object, **__: object) -> str:
        raise OSError

    monkeypatch.setattr(Path, "read_text", unreadable)
    total = psutil.virtual_memory().total
    check_memory(int(0.9 * total), "a.h5")
    with pytest.raises(InputError, match="memory are free"):
        check_memory(int(1.1 * total), "a.h5")
