"""Damaged image files go through the door that a user's files take: refused in words, or read to what they hold.

What counts as right, for a file that is read in spite of its damage:

- Its pixels are those of the whole file; or
- the damage lies in bytes that are pixels of a format without checksum of them (everything not compressed and not
  checksummed). Nobody can tell such a byte from a measured one, so exactly these bytes may differ, at their place.

Damage of anything else (sizes, types, offsets, indexes, links, metadata) never leads to an error other than
``NoiseboundError``, to the end of the process, to more than 512 MB or to more than a few seconds. It leads to other
pixels in at most one of 500 files, and never by a cut or where the description has a checksum: TIFF and older HDF5 have
none, and an offset that was changed to bytes of the same file that nothing else claims is an offset like any other.

``NOISEBOUND_FAULTS_SEED`` repeats a run, ``NOISEBOUND_FAULTS_FILES`` changes how many files are damaged.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import pytest

from noisebound.scans.pixel_digests import pixel_digest
from tests.faults.damage import WAYS, damaged
from tests.faults.door import MOST_MEMORY
from tests.faults.whole_files import KINDS, Kind, pixels

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("NOISEBOUND_FAULTS_SEED", random.SystemRandom().randrange(10**9)))
FILES = int(os.environ.get("NOISEBOUND_FAULTS_FILES", "2000"))
MOST_SECONDS = 15  # of the processor
PATIENCE = 120  # seconds by the clock, on a machine with much else to do
OTHER_PIXELS = "read to other pixels"
HIDDEN = "read to other pixels, by a description without checksum"
WORD = 8  # pixels that lie one after the other in every kind of file


class Reader:
    """The program ``door``, started again where a file has killed it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow" / "lib"), str(ROOT)]),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "tests.faults.door", str(self.folder)]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, source: str) -> dict[str, Any]:
        """The answer for one source; ``{"ended": ...}`` where the program did not survive it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(source) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        answer = dict(json.loads(line)) if line else {"ended": "killed" if ready else f"no answer for {PATIENCE} s"}
        if "ended" in answer or answer["memory"] > MOST_MEMORY:
            self.close()
            self.process = self._start()
        return answer

    def close(self) -> None:
        """End the program."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def readers(folder: Path, count: int) -> Iterator[Queue[Reader]]:
    """A queue of programs that read files."""
    queue: Queue[Reader] = Queue()
    every = [Reader(folder / f"reader-{number}") for number in range(count)]
    for reader in every:
        queue.put(reader)
    try:
        yield queue
    finally:
        for reader in every:
            reader.close()


class Whole:
    """The undamaged files of a kind, and where in them the pixels lie that are stored as they are."""

    def __init__(self, kind: Kind, folder: Path, array: np.ndarray) -> None:
        self.kind, self.folder, self.array = kind, folder, array
        folder.mkdir(parents=True)
        kind.write(folder, array)
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        self.places = {name: self._places(content) for name, content in self.files.items()}

    def _places(self, content: bytes) -> list[tuple[int, int, str]]:
        """Begin in the file, number of the first pixel and type, for every run of pixels; all pixels are different."""
        found = []
        for first in range(0, self.array.size, WORD):
            for order in ("<u2", ">u2"):
                begin = content.find(self.array.reshape(-1)[first : first + WORD].astype(order).tobytes())
                if begin >= 0:
                    found.append((begin, first, order))
        return found

    def structure(self, name: str) -> np.ndarray:
        """Places of the bytes of a file that are no plain pixels."""
        free = np.ones(len(self.files[name]), bool)
        for begin, _, _ in self.places[name]:
            free[begin : begin + 2 * WORD] = False
        return np.flatnonzero(free)

    def digests(self, name: str | None = None, content: bytes = b"") -> list[str]:
        """Digests of all pixels, with those that lie in the file ``name`` taken from its damaged ``content``."""
        values = self.array.reshape(-1).copy()
        for begin, first, order in self.places[name] if name else ():
            part = np.frombuffer(content[begin : begin + 2 * WORD], order)
            values[first : first + len(part)] = part
        channels = (image for frame in values.reshape(self.array.shape) for image in frame)
        return [pixel_digest(image) for image in channels if image.min() != image.max()]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> list[Whole]:
    folder, array = tmp_path_factory.mktemp("whole"), pixels()
    return [Whole(kind, folder / kind.name, array) for kind in KINDS]


@pytest.fixture(scope="module")
def two_readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue[Reader]]:
    with readers(tmp_path_factory.mktemp("readers"), 2) as queue:
        yield queue


def test_whole_files_of_every_kind_are_read_to_the_same_pixels(wholes: list[Whole], two_readers: Queue[Reader]) -> None:
    reader = two_readers.get()
    for whole in wholes:
        answer = reader.read(whole.kind.source(whole.folder))
        assert answer.get("pixels") == whole.digests(), (whole.kind.name, answer)
        places = sum(len(places) for places in whole.places.values())
        assert whole.kind.checked or places == whole.array.size // WORD, whole.kind.name
    two_readers.put(reader)


def test_damaged_files_are_refused_in_words_or_read_to_what_they_hold(
    wholes: list[Whole], two_readers: Queue[Reader], tmp_path: Path
) -> None:
    print(f"NOISEBOUND_FAULTS_SEED={SEED} NOISEBOUND_FAULTS_FILES={FILES}")
    headers = {whole.kind.name: whole.files[whole.kind.main][:2048] for whole in wholes}

    def fault(number: int) -> str | None:
        """What is wrong with how one damaged file is read; ``None`` where nothing is."""
        chance = np.random.default_rng([SEED, number])
        whole = wholes[number % len(wholes)]
        name, way = str(chance.choice(sorted(whole.files))), str(chance.choice(WAYS))
        content = damaged(whole.files[name], way, whole.structure(name), headers, chance)
        folder = tmp_path / str(number)
        shutil.copytree(whole.folder, folder)
        (folder / name).write_bytes(content)
        reader = two_readers.get()
        try:
            answer = reader.read(whole.kind.source(folder))
        finally:
            two_readers.put(reader)
        wrong = _wrong(answer, whole, name, content)
        if wrong == OTHER_PIXELS and way != "cut" and not whole.kind.described_with_checksum:
            wrong = HIDDEN
        if wrong is None:
            shutil.rmtree(folder)
        return wrong and f"number {number}, {whole.kind.name}, {way} in {folder / name}: {wrong}"

    with ThreadPoolExecutor(2) as pool:
        found = [text for text in pool.map(fault, range(FILES)) if text]
    hidden = [text for text in found if text.endswith(HIDDEN)]
    faults = [text for text in found if not text.endswith(HIDDEN)]
    report = "\n".join([f"NOISEBOUND_FAULTS_SEED={SEED}: {len(faults)} of {FILES}", *faults[:20], *hidden[:20]])
    print(report)
    assert not faults, report
    assert len(hidden) <= max(1, FILES // 500), report


def _wrong(answer: dict[str, Any], whole: Whole, name: str, content: bytes) -> str | None:
    if "ended" in answer:
        return str(answer["ended"])
    if "raised" in answer:
        return str(answer["raised"])
    if answer["memory"] > MOST_MEMORY:
        return f"{answer['memory'] / 1e6:.0f} MB"
    if answer["seconds"] > MOST_SECONDS:
        return f"{answer['seconds']:.1f} s"
    if "refused" in answer:
        refused = answer["refused"]
        if not answer["found"]:
            return f"refused only while it was ingested: {refused}"
        # An allocation was tried that should have been refused before.
        return refused if "do not fit into memory" in refused or "Remedy: " not in refused else None
    if answer["pixels"] == whole.digests():
        return None
    if not whole.kind.checked and answer["pixels"] == whole.digests(name, content):
        return None
    return OTHER_PIXELS
