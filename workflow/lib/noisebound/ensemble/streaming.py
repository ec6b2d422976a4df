"""Reading, computing and writing at the same time, for work that comes piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
Piece = TypeVar("Piece")
Loaded = TypeVar("Loaded")


def stream(
    pieces: Sequence[Piece],
    read: Callable[[Piece], Loaded],
    compute: Callable[[Piece, Loaded], Result],
    write: Callable[[Piece, Result], None],
) -> None:
    """Read, compute and write piece after piece: ``write(piece, compute(piece, read(piece)))``.

    While the calling thread computes one piece, a second thread reads the next and a third writes the last; no more
    than these three are in memory. Each part of the work takes the pieces in their order, so the output is the same as
    without threads. A single piece needs no thread.

    Parameters
    ----------
    pieces
        What to work on.
    read, compute, write
        The three parts of the work.

    Raises
    ------
    Exception
        What a loop without threads would have raised, after both threads have stopped.
    """
    if len(pieces) == 1:
        write(pieces[0], compute(pieces[0], read(pieces[0])))
    if len(pieces) < 2:
        return
    with ThreadPoolExecutor(1, "reader") as reader, ThreadPoolExecutor(1, "writer") as writer:
        written: Future[None] | None = None
        coming = reader.submit(read, pieces[0])
        for number, piece in enumerate(pieces):
            try:
                loaded = coming.result()
                if number + 1 < len(pieces):
                    coming = reader.submit(read, pieces[number + 1])
                result = compute(piece, loaded)
            finally:  # an error in writing the previous piece comes first
                if written is not None:
                    written.result()
            written = writer.submit(write, piece, result)
        if written is not None:
            written.result()
