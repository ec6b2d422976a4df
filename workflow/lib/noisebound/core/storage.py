"""Files that are complete or absent: written under a temporary name, then renamed; also JSON and digests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import InputError

MOST_JSON = 1 << 28  # bytes of a file; the largest that a step writes have a few million


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` on success, remove it on any error.

    The folder is made if needed. The data are flushed to the disk before the file is renamed, so that after a crash
    there is either the old file or the new one.

    Parameters
    ----------
    path
        The file to write.

    Yields
    ------
    Path
        The temporary path. It ends in the suffix of ``path``, because some writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_parts(*paths: str | Path, older_than: float = 0.0) -> None:
    """Remove temporary files of :func:`atomic_path` that killed processes left behind.

    Call this only if nobody else writes these files now, or with an ``older_than`` longer than any write takes.

    Parameters
    ----------
    *paths
        The files whose temporary files are removed. Neither they nor their folders need to exist.
    older_than
        Least age of a temporary file since its last change, in seconds.
    """
    folders: dict[Path, list[str]] = {}
    for path in map(Path, paths):
        folders.setdefault(path.parent, []).append(rf"\.{re.escape(path.name)}\.\d+\.part{re.escape(path.suffix)}")
    for folder, patterns in folders.items():
        part = re.compile("|".join(patterns))
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if part.fullmatch(entry.name) and time.time() - entry.stat().st_mtime >= older_than:
                        os.unlink(entry.path)


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8, atomically.

    Parameters
    ----------
    path
        The file to write.
    text
        Its content.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Write indented JSON with a final newline, atomically.

    Parameters
    ----------
    path
        The file to write.
    content
        Any content that JSON can hold.

    Raises
    ------
    ValueError
        If the content has NaN or infinity, which JSON cannot hold.
    """
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: str | Path, most: int = MOST_JSON) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path
        The file.
    most
        The largest size of the file that is accepted, in bytes.

    Returns
    -------
    Any
        Its content.

    Raises
    ------
    InputError
        If the file is missing, too large, not a regular file, not JSON, or has NaN or infinity, which JSON cannot hold.
    """
    remedy = "delete it and start the same command again"
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:  # does not wait at a named pipe
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError("it is not a file", file=path, remedy=remedy)
            if status.st_size > most:
                raise InputError(f"{status.st_size} bytes, where at most {most} are expected", file=path, remedy=remedy)
            return json.loads(stream.read().decode(), parse_constant=_refuse_constant)
    except FileNotFoundError:
        raise InputError("the file does not exist", file=path, remedy="run the step that writes it") from None
    except OSError as error:
        raise InputError(f"it cannot be read ({error.strerror})", file=path, remedy=remedy) from None
    except (ValueError, RecursionError) as error:  # the latter for objects that are nested too deeply
        raise InputError(f"not valid JSON ({error})", file=path, remedy=remedy) from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def sha256_file(path: str | Path) -> str:
    """Compute the SHA-256 of a file, reading blocks of 1 MiB.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def digest_files(files: Mapping[str, str | Path | Sequence[str | Path]]) -> list[dict[str, str]]:
    """Compute the SHA-256 of several files.

    Parameters
    ----------
    files
        One file or several files by label.

    Returns
    -------
    list of dict
        Per file its ``label``, its base name ``file``, and ``sha256``.
    """
    return [
        {"label": label, "file": Path(path).name, "sha256": sha256_file(path)}
        for label, paths in files.items()
        for path in ([paths] if isinstance(paths, str | Path) else paths)
    ]


def digest_json(content: Any) -> str:
    """Compute the SHA-256 of content as canonical JSON: sorted keys, no spaces.

    Parameters
    ----------
    content
        Any content that JSON can hold.

    Returns
    -------
    str
        64 hexadecimal digits, the same whatever the order of keys.
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
