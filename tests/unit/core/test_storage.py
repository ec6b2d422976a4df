"""Files are whole or absent; JSON that cannot be used names its file; digests do not depend on the order of keys."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.core.storage import (
    atomic_path,
    digest_json,
    read_json,
    remove_parts,
    sha256_file,
    write_json,
    write_text,
)

LIBRARY = Path(__file__).parents[3] / "workflow" / "lib"


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "result.h5"
    target.write_bytes(b"old")

    def fail_half_way() -> None:
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"half of the n")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result.h5"]


def test_an_exception_before_the_first_byte_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), atomic_path(tmp_path / "new" / "result.tif"):
        raise KeyError
    assert os.listdir(tmp_path / "new") == []


def test_a_writer_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "result.csv"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), atomic_path(target):
        pass
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["result.csv"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "down" / "result.tar.gz"
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"first")
        assert temporary.parent == target.parent and temporary.suffix == ".gz"
        assert not target.exists()
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"second")
        assert target.read_bytes() == b"first"
    assert target.read_bytes() == b"second"
    assert os.listdir(target.parent) == ["result.tar.gz"]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    target.write_text("old")
    code = (
        "import os, signal\n"
        "from noisebound.core.storage import atomic_path\n"
        f"with atomic_path({str(target)!r}) as temporary:\n"
        "    temporary.write_text('new, but not whole')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(LIBRARY)}, check=False)
    assert done.returncode == -9
    assert target.read_text() == "old"


def write_and_die(*targets: Path) -> None:
    """Begin to write each file, one after the other, and be killed while at it."""
    code = (
        "import os, signal, sys\n"
        "from noisebound.core.storage import atomic_path\n"
        "for target in sys.argv[1:]:\n"
        "    if not os.fork():\n"
        "        with atomic_path(target) as temporary:\n"
        "            temporary.write_text('half')\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "    os.wait()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    subprocess.run([sys.executable, "-c", code, *map(str, targets)], env=environment, check=True)


def test_parts_of_killed_writers_go_and_those_of_other_files_stay(tmp_path: Path) -> None:
    gone, deep = tmp_path / "a.h5", tmp_path / "deep" / "member-0.checkpoint.pt"
    others = [tmp_path / name for name in ("a.b.h5", "aah5", "a", "b.h5", "a.h5.h5", "a.h5.tif")]
    write_and_die(gone, gone, deep, *others)
    gone.write_text("whole")
    (tmp_path / ".a.h5.12.part.h5.txt").write_text("a user's")
    before = set(tmp_path.rglob(".*"))
    remove_parts(gone, deep, tmp_path / "no such folder" / "a.h5")
    removed = before - set(tmp_path.rglob(".*"))
    assert len(removed) == 3
    assert {path.name.split(".")[1] for path in removed} == {"a", "member-0"} and len(before - removed) == 7
    assert gone.read_text() == "whole"


def test_parts_that_may_still_be_written_stay(tmp_path: Path) -> None:
    old, new = (tmp_path / f".a.h5.{number}.part.h5" for number in (1, 2))
    for part in (old, new):
        part.write_text("half")
    os.utime(old, (1, 1))
    remove_parts(tmp_path / "a.h5", older_than=60)
    assert not old.exists() and new.exists()


def test_json_round_trip_ends_with_a_newline_and_keeps_every_bit(tmp_path: Path) -> None:
    content = {"b": [1, 0.1, 1 / 3, 5e-324], "a": {"µm": None, "yes": True}}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content
    assert (tmp_path / "a.json").read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_are_refused_and_keep_the_old_file(tmp_path: Path, value: float) -> None:
    write_text(tmp_path / "a.json", "old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": [value]})
    assert (tmp_path / "a.json").read_text() == "old"


@pytest.mark.parametrize("content", [None, b"", b'{"a": 1', b"\x89HDF\r\n\x1a\n\xff\xfe"])
def test_json_that_is_missing_torn_or_binary_names_the_file_and_the_remedy(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_json(path)
    assert str(path) in str(raised.value) and "Remedy: " in str(raised.value)


def test_digests() -> None:
    assert digest_json({"a": 1, "b": [1, 2]}) == digest_json({"b": [1, 2], "a": 1})
    assert digest_json({"a": [2, 1]}) != digest_json({"a": [1, 2]})
    assert digest_json([1]) == hashlib.sha256(b"[1]").hexdigest()


def test_file_digests_are_those_of_the_whole_content(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) + 17)
    (tmp_path / "a").write_bytes(content)
    assert sha256_file(tmp_path / "a") == hashlib.sha256(content).hexdigest()
