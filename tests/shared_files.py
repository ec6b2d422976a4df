"""What the files of a run say that people hand on: looked into wherever text can hide."""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

# Files of a run that may name folders and machines, and are not to be shared; README.md lists them.
PRIVATE = ("report/jobs.html", "provenance/jobs/", "scans/", "logs/", "benchmarks/")


def shared_files(folder: Path) -> list[Path]:
    """All files of the results of a run that people may share."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in files if not path.relative_to(folder).as_posix().startswith(PRIVATE)]


def layers(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """The content of a file, and of all that is packed in it: archives, pictures in pages, compressed text."""
    yield name, content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.namelist():
                yield from layers(archive.read(entry), f"{name}: {entry}")
    for number, match in enumerate(re.finditer(rb"data:image/png;base64,([A-Za-z0-9+/=]+)", content)):
        yield from layers(base64.b64decode(match[1]), f"{name}: picture {number}")
    for match in re.finditer(rb"(?:zTXt|iTXt)[^\0]{1,79}\0+(x[\x01\x5e\x9c\xda].*)", content, flags=re.DOTALL):
        yield f"{name}: compressed text", zlib.decompressobj().decompress(match[1])


def leaks(files: Sequence[Path], words: Sequence[str]) -> list[str]:
    """Where one of the words stands, written in UTF-8, in UTF-16, or escaped as in JSON."""
    spelled = {word: [word.encode(), word.encode("utf-16-le"), word.replace("/", r"\/").encode()] for word in words}
    return [
        f"{place}: {word}"
        for path in files
        for place, content in layers(path.read_bytes(), str(path))
        for word, spellings in spelled.items()
        if any(spelling in content for spelling in spellings)
    ]
